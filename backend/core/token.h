/*
 * Secrets that programs are given: `kst_` and the like, 256 random bits, and a checksum, so that
 * one which was mistyped or cut off is told apart without asking the database. What is kept of
 * them is a hash and the last four characters.
 */
#ifndef CORE_TOKEN_H
#define CORE_TOKEN_H

#include <stdbool.h>

#include "base/shape.h"

/* How a secret is replaced: what happens to the one before it. */
struct rotation {
    int64_t overlap_hours;
    bool at_once;
};
extern const struct shape rotation_shape;

/* Hours that the one before it still works: 0 to 7 days, a day unless something was said. */
int64_t rotation_hours(const struct rotation *in);

#define TOKEN_MAX 64 /* bytes of the longest one */

/* A new one under this prefix ("kst"). Logs mask it from now on. */
const char *token_new(struct arena *mem, const char *prefix);

/* Whether the text is whole: prefix, length and checksum are right. It says nothing of its use. */
bool token_whole(const char *text, const char *prefix);

/* 32 bytes, by which it is found again. */
struct bytes token_hash(struct arena *mem, const char *text);

/* Its last four characters. */
const char *token_hint(struct arena *mem, const char *text);

#endif
