/*
 * Jobs: work that must not be lost. A job is claimed by one holder at a time under a lease; jobs of
 * one lane run one after the other. All functions work in the tenant of the context, except the
 * dispatcher's at the end.
 */
#ifndef CORE_JOB_H
#define CORE_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

#define JOB_DEATHS_MAX 3 /* so many workers died with it: it is poison */
#define JOB_ERRORS_MAX 8

struct job {
    const char *id, *kind, *lane_id, *subject_id, *holder;
    int64_t number, fence, deaths, errors;
    int64_t waited_ms; /* from its making to this claim */
};

/* Makes a job; one subject has one job of a kind, and making it again changes nothing. */
rc_t job_add(struct ctx *c, const char *id, const char *kind, const char *lane_id,
             const char *subject_id) MUST;

/* The same, in a lane of its own, for later. */
rc_t job_add_after(struct ctx *c, const char *id, const char *kind, const char *subject_id,
                   int64_t wait_s) MUST;

/*
 * Makes a job that goes on in the place of one that is about to end: in its lane, before all that
 * waits behind it.
 */
rc_t job_add_heir(struct ctx *c, const char *id, const char *kind, const struct job *job) MUST;

/*
 * Claims a job for a new holder: only when it is due, free or abandoned, and first in its lane.
 * *claimed is false when somebody else has it or its turn has not come. Raises the fence; taking
 * over an abandoned job raises `deaths`.
 */
rc_t job_claim(struct ctx *c, const char *id, struct job *out, bool *claimed) MUST;

/*
 * Locks the row for this transaction; E_CONFLICT "job_lost" when the holder has lost it. Every
 * write of a turn goes behind it.
 */
rc_t job_guard(struct ctx *c, const struct job *job) MUST;

/*
 * The same lock for a statement that asks for the holder itself: it travels with that statement,
 * and a holder who has lost the job locks nothing and is not told here.
 */
rc_t job_lock(struct ctx *c, const struct job *job) MUST;

/*
 * Waits until no other transaction has the job in its hands, whoever holds it: after a commit whose
 * outcome is not known, and which may be under way still. What it did is seen after this.
 */
rc_t job_wait(struct ctx *c, const struct job *job) MUST;

/* The ends of a claim; each is E_CONFLICT "job_lost" when the holder has lost it. */
rc_t job_done(struct ctx *c, const struct job *job) MUST;
rc_t job_dead(struct ctx *c, const struct job *job, const char *why) MUST;
/*
 * Back to ready after an error, counted; runs again after a back-off of 1 s x 2^errors with jitter,
 * at most 10 minutes.
 */
rc_t job_retry(struct ctx *c, const struct job *job, const char *why) MUST;
/* Back to ready without an error: a clean stop (0), or a vendor who asked to wait. */
rc_t job_later(struct ctx *c, const struct job *job, int64_t wait_ms) MUST;

/* The next ready job of a lane, or NULL: to be rung for when the one before it has ended. */
rc_t job_next_in_lane(struct ctx *c, const char *lane_id, const char **id) MUST;

/* A hint that a job may be ready. */
struct job_hint {
    const char *tenant_id, *job_id;
};

/*
 * For the dispatcher's role: jobs that may run now, in an order fair over tenants (first of each,
 * then second of each, ...), at most `per_tenant` of one tenant (with
 * less_running those that run already count among them); abandoned ones come first.
 */
rc_t job_sweep(struct ctx *c, int64_t per_tenant, bool less_running, int64_t most,
               struct job_hint **hints, size_t *count) MUST;

/*
 * For the dispatcher's role: renews the leases of these jobs; held[i] says whether holder i still
 * has job i.
 */
rc_t job_renew(struct ctx *c, const char *const *ids, const char *const *holders, bool *held,
               size_t count) MUST;

#endif
