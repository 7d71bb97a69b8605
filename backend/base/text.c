/* See text.h. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/eight.h"

struct bytes bytes_of(const char *text)
{
    return (struct bytes){text, text == NULL ? 0 : strlen(text)};
}

bool bytes_eq(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool bytes_is(struct bytes a, const char *text)
{
    return bytes_eq(a, bytes_of(text));
}

struct buf buf_new(struct arena *mem, size_t max)
{
    return (struct buf){.mem = mem, .max = max};
}

/*
 * Makes room for `more` bytes and the closing zero; doubles, so that a long text costs a few copies
 * only.
 */
static bool buf_room(struct buf *b, size_t more)
{
    if (b->over || more > b->max - b->len) {
        b->over = true;
        return false;
    }
    if (b->len + more + 1 <= b->room)
        return true;

    size_t room = b->room == 0 ? 256 : b->room * 2;

    while (room < b->len + more + 1)
        room *= 2;

    char *data = arena_take(b->mem, room);

    if (b->len > 0)
        memcpy(data, b->data, b->len);
    b->data = data;
    b->room = room;
    return true;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    if (len == 0 || !buf_room(b, len))
        return;
    memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_number(struct buf *b, int64_t number)
{
    char digits[24];
    size_t at = sizeof(digits);
    int64_t rest = number;

    /* Of a negative one each digit is negative as well: the least one has no positive twin. */
    do {
        digits[--at] = (char)('0' + (rest < 0 ? -(rest % 10) : rest % 10));
        rest /= 10;
    } while (rest != 0);
    if (number < 0)
        digits[--at] = '-';
    buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buf_text(b, text_vprintf(b->mem, format, args));
    va_end(args);
}

/*
 * How a byte is written inside of a JSON string: as itself (0), as "\\" and this letter, or by its
 * number ('u'). Most texts are long and plain, so the rest is looked up.
 */
static const char json_escapes[256] = {
    ['\0'] = 'u', [0x01] = 'u', [0x02] = 'u', [0x03] = 'u',  [0x04] = 'u', [0x05] = 'u',
    [0x06] = 'u', [0x07] = 'u', ['\b'] = 'b', ['\t'] = 't',  ['\n'] = 'n', [0x0b] = 'u',
    ['\f'] = 'f', ['\r'] = 'r', [0x0e] = 'u', [0x0f] = 'u',  [0x10] = 'u', [0x11] = 'u',
    [0x12] = 'u', [0x13] = 'u', [0x14] = 'u', [0x15] = 'u',  [0x16] = 'u', [0x17] = 'u',
    [0x18] = 'u', [0x19] = 'u', [0x1a] = 'u', [0x1b] = 'u',  [0x1c] = 'u', [0x1d] = 'u',
    [0x1e] = 'u', [0x1f] = 'u', ['"'] = '"',  ['\\'] = '\\',
};

void buf_json(struct buf *b, struct bytes text)
{
    size_t from = 0;

    for (size_t i = eight_skip_plain(text.data, text.len, 0); i < text.len;
         i = eight_skip_plain(text.data, text.len, i + 1)) {
        unsigned char byte = (unsigned char)text.data[i];
        char how = json_escapes[byte], number[8];

        if (how == 0)
            continue;
        buf_add(b, text.data + from, i - from);
        from = i + 1;
        buf_char(b, '\\');
        buf_char(b, how);
        if (how == 'u') {
            snprintf(number, sizeof(number), "%04x", byte);
            buf_text(b, number);
        }
    }
    buf_add(b, text.data + from, text.len - from);
}

size_t buf_json_len(struct bytes text)
{
    size_t len = text.len;

    for (size_t i = eight_skip_plain(text.data, text.len, 0); i < text.len;
         i = eight_skip_plain(text.data, text.len, i + 1)) {
        char how = json_escapes[(unsigned char)text.data[i]];

        if (how != 0)
            len += how == 'u' ? 5 : 1;
    }
    return len;
}

struct bytes buf_bytes(const struct buf *b)
{
    return (struct bytes){b->data, b->len};
}

const char *buf_str(struct buf *b)
{
    return b->len == 0 ? "" : b->data;
}

char *text_copy(struct arena *mem, const char *text, size_t len)
{
    char *copy = arena_take(mem, len + 1);

    if (len > 0)
        memcpy(copy, text, len);
    return copy;
}

char *text_dup(struct arena *mem, const char *text)
{
    return text == NULL ? NULL : text_copy(mem, text, strlen(text));
}

char *text_vprintf(struct arena *mem, const char *format, va_list args)
{
    va_list again;
    char small[128]; /* for most, so that they are written once */

    va_copy(again, args);
    int len = vsnprintf(small, sizeof(small), format, again);
    va_end(again);
    if (len < 0)
        return arena_take(mem, 1);

    char *text = arena_take(mem, (size_t)len + 1);

    if ((size_t)len < sizeof(small))
        return memcpy(text, small, (size_t)len + 1);

    vsnprintf(text, (size_t)len + 1, format, args);
    return text;
}

char *text_printf(struct arena *mem, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = text_vprintf(mem, format, args);
    va_end(args);
    return text;
}

bool text_is(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool text_blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n\f\v")] == '\0';
}

bool text_starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool text_same_secret(struct bytes a, struct bytes b)
{
    unsigned char differ = 0;

    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        differ |= (unsigned char)(a.data[i] ^ b.data[i]);
    return differ == 0;
}

/* Length of the well-formed character at s (1 to 4), or 0. The table of RFC 3629 section 4. */
static size_t utf8_char(const unsigned char *s, size_t left)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high;
        size_t len;
    } rows[] = {
        {0x01, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (s[0] < rows[i].first_low || s[0] > rows[i].first_high)
            continue;
        if (rows[i].len > left)
            return 0;
        if (rows[i].len > 1 && (s[1] < rows[i].second_low || s[1] > rows[i].second_high))
            return 0;
        for (size_t k = 2; k < rows[i].len; k++)
            if ((s[k] & 0xc0) != 0x80)
                return 0;
        return rows[i].len;
    }
    return 0;
}

bool text_utf8(struct bytes b)
{
    const unsigned char *s = (const unsigned char *)b.data;

    for (size_t at = 0; at < b.len;) {
        const uint64_t eight = b.len - at < 8 ? 0 : eight_at(b.data + at);
        size_t len = eight_is_ascii(eight) && !eight_has_zero(eight)
                         ? 8
                         : utf8_char(s + at, b.len - at);

        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

size_t text_cut(const char *text, size_t len, size_t max)
{
    if (len <= max)
        return len;
    while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
        max--;
    return max;
}

char *text_clean(struct arena *mem, const char *text, size_t max)
{
    size_t len = text_cut(text, strlen(text), max);
    char *clean = text_copy(mem, text, len);

    if (!text_utf8((struct bytes){clean, len}))
        for (size_t i = 0; i < len; i++)
            if ((unsigned char)clean[i] >= 0x80)
                clean[i] = '?';
    return clean;
}

bool text_among(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = words; *at != '\0';) {
        size_t here = strcspn(at, " ");

        if (here == len && strncmp(at, word, len) == 0)
            return len > 0;
        at += here + strspn(at + here, " ");
    }
    return false;
}

char *text_listed(struct arena *mem, const char *words)
{
    char *out = arena_take(mem, 2 * strlen(words) + 1), *to = out;

    for (; *words != '\0'; words++) {
        if (*words == ' ')
            *to++ = ',';
        *to++ = *words;
    }
    return out;
}

char *text_trim(struct arena *mem, const char *text)
{
    size_t start = strspn(text, " \t\r\n\f\v");
    size_t end = strlen(text);

    while (end > start && isspace((unsigned char)text[end - 1]))
        end--;
    return text_copy(mem, text + start, end - start);
}

rc_t text_int(const char *text, int64_t *out)
{
    char *end;

    if (text == NULL || (!isdigit((unsigned char)text[0]) && text[0] != '-'))
        return E_INVALID;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || end == text)
        return E_INVALID;
    *out = n;
    return OK;
}
