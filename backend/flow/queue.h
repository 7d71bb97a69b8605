/*
 * The dispatch of jobs: Redis holds hints in an order fair over tenants (start-time fair queueing,
 * cost in tokens, a cap of jobs in flight per tenant). It may lose any of them: PostgreSQL has the
 * jobs, and a sweep finds what was lost.
 */
#ifndef FLOW_QUEUE_H
#define FLOW_QUEUE_H

#include "core/job.h"

/* A job is assumed to cost so many tokens until its true figure is known. */
#define QUEUE_COST_GUESS 1000

/* Puts a hint in and rings. The same job twice is one hint. Losing it is fine. */
void queue_ring(struct ctx *c, const char *tenant_id, const char *job_id);

/*
 * Takes at most `most` hints, fairest first. *away says that Redis could not be asked. A taken hint
 * counts as in flight until queue_finished, or until its lease is over.
 */
void queue_pick(struct ctx *c, int64_t most, struct job_hint **hints, size_t *count, bool *away);

/*
 * The job of a hint has ended; tokens is what it used, 0 where nobody knows. One that was not to be
 * had (QUEUE_NOT_RUN) costs its tenant nothing.
 */
#define QUEUE_NOT_RUN (-1)
void queue_finished(struct ctx *c, const char *tenant_id, const char *job_id, int64_t tokens);

/* The jobs of hints that still run, so that they count as in flight for a lease more. */
void queue_running(struct ctx *c, const struct job_hint *hints, size_t count);

/* Nothing of this tenant is left in Redis: it was erased. */
void queue_forget(struct ctx *c, const char *tenant_id);

/* The Redis channel on which ringing is heard. */
#define QUEUE_BELL "konstruct:bell"

#endif
