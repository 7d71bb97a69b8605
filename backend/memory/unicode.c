/* See unicode.h. */
#include "memory/unicode.h"

struct range {
    uint32_t first, last;
};

struct fold {
    uint32_t first, last, step;
    int32_t distance;
};

struct longer {
    uint32_t from, to[UNICODE_FOLDED_MAX];
};

#define FOLD(first, last, step, distance)
#define LONGER(from, a, b, c)
#define MARK(first, last)
#define SIGN(first, last)
#define MUTE(first, last)
#define BLANK(first, last)

#undef FOLD
#define FOLD(first, last, step, distance) {first, last, step, distance},
static const struct fold folds[] = {
#include "memory/unicode.def"
};
#undef FOLD
#define FOLD(first, last, step, distance)

#undef LONGER
#define LONGER(from, a, b, c) {from, {a, b, c}},
static const struct longer longers[] = {
#include "memory/unicode.def"
};
#undef LONGER
#define LONGER(from, a, b, c)

#undef MARK
#define MARK(first, last) {first, last},
static const struct range marks[] = {
#include "memory/unicode.def"
};
#undef MARK
#define MARK(first, last)

#undef SIGN
#define SIGN(first, last) {first, last},
static const struct range signs[] = {
#include "memory/unicode.def"
};
#undef SIGN
#define SIGN(first, last)

#undef MUTE
#define MUTE(first, last) {first, last},
static const struct range mutes[] = {
#include "memory/unicode.def"
};
#undef MUTE
#define MUTE(first, last)

#undef BLANK
#define BLANK(first, last) {first, last},
static const struct range blanks[] = {
#include "memory/unicode.def"
};

/* In no order, and few. */
static const struct range han[] = {{0x4e00, 0x9fff},   {0x3400, 0x4dbf},   {0x20000, 0x2a6df},
                                   {0x2a700, 0x2b73f}, {0x2b740, 0x2b81f}, {0x2b920, 0x2ceaf},
                                   {0xf900, 0xfaff},   {0x2f800, 0x2fa1f}};

static bool within(const struct range *rows, size_t count, uint32_t c)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (c > rows[middle].last)
            low = middle + 1;
        else if (c < rows[middle].first)
            high = middle;
        else
            return true;
    }
    return false;
}

/* How many bytes a character has that begins so; 0: none does. */
static size_t length_of(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

uint32_t unicode_next(struct bytes text, size_t *len)
{
    static const unsigned char bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)text.data;
    size_t n = length_of(s[0]);
    uint32_t c = s[0] & bits[n];

    *len = 1;
    if (n == 0 || n > text.len)
        return 0xfffd;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0xfffd;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0xfffd;
    *len = n;
    return c;
}

size_t unicode_put(uint32_t c, char *out)
{
    static const unsigned char begin[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = 1;

    if (c >= 0x80)
        n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(begin[n] | c);
    return n;
}

bool unicode_is_mark(uint32_t c)
{
    return c >= 0x300 && within(marks, COUNT_OF(marks), c);
}

bool unicode_is_sign(uint32_t c)
{
    if (c < 0x80)
        return (c > ' ' && c < '0') || (c > '9' && c < 'A') || (c > 'Z' && c < 'a') ||
               (c > 'z' && c < 0x7f);
    return within(signs, COUNT_OF(signs), c);
}

bool unicode_is_mute(uint32_t c)
{
    return within(mutes, COUNT_OF(mutes), c);
}

bool unicode_is_blank(uint32_t c)
{
    return within(blanks, COUNT_OF(blanks), c);
}

bool unicode_is_han(uint32_t c)
{
    for (size_t i = 0; i < COUNT_OF(han); i++)
        if (c >= han[i].first && c <= han[i].last)
            return true;
    return false;
}

/* Korean syllables are two or three letters each, by a rule. */
static size_t fold_hangul(uint32_t c, uint32_t out[UNICODE_FOLDED_MAX])
{
    uint32_t index = c - 0xac00, tail = index % 28;

    out[0] = 0x1100 + index / 588;
    out[1] = 0x1161 + index % 588 / 28;
    out[2] = 0x11a7 + tail;
    return tail > 0 ? 3 : 2;
}

static size_t fold_longer(const struct longer *row, uint32_t out[UNICODE_FOLDED_MAX])
{
    size_t n = 0;

    while (n < UNICODE_FOLDED_MAX && row->to[n] != 0) {
        out[n] = row->to[n];
        n++;
    }
    return n;
}

size_t unicode_fold(uint32_t c, uint32_t out[UNICODE_FOLDED_MAX])
{
    size_t low = 0, high = COUNT_OF(folds);

    out[0] = c;
    if (unicode_is_mark(c))
        return 0;
    if (c >= 0xac00 && c <= 0xd7a3)
        return fold_hangul(c, out);
    for (size_t i = 0; c >= longers[0].from && i < COUNT_OF(longers); i++)
        if (longers[i].from == c)
            return fold_longer(&longers[i], out);
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct fold *row = &folds[middle];

        if (c > row->last)
            low = middle + 1;
        else if (c < row->first)
            high = middle;
        else if ((c - row->first) % row->step != 0)
            return 1;
        else {
            out[0] = (uint32_t)((int32_t)c + row->distance);
            return 1;
        }
    }
    return 1;
}
