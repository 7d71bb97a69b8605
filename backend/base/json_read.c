/* See json_read.h. Where a function answers NULL or false, nothing of the text is taken. */
#include "base/json_read.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/eight.h"

#define DIGITS_MAX 18 /* of a whole number: more may not fit into 64 bits */
#define NUMBER_MAX 40 /* characters of one with a fraction or an exponent */

struct reader {
    const char *at, *end;
    int levels; /* that may still be opened */
    char *room; /* for a text with escapes, as long as all that is left; NULL until there is one */
};

static json_t *value(struct reader *r);

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

/* Whether this sign comes next, which is then behind us. */
static bool next(struct reader *r, char sign)
{
    skip_blanks(r);
    if (r->at == r->end || *r->at != sign)
        return false;
    r->at++;
    return true;
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

/* Goes on to the next quote, escape or control character. True: nothing but ASCII lies before. */
static bool skip_plain(struct reader *r)
{
    uint64_t eight, seen = 0;

    while (r->end - r->at >= 8) {
        eight = eight_at(r->at);
        if (!eight_is_plain(eight))
            break;
        seen |= eight;
        r->at += 8;
    }
    while (r->at < r->end && is_plain(*r->at))
        seen |= (unsigned char)*r->at++;
    return eight_is_ascii(seen);
}

/* Four hexadecimal digits; -1 for anything else. */
static int32_t four_digits(struct reader *r)
{
    int32_t number = 0;

    if (r->end - r->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        const char c = *r->at++;

        if (!isxdigit((unsigned char)c))
            return -1;
        number = number * 16 + (isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return number;
}

/* What stands behind "\u" as UTF-8. NULL: no character, or the one that ends texts in C. */
static char *put_character(struct reader *r, char *to)
{
    int32_t c = four_digits(r), low;

    if (c <= 0 || (c >= 0xdc00 && c <= 0xdfff))
        return NULL;
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
    } else {
        if (c >= 0xd800 && c <= 0xdbff) {
            if (r->end - r->at < 6 || r->at[0] != '\\' || r->at[1] != 'u')
                return NULL;
            r->at += 2;
            low = four_digits(r);
            if (low < 0xdc00 || low > 0xdfff)
                return NULL;
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            *to++ = (char)(0xf0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        } else {
            *to++ = (char)(0xe0 | c >> 12);
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (c & 0x3f));
    return to;
}

static char *put_escape(struct reader *r, char *to)
{
    static const char meant[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    unsigned char how;

    if (r->at == r->end)
        return NULL;
    how = (unsigned char)*r->at++;
    if (how == 'u')
        return put_character(r, to);
    *to = meant[how];
    return *to == '\0' ? NULL : to + 1;
}

/* The rest of a text that began at `from`, where we stand at its first escape. */
static bool text_escaped(struct reader *r, const char *from, struct bytes *out)
{
    char *to;

    if (r->room == NULL)
        r->room = malloc((size_t)(r->end - from));
    if (r->room == NULL)
        abort();
    to = r->room;
    for (;;) {
        memcpy(to, from, (size_t)(r->at - from));
        to += r->at - from;
        if (r->at == r->end || (*r->at != '"' && *r->at != '\\'))
            return false;
        if (*r->at++ == '"')
            break;
        to = put_escape(r, to);
        if (to == NULL)
            return false;
        from = r->at;
        skip_plain(r);
    }
    *out = (struct bytes){r->room, (size_t)(to - r->room)};
    return text_utf8(*out);
}

/* Behind its first quote. The bytes lie in the input, or in r->room until the next escaped text. */
static bool text(struct reader *r, struct bytes *out)
{
    const char *from = r->at;
    const bool ascii = skip_plain(r);

    if (r->at == r->end)
        return false;
    if (*r->at != '"')
        return text_escaped(r, from, out);
    *out = (struct bytes){from, (size_t)(r->at++ - from)};
    return ascii || text_utf8(*out);
}

static json_t *text_value(struct reader *r)
{
    struct bytes found;

    r->at++;
    return text(r, &found) ? json_stringn_nocheck(found.data, found.len) : NULL;
}

/* One digit at least. */
static bool skip_digits(struct reader *r)
{
    const char *from = r->at;

    while (r->at < r->end && isdigit((unsigned char)*r->at))
        r->at++;
    return r->at > from;
}

static bool skip_fraction(struct reader *r)
{
    if (r->at < r->end && *r->at == '.') {
        r->at++;
        if (!skip_digits(r))
            return false;
    }
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        r->at++;
        if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
            r->at++;
        return skip_digits(r);
    }
    return true;
}

static json_t *number(struct reader *r)
{
    const char *from = r->at, *digits, *whole_end;
    char copy[NUMBER_MAX + 1];
    size_t len;

    if (*r->at == '-')
        r->at++;
    digits = r->at;
    if (!skip_digits(r) || (*digits == '0' && r->at - digits > 1))
        return NULL;
    whole_end = r->at;
    if (!skip_fraction(r))
        return NULL;
    len = (size_t)(r->at - from);
    if (len > NUMBER_MAX || (r->at == whole_end && r->at - digits > DIGITS_MAX))
        return NULL;
    memcpy(copy, from, len);
    copy[len] = '\0';
    if (r->at == whole_end)
        return json_integer(strtoll(copy, NULL, 10));

    const double real = strtod(copy, NULL);

    return isfinite(real) ? json_real(real) : NULL;
}

static json_t *word(struct reader *r, struct bytes name, json_t *meant)
{
    if ((size_t)(r->end - r->at) < name.len || memcmp(r->at, name.data, name.len) != 0)
        return NULL;
    r->at += name.len;
    return meant;
}

static bool members(struct reader *r, json_t *object)
{
    do {
        struct bytes key;
        json_t *v;
        size_t before = json_object_size(object);

        if (!next(r, '"') || !text(r, &key) || key.data == r->room || !next(r, ':'))
            return false;
        v = value(r);
        if (v == NULL || json_object_setn_new_nocheck(object, key.data, key.len, v) != 0 ||
            json_object_size(object) == before)
            return false;
    } while (next(r, ','));
    return next(r, '}');
}

static bool items(struct reader *r, json_t *list)
{
    do {
        json_t *v = value(r);

        if (v == NULL || json_array_append_new(list, v) != 0)
            return false;
    } while (next(r, ','));
    return next(r, ']');
}

static json_t *nested(struct reader *r, bool is_object)
{
    json_t *made = is_object ? json_object() : json_array();

    if (made == NULL)
        abort();
    r->at++;
    if (r->levels-- > 0 &&
        (next(r, is_object ? '}' : ']') || (is_object ? members(r, made) : items(r, made)))) {
        r->levels++;
        return made;
    }
    json_decref(made);
    return NULL;
}

static json_t *value(struct reader *r)
{
    skip_blanks(r);
    if (r->at == r->end)
        return NULL;
    switch (*r->at) {
    case '{':
        return nested(r, true);
    case '[':
        return nested(r, false);
    case '"':
        return text_value(r);
    case 't':
        return word(r, BYTES("true"), json_true());
    case 'f':
        return word(r, BYTES("false"), json_false());
    case 'n':
        return word(r, BYTES("null"), json_null());
    default:
        return number(r);
    }
}

json_t *json_read(struct bytes all, int depth_max)
{
    struct reader r = {.at = all.data, .end = all.data + all.len, .levels = depth_max};
    json_t *root;

    skip_blanks(&r);
    if (r.at == r.end || (*r.at != '{' && *r.at != '['))
        return NULL;
    root = value(&r);
    skip_blanks(&r);
    if (r.at != r.end) {
        json_decref(root);
        root = NULL;
    }
    free(r.room);
    return root;
}
