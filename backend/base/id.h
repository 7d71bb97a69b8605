/* Identifiers: UUIDs as text of 36 characters. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"

#define ID_LEN 36

/* A new UUID version 7 (RFC 9562): sortable by time, 74 random bits. */
char *id_new(struct arena *mem);

/*
 * The UUID (version 8 layout, RFC 9562) that SHA-256 gives for the parts, so that one thing met
 * twice gets one id.
 */
char *id_of(struct arena *mem, const struct bytes *parts, size_t count);
#define ID_OF(mem, ...)                               \
    id_of((mem), (const struct bytes[]){__VA_ARGS__}, \
          sizeof((const struct bytes[]){__VA_ARGS__}) / sizeof(struct bytes))

/* True for 8-4-4-4-12 hexadecimal digits, in lower case as we write them. */
bool id_valid(const char *text);

#endif
