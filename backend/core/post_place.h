/*
 * Where something is posted besides the mails: a place in one connection, for the daily anchor of
 * the audit and for what is told of caps.
 */
#ifndef CORE_POST_PLACE_H
#define CORE_POST_PLACE_H

#include "base/shape.h"
#include "io/db.h"

/* What is posted. */
#define POST_ANCHOR "anchor"
#define POST_CAPS "caps"

struct post_place {
    const char *connection_id, *channel, *name; /* NULL: no place is chosen */
    const char *place;
    const char *state; /* none, waiting, sent, failed */
    const char *fault; /* of a failed post, in the channel's word */
    int64_t posted;    /* when the newest post was made; 0: none yet */
};
extern const struct shape post_place_shape;

struct post_place_choice {
    const char *connection_id, *place;
};
extern const struct shape post_place_choice_shape;

/* Connections that can be chosen. */
struct post_channel {
    const char *connection_id, *channel, *name;
};
extern const struct shape post_channel_shape;
rc_t post_channel_list(struct ctx *c, struct page *page, struct post_channel **items, size_t *count)
    MUST;
rc_t post_channel_get(struct ctx *c, const char *connection_id, struct post_channel *out) MUST;

/* state is "none" when no place is chosen. */
rc_t post_place_get(struct ctx *c, const char *what, struct post_place *out) MUST;
/* E_NOT_FOUND when there is no such connection. */
rc_t post_place_set(struct ctx *c, const char *what, const struct post_place_choice *in) MUST;
rc_t post_place_drop(struct ctx *c, const char *what) MUST;

/*
 * For the worker: a delivery job with this text for the place that is chosen; *job_id is NULL when
 * none is, or its connection was removed. The caller commits and rings.
 */
rc_t post_place_post(struct ctx *c, const char *what, const char *text, const char **job_id) MUST;

#endif
