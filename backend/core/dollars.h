/* Amounts of money as people type and read them: dollars with up to six digits behind the point. */
#ifndef CORE_DOLLARS_H
#define CORE_DOLLARS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/*
 * "0.15" as 150000, in millionths of a dollar. False for what is no such amount, is below zero, has
 * more than six digits behind the point, or is more than `most`.
 */
bool dollars_read(const char *text, int64_t most, int64_t *micros);

/* 150000 as "0.15": without zeros that say nothing. Not for amounts below zero. */
const char *dollars_text(struct arena *mem, int64_t micros);

#endif
