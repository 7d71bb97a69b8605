/* What time it is in a time zone, as the database's own table of zones says. */
#ifndef CORE_ZONE_H
#define CORE_ZONE_H

#include "io/db.h"

struct zone_time {
    const char *zone;                  /* as it is usually written: "Europe/Berlin" */
    const char *text;                  /* "Friday, 20 November 2026, 13:05" */
    const char *abbreviation, *offset; /* "CET", "+01:00" */
};

/*
 * E_NOT_FOUND zone_unknown with a sentence when there is no such zone; its letters' case is free.
 */
rc_t zone_now(struct ctx *c, const char *zone, struct zone_time *out) MUST;

#endif
