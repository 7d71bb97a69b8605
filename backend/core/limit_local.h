/*
 * A process's own memory of limits: buckets for as long as Redis is away, and which buckets were
 * found empty, so that a flood asks Redis nothing. Bounded: whoever was seen longest ago makes
 * room, and what is forgotten is a full bucket again.
 */
#ifndef CORE_LIMIT_LOCAL_H
#define CORE_LIMIT_LOCAL_H

#include "core/limit.h"

struct limit_mark {
    uint64_t who; /* 0: nobody */
    int64_t full_us, seen_us;
    int64_t lot, lot_us; /* taken ahead and not given out yet; until when it may be */
    int64_t closed_us;   /* found empty: nothing is there before this moment */
};

#define LIMIT_SETS 1024
#define LIMIT_WAYS 4 /* so many may share a place in the table before one makes room */

/* The mark of somebody, made if need be. Valid until the next call for this limit. */
struct limit_mark *limit_mark(enum limit which, const char *whom, int64_t now_us);

/* Forgets all. */
void limit_marks_clear(void);

#endif
