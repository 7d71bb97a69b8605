/* See like.h. */
#include "llm/like.h"

#include <string.h>

#define FIXED_MAX KIB(2)
#define DIGITS_MAX 18 /* a longer number is no JSON that we read */

struct like like_new(struct arena *mem)
{
    return (struct like){.fixed = buf_new(mem, FIXED_MAX)};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* How long the number is that stands here; 0 where none does. */
static size_t number_len(const char *at, const char *end)
{
    size_t len = 0;

    while (at + len < end && is_digit(at[len]) && len <= DIGITS_MAX)
        len++;
    return len > DIGITS_MAX || (len > 1 && at[0] == '0') ? 0 : len;
}

/*
 * How long the text is that stands here, up to its quote. A backslash means something else than it
 * is, and no JSON string has control characters, or bytes that are not UTF-8.
 */
static bool text_len(const char *at, const char *end, size_t *len)
{
    const char *quote = memchr(at, '"', (size_t)(end - at));

    if (quote == NULL)
        return false;
    for (const char *p = at; p < quote; p++)
        if ((unsigned char)*p < 0x20 || *p == '\\')
            return false;
    *len = (size_t)(quote - at);
    return text_utf8((struct bytes){at, *len});
}

static bool value_len(const struct like_hole *hole, const char *at, const char *end, size_t *len)
{
    if (!hole->is_number)
        return text_len(at, end, len);
    *len = number_len(at, end);
    return *len > 0;
}

bool like_read(const struct like *l, struct bytes data, struct bytes *text)
{
    const char *at = data.data, *end;
    size_t from = 0;

    if (l->count == 0 || data.len == 0)
        return false;
    end = at + data.len;
    for (size_t i = 0; i <= l->count; i++) {
        size_t fixed = (i < l->count ? l->holes[i].at : l->fixed.len) - from, len = 0;

        if ((size_t)(end - at) < fixed || memcmp(at, l->fixed.data + from, fixed) != 0)
            return false;
        at += fixed;
        from += fixed;
        if (i == l->count)
            break;
        if (!value_len(&l->holes[i], at, end, &len))
            return false;
        if (i == l->text)
            *text = (struct bytes){at, len};
        at += len;
    }
    return at == end;
}

/* A value that may differ, as it stands in the piece that is learned. */
struct value {
    const char *at;
    size_t len;
    bool is_number, is_text;
};

/*
 * The value of the only key of this name. Without a backslash every quote begins or ends a string,
 * so what stands here between quotes and before a colon is a key.
 */
static bool value_of(struct bytes data, const char *key, struct value *out)
{
    const char *end = data.data + data.len, *at;
    char quoted[40];
    size_t len = (size_t)snprintf(quoted, sizeof(quoted), "\"%s\"", key);

    *out = (struct value){.is_text = false};
    at = memmem(data.data, data.len, quoted, len);
    if (at == NULL || memmem(at + len, (size_t)(end - at) - len, quoted, len) != NULL)
        return false;
    at += len;
    while (at < end && (*at == ' ' || *at == ':'))
        at++;
    if (at < end && at[-1] != '"' && *at == '"') {
        out->at = at + 1;
        return text_len(out->at, end, &out->len);
    }
    out->at = at;
    out->len = number_len(at, end);
    out->is_number = out->len > 0;
    return out->is_number;
}

/* Into the order in which they stand; false for more than there is room for. */
static bool insert(struct value *values, size_t *count, const struct value *v)
{
    size_t at = *count;

    if (at == LIKE_HOLES_MAX)
        return false;
    for (; at > 0 && values[at - 1].at > v->at; at--)
        values[at] = values[at - 1];
    values[at] = *v;
    ++*count;
    return true;
}

static void keep(struct like *l, struct bytes data, const struct value *values, size_t count)
{
    const char *from = data.data;

    l->fixed.len = 0;
    l->fixed.over = false;
    for (size_t i = 0; i < count; i++) {
        buf_add(&l->fixed, from, (size_t)(values[i].at - from));
        l->holes[i] = (struct like_hole){.at = l->fixed.len, .is_number = values[i].is_number};
        if (values[i].is_text)
            l->text = i;
        from = values[i].at + values[i].len;
    }
    buf_add(&l->fixed, from, (size_t)(data.data + data.len - from));
    l->count = l->fixed.over ? 0 : count;
}

void like_learn(struct like *l, struct bytes data, const char *text_key, const char *const *varying)
{
    struct value values[LIKE_HOLES_MAX], v;
    size_t count = 0;

    if (memchr(data.data, '\\', data.len) != NULL || !value_of(data, text_key, &v) || v.is_number)
        return;
    v.is_text = true;
    (void)insert(values, &count, &v);
    for (; *varying != NULL; varying++)
        if (value_of(data, *varying, &v) && !insert(values, &count, &v))
            return;
    keep(l, data, values, count);
}

bool like_only(const json_t *object, const char *but)
{
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)object, key,
                        v) if (!json_is_null(v) && !text_among(but, key)) return false;
    return true;
}
