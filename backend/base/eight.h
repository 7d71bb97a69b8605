/*
 * Eight bytes of a text looked at together, for readers and writers that have nothing to do with
 * most of them.
 */
#ifndef BASE_EIGHT_H
#define BASE_EIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EIGHT_OF(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t eight_at(const char *text)
{
    uint64_t eight;

    memcpy(&eight, text, sizeof(eight));
    return eight;
}

static inline bool eight_has_zero(uint64_t eight)
{
    return ((eight - EIGHT_OF(0x01)) & ~eight & EIGHT_OF(0x80)) != 0;
}

static inline bool eight_is_ascii(uint64_t eight)
{
    return (eight & EIGHT_OF(0x80)) == 0;
}

/* No byte that a JSON string can't have as it is: control characters, quotes, backslashes. */
static inline bool eight_is_plain(uint64_t eight)
{
    const bool control = ((eight - EIGHT_OF(0x20)) & ~eight & EIGHT_OF(0x80)) != 0;

    return !control && !eight_has_zero(eight ^ EIGHT_OF('"')) &&
           !eight_has_zero(eight ^ EIGHT_OF('\\'));
}

/* From this place to the first eight bytes that are not all plain, or to the last few. */
static inline size_t eight_skip_plain(const char *text, size_t len, size_t at)
{
    while (at < len && len - at >= 8 && eight_is_plain(eight_at(text + at)))
        at += 8;
    return at;
}

#endif
