/* See limit_local.h. */
#include "core/limit_local.h"

#include <string.h>

#include "base/hash.h"
#include "io/crypto.h"

static struct limit_mark marks[LIMIT_COUNT][LIMIT_SETS][LIMIT_WAYS];

static uint64_t hash_of(const char *text)
{
    static uint64_t start;

    while (start == 0)
        start = (uint64_t)crypto_random_below(INT64_MAX);

    const uint64_t hash = hash_text_from(start, text);

    return hash == 0 ? 1 : hash;
}

struct limit_mark *limit_mark(enum limit which, const char *whom, int64_t now_us)
{
    uint64_t who = hash_of(whom);
    struct limit_mark *set = marks[which][(who >> 32) % LIMIT_SETS], *oldest = set;

    for (size_t i = 0; i < LIMIT_WAYS; i++) {
        if (set[i].who == who) {
            set[i].seen_us = now_us;
            return &set[i];
        }
        if (set[i].seen_us < oldest->seen_us)
            oldest = &set[i];
    }
    *oldest = (struct limit_mark){.who = who, .seen_us = now_us};
    return oldest;
}

void limit_marks_clear(void)
{
    memset(marks, 0, sizeof(marks));
}
