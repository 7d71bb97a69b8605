/*
 * Everything visible outside, one row a part, with its own key. The intent to send is committed
 * before the call.
 */
#ifndef CORE_OUTBOUND_H
#define CORE_OUTBOUND_H

#include "core/job.h"

struct outbound {
    const char *id, *job_id, *connection_id, *token, *reply_to, *text;
    const char *state; /* pending, sending, sent, refused, needs_human */
    const char *provider_id, *fault;
    int64_t part_no, attempts;
    int64_t sending_ms; /* how long ago sending began; -1 when it has not */
    int64_t started_at; /* seconds UTC; 0 when it has not */
};

/* Adds a part; the same part of the same job is added once, and the first text stays. */
rc_t outbound_add(struct ctx *c, const struct job *job, int64_t part_no, const char *connection_id,
                  const char *reply_to, const char *text) MUST;

/* All parts of a job, in order. */
rc_t outbound_list(struct ctx *c, const char *job_id, struct outbound **parts, size_t *count) MUST;

/*
 * To `sending`, now, with one attempt more; E_CONFLICT "job_lost" when the job's holder has lost
 * it.
 */
rc_t outbound_sending(struct ctx *c, const struct job *job, const char *id) MUST;

/*
 * To `sent`, `pending` (certainly not posted), `refused` or `needs_human`. provider_id and fault
 * may be NULL.
 */
rc_t outbound_settle(struct ctx *c, const char *id, const char *state, const char *provider_id,
                     const char *fault) MUST;

/* Gives the parts of one job to another that goes on with them. */
rc_t outbound_move(struct ctx *c, const char *from_job_id, const char *to_job_id) MUST;

/* Nobody tries again: what may have been posted is for a person, what was not begun is refused. */
rc_t outbound_abandon(struct ctx *c, const char *job_id, const char *why) MUST;

#endif
