/* The calls of models one by one, for the people of a company: the ledger itself (usage.h). */
#ifndef CORE_USAGE_CALL_H
#define CORE_USAGE_CALL_H

#include "base/shape.h"
#include "io/db.h"

struct usage_call {
    const char *id;
    int64_t created;
    /* who it was for; NULL: none of the kind. Names are NULL of those that are gone, too. */
    const char *employee_id, *employee, *team_id, *conversation_id, *key_id, *key;
    const char *account_id; /* NULL: the instance's own */
    const char *provider, *model, *outcome, *ended;
    int64_t tries;     /* asked in vain before it */
    const char *tried; /* whom, and why in vain: "openai/gpt-5 llm_overloaded, ..."; or NULL */
    int64_t input_tokens, cached_tokens, cache_written_tokens, output_tokens, reasoning_tokens;
    int64_t images;
    bool counted;
    int64_t cost_micros;
    const char *price_from; /* NULL: no known price */
    bool price_own;         /* it is the company's own */
    int64_t ms, first_ms;
};
extern const struct shape usage_call_shape;

/* Which calls; NULL and 0: whatever it is. */
struct usage_call_want {
    const char *employee_id, *team_id, *key_id, *conversation_id, *provider, *model, *outcome;
    int64_t from, to; /* seconds UTC, without the last one */
};

/* Newest first. */
rc_t usage_calls(struct ctx *c, const struct usage_call_want *want, struct page *page,
                 struct usage_call **items, size_t *count) MUST;

#endif
