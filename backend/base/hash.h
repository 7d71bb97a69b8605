/* FNV-1a of a text, for tables. It is no secret: whoever can choose texts can make them collide. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#define HASH_START 0xcbf29ce484222325

/* From a start that nobody outside knows, nobody can choose whose place a text takes. */
static inline uint64_t hash_text_from(uint64_t start, const char *text)
{
    uint64_t hash = start;

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
    return hash;
}

static inline uint64_t hash_text(const char *text)
{
    return hash_text_from(HASH_START, text);
}

#endif
