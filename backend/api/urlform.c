/* See urlform.h. */
#include "api/urlform.h"

#include <ctype.h>
#include <string.h>

static rc_t bad(struct ctx *c, const char *why)
{
    return ctx_fail(c, E_INVALID, "invalid_request", "%s", why);
}

static int hex_value(char digit)
{
    if (!isxdigit((unsigned char)digit))
        return -1;
    return isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10;
}

/* NULL for what can't be read as text. */
static const char *decode(struct arena *mem, struct bytes from)
{
    char *out = arena_take(mem, from.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < from.len; i++) {
        int high = 0, low = from.data[i] == '+' ? ' ' : (unsigned char)from.data[i];

        if (from.data[i] == '%') {
            high = i + 2 < from.len ? hex_value(from.data[i + 1]) : -1;
            low = i + 2 < from.len ? hex_value(from.data[i + 2]) : -1;
            i += 2;
        }
        if (high < 0 || low < 0 || high * 16 + low < ' ' || high * 16 + low == 127)
            return NULL;
        out[len++] = (char)(high * 16 + low);
    }
    return text_utf8((struct bytes){out, len}) ? out : NULL;
}

static rc_t take(struct ctx *c, const struct shape *shape, struct bytes pair, void *out)
{
    const char *equals = memchr(pair.data, '=', pair.len);
    size_t name_len = equals == NULL ? pair.len : (size_t)(equals - pair.data);
    const char *name = decode(c->mem, (struct bytes){pair.data, name_len});
    const struct field *f = name == NULL ? NULL : shape_field(shape, name);

    if (f == NULL)
        return name == NULL ? bad(c, "A name in the form could not be read.") : OK;

    const char **slot = (const char **)(void *)((char *)out + f->offset);
    const char *value = equals == NULL
                            ? ""
                            : decode(c->mem, (struct bytes){equals + 1, pair.len - name_len - 1});

    if (value == NULL)
        return bad(c, text_printf(c->mem, "%s could not be read.", f->name));
    if (f->max > 0 && strlen(value) > (size_t)f->max)
        return bad(
            c, text_printf(c->mem, "%s may have at most %lld bytes.", f->name, (long long)f->max));
    if (*slot != NULL)
        return bad(c, text_printf(c->mem, "%s is there twice.", f->name));
    *slot = value;
    return OK;
}

rc_t urlform_read(struct ctx *c, const struct shape *shape, struct bytes text, void *out)
{
    memset(out, 0, shape->size);
    while (text.len > 0) {
        const char *end = memchr(text.data, '&', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.data);

        if (len > 0)
            TRY(take(c, shape, (struct bytes){text.data, len}, out));
        text.data += end == NULL ? len : len + 1;
        text.len -= end == NULL ? len : len + 1;
    }
    for (size_t i = 0; i < shape->count; i++) {
        const char **slot = (const char **)(void *)((char *)out + shape->fields[i].offset);

        if (*slot != NULL && **slot == '\0')
            *slot = NULL;
    }
    return OK;
}

const char *urlform_add(struct arena *mem, const char *address, const char *name, const char *value)
{
    struct buf out = buf_new(mem, KIB(32));

    if (value == NULL)
        return address;
    buf_printf(&out, "%s%c%s=", address, strchr(address, '?') == NULL ? '?' : '&', name);
    for (const char *s = value; *s != '\0'; s++)
        if (isalnum((unsigned char)*s) || strchr("-._~", *s) != NULL)
            buf_char(&out, *s);
        else
            buf_printf(&out, "%%%02X", (unsigned char)*s);
    return buf_str(&out);
}
