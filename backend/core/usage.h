/* The ledger of model calls: one row each, of turns and of programs, never changed. */
#ifndef CORE_USAGE_H
#define CORE_USAGE_H

#include "core/job.h"
#include "core/price.h"

struct usage {
    const char *id;        /* of the call */
    const struct job *job; /* NULL: not for a job */
    int64_t step_no;       /* of the job; below 0: of none that is kept */
    /* who is charged beside the tenant; each may be NULL */
    const char *employee_id, *team_id, *conversation_id, *key_id;
    const char *account_id; /* the tenant's account that was asked; NULL: the instance's own */
    const char *provider, *model;
    struct tokens tokens;
    int64_t reasoning_tokens; /* of the output */
    int64_t images;           /* that went with the question */
    bool counted;             /* by the provider; else the figures are our own count */
    int64_t cost_micros;
    const char *price_from; /* NULL: no known price */
    bool price_own;         /* it is the company's own; else one of the table's */
    int64_t ms;             /* to the end */
    int64_t first_ms;       /* to the first token; 0: no stream, or nothing came */
    const char *outcome;    /* answered, refused, failed, unknown */
    /*
     * NULL or "whole": read to its end for who asked; he left, and it was "drained" for the exact
     * figures or "cancelled".
     */
    const char *ended;
    /* what was asked in vain before, as a JSON array of {"provider", "model", "code"}; or NULL */
    const char *tries;
};

/*
 * Records a call, once: under its id, and of a job's step only the first. It travels with the next
 * statement of the transaction.
 */
rc_t usage_add(struct ctx *c, const struct usage *usage) MUST;

/*
 * The same for many calls that belong to no job, in one statement; a few hundred at once. A model's
 * name is cut at 300 bytes. Nobody can have added any of them before: else the transaction fails.
 */
rc_t usage_add_many(struct ctx *c, const struct usage *const *rows, size_t count) MUST;
/* The same of calls that may be there already, at once, and the ids of those that were not. */
rc_t usage_add_missing(struct ctx *c, const struct usage *const *rows, size_t count,
                       const char *const **added, size_t *added_count) MUST;

/*
 * Adds what is new in the ledger to its hours, in every tenant; see usage_roll in the migration.
 * Commits; at most some thousand sums at once, and *more says that there are others.
 */
rc_t usage_roll(struct ctx *c, bool *more) MUST;

#endif
