/*
 * One try of one candidate: the request, the stream or the whole answer, and what went wrong. For
 * flow/pool.c only.
 */
#ifndef FLOW_POOL_TRY_H
#define FLOW_POOL_TRY_H

#include "flow/pool.h"

struct pool_failure {
    const char *code, *detail; /* detail lives in c->mem, masked and shortened */
    int status;
    int64_t retry_after_ms;    /* -1: the provider named none */
    bool shown;                /* pieces of the text went to the sink */
    struct llm_answer partial; /* its figures: what may be billed all the same */
};

/*
 * Uses the limits for one try; total_ms is what this try may take. Not OK: f is filled, c has no
 * fault.
 */
rc_t pool_try_one(struct ctx *c, const struct pool_candidate *who, const struct pool_limits *limits,
                  const struct llm_ask *ask, const struct pool_sink *sink, struct llm_answer *out,
                  struct pool_failure *f) MUST;

#endif
