/*
 * What is told of caps: half used, nearly used, used up. Made by the database, once a period for
 * each limit (cap_alert_add in the migrations), with the job that tells of it.
 */
#ifndef CORE_CAP_ALERT_H
#define CORE_CAP_ALERT_H

#include "base/shape.h"
#include "io/db.h"

struct cap_alert_row {
    const char *id, *cap_id, *scope, *period;
    const char *name; /* of the team, employee or key */
    int64_t percent, spent_micros, limit_micros, created;
    bool unread; /* by the person of the context */
};
extern const struct shape cap_alert_row_shape;
/* Newest first. */
rc_t cap_alert_rows(struct ctx *c, struct page *page, struct cap_alert_row **items, size_t *count)
    MUST;

struct cap_alert_saw {
    const char *id;
};
extern const struct shape cap_alert_saw_shape;
/* The person of the context has seen this one and all before it. */
rc_t cap_alert_seen(struct ctx *c, const char *id) MUST;

/* For the worker. */
struct cap_alert {
    const char *cap_id, *scope, *period;
    const char *name; /* of the team, employee or key; NULL: of none, or it is gone */
    int64_t percent, spent_micros, limit_micros;
    bool passed; /* a higher mark of the same limit was reached by the same call, or since */
};
/* E_NOT_FOUND: its cap was removed. */
rc_t cap_alert_get(struct ctx *c, const char *id, struct cap_alert *out) MUST;
/*
 * "8.00 of the 10.00 dollars that Mara may cost today", and at the limit that calls are refused.
 */
const char *cap_alert_text(struct ctx *c, const struct cap_alert *alert);
/* The same in a few words, for the subject of a mail. */
const char *cap_alert_title(const struct cap_alert *alert);

#endif
