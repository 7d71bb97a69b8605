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
 * How long the text is that stands here, up to its quote; no JSON string has control characters, or
 * bytes that are not UTF-8.
 */
static bool text_len(const char *at, const char *end, size_t *len, bool *escaped)
{
    const char *p = at;

    *escaped = false;
    for (; p < end && *p != '"'; p++) {
        if ((unsigned char)*p < 0x20)
            return false;
        if (*p == '\\') {
            *escaped = true;
            p++;
        }
    }
    if (p >= end)
        return false;
    *len = (size_t)(p - at);
    return text_utf8((struct bytes){at, *len});
}

/* The number that four hexadecimal digits say; -1 for anything else. */
static int32_t unit_of(const char *at, const char *end)
{
    int32_t unit = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = at[i] == '\0' ? NULL : strchr(digits, at[i]);

        if (digit == NULL)
            return -1;
        unit = unit * 16 + (int32_t)((digit - digits) % 16);
    }
    return unit;
}

static size_t utf8(int32_t point, char *to)
{
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

    for (size_t i = len - 1; i > 0; i--, point >>= 6)
        to[i] = (char)(0x80 | (point & 0x3f));
    to[0] = (char)(first[len] | point);
    return len;
}

/* A character by its number, or by two where it has a large one. False: a half of such a pair. */
static bool unescape_unit(const char **at, const char *end, char **to)
{
    int32_t unit = unit_of(*at, end), low;

    if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return false;
    *at += 4;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        low = end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u' ? unit_of(*at + 2, end) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return false;
        *at += 6;
        unit = 0x10000 + (unit - 0xd800) * 0x400 + (low - 0xdc00);
    }
    *to += utf8(unit, *to);
    return true;
}

/* What the escaped text says, which is never longer. False for what JSON does not allow. */
static bool unescape(struct arena *mem, struct bytes *text)
{
    static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    const char *at = text->data, *end = at + text->len;
    char *const out = arena_take(mem, text->len), *to = out;

    while (at < end) {
        const char *name;

        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        at += 2;
        if (at[-1] == 'u') {
            if (!unescape_unit(&at, end, &to))
                return false;
            continue;
        }
        name = memchr(names, at[-1], sizeof(names) - 1);
        if (name == NULL)
            return false;
        *to++ = means[name - names];
    }
    *text = (struct bytes){out, (size_t)(to - out)};
    return true;
}

static bool value_len(const struct like_hole *hole, const char *at, const char *end, size_t *len,
                      bool *escaped)
{
    *escaped = false;
    if (!hole->is_number)
        return text_len(at, end, len, escaped);
    *len = number_len(at, end);
    return *len > 0;
}

bool like_read(const struct like *l, struct arena *mem, struct bytes data, struct bytes *text)
{
    const char *at = data.data, *end;
    bool escaped, unescaped = true;
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
        if (!value_len(&l->holes[i], at, end, &len, &escaped) || (escaped && i != l->text))
            return false;
        if (i == l->text) {
            *text = (struct bytes){at, len};
            unescaped = !escaped;
        }
        at += len;
    }
    return at == end && (unescaped || unescape(mem, text));
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
    bool escaped;
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
        return text_len(out->at, end, &out->len, &escaped);
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
