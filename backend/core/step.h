/*
 * The steps of a turn: each is stored when done, so that a retry replays it and asks nobody again.
 */
#ifndef CORE_STEP_H
#define CORE_STEP_H

#include "core/job.h"

/* A step's stored result, or NULL when it was not done, or was done for another request. */
rc_t step_find(struct ctx *c, const struct job *job, int64_t step_no, const char *kind,
               struct bytes request_hash, const char **result) MUST;
/* All steps of the job that were done, in their order. */
struct step {
    int64_t number;
    const char *kind, *result;
    struct bytes request_hash;
};
rc_t step_list(struct ctx *c, const struct job *job, struct step **items, size_t *count) MUST;
rc_t step_add(struct ctx *c, const struct job *job, int64_t step_no, const char *kind,
              struct bytes request_hash, const char *result) MUST;

#endif
