/* Where the daily anchor of the audit is posted besides the mails: a place in one connection. */
#ifndef CORE_AUDIT_PLACE_H
#define CORE_AUDIT_PLACE_H

#include "base/shape.h"
#include "io/db.h"

struct audit_place {
    const char *connection_id, *channel, *name; /* NULL: no place is chosen */
    const char *place;
    const char *state; /* none, waiting, sent, failed */
    const char *fault; /* of a failed post, in the channel's word */
    int64_t posted;    /* when the newest post was made; 0: none yet */
};
extern const struct shape audit_place_shape;

struct audit_place_choice {
    const char *connection_id, *place;
};
extern const struct shape audit_place_choice_shape;

/* Connections that can be chosen. */
struct audit_channel {
    const char *connection_id, *channel, *name;
};
extern const struct shape audit_channel_shape;
rc_t audit_channel_list(struct ctx *c, struct page *page, struct audit_channel **items,
                        size_t *count) MUST;
rc_t audit_channel_get(struct ctx *c, const char *connection_id, struct audit_channel *out) MUST;

/* state is "none" when no place is chosen. */
rc_t audit_place_get(struct ctx *c, struct audit_place *out) MUST;
/* E_NOT_FOUND when there is no such connection. */
rc_t audit_place_set(struct ctx *c, const struct audit_place_choice *in) MUST;
rc_t audit_place_drop(struct ctx *c) MUST;

/*
 * For the worker: a delivery job with this text for the place that is chosen; *job_id is NULL when
 * none is, or its connection was removed. The caller commits and rings.
 */
rc_t audit_place_post(struct ctx *c, const char *text, const char **job_id) MUST;

#endif
