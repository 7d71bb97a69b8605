/* See zone.h. */
#include "core/zone.h"

static const struct stmt q_now = {"zone_now",
                                  "SELECT name, to_char(clock_timestamp() AT TIME ZONE name, "
                                  "'FMDay, FMDD FMMonth YYYY, HH24:MI'),"
                                  " abbrev, CASE WHEN utc_offset < '0' THEN '-' ELSE '+' END"
                                  "  || to_char(greatest(utc_offset, -utc_offset), 'HH24:MI')"
                                  " FROM pg_timezone_names WHERE lower(name) = lower($1) LIMIT 1"};

rc_t zone_now(struct ctx *c, const char *zone, struct zone_time *out)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_now, ARGS(A(zone)), &rows));
    if (rows.count == 0)
        return ctx_fail(c, E_NOT_FOUND, "zone_unknown",
                        "There is no time zone %s. Name one such as Europe/Berlin.", zone);
    *out = (struct zone_time){.zone = db_text(&rows, 0, 0),
                              .text = db_text(&rows, 0, 1),
                              .abbreviation = db_text(&rows, 0, 2),
                              .offset = db_text(&rows, 0, 3)};
    return OK;
}
