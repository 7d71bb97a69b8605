/* What a turn leaves behind: the message that came in, the steps that were done, and what they cost. */
#ifndef CORE_TURN_RECORD_H
#define CORE_TURN_RECORD_H

#include "core/job.h"

struct inbound {
    const char *id, *connection_id, *message_key, *conversation_id, *reply_to, *author, *author_name, *text;
};

/* Stores it once under its message key; *fresh says whether it is new. The job is the caller's business. */
rc_t inbound_add(struct ctx *c, const struct inbound *in, bool *fresh) MUST;
rc_t inbound_get(struct ctx *c, const char *id, struct inbound *out) MUST;

/* A step's stored result, or NULL when it was not done, or was done for another request. */
rc_t step_find(struct ctx *c, const struct job *job, int64_t step_no, const char *kind, struct bytes request_hash,
               const char **result) MUST;
rc_t step_add(struct ctx *c, const struct job *job, int64_t step_no, const char *kind, struct bytes request_hash,
              const char *result) MUST;

struct usage {
    int64_t step_no;
    const char *employee_id, *provider, *model;
    int64_t input_tokens, cached_tokens, output_tokens;
    bool counted;
};

/* Records what a step used, once, with its cost by the price of today; a model without a price costs 0 and has no price_from. */
rc_t usage_add(struct ctx *c, const struct job *job, const struct usage *usage) MUST;

#endif
