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
    const char *employee_id, *conversation_id, *key_id;
    const char *provider, *model;
    struct tokens tokens;
    int64_t reasoning_tokens; /* of the output */
    bool counted;
    int64_t cost_micros;
    const char *price_from; /* NULL: no known price */
    int64_t ms;
    const char *outcome; /* answered, refused, failed */
};

/*
 * Records a call, once: under its id, and of a job's step only the first. It travels with the next
 * statement of the transaction.
 */
rc_t usage_add(struct ctx *c, const struct usage *usage) MUST;

#endif
