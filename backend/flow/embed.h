/*
 * Vectors of texts, for search by meaning: from a provider, or from the model that is built in.
 * Many texts are split into questions
 * that providers take, each asked by the pool with its retries, caps and prices, and entered into
 * the ledger.
 */
#ifndef FLOW_EMBED_H
#define FLOW_EMBED_H

#include "flow/pool.h"

#define EMBED_TEXTS_MAX 2048      /* of one call: what OpenAI's own API takes */
#define EMBED_BYTES_MAX MIB(1)    /* of all its texts */
#define EMBED_MEMORY_MAX MIB(160) /* what embed_texts may take of its context's memory */

/*
 * The model that is built in: its provider is "starter", it needs no account and costs nothing. A
 * text of more than EMBED_BUILT_IN_TOKENS is refused, llm_too_long.
 */
#define EMBED_BUILT_IN "all-MiniLM-L6-v2"
#define EMBED_BUILT_IN_DIMENSIONS 384
#define EMBED_BUILT_IN_TOKENS 512

struct embedded_texts {
    const float *vectors; /* `dimensions` numbers for each text, one after the other */
    size_t count, dimensions;
    const char *provider, *model; /* who made them, as the provider names it */
    int64_t tokens;               /* of all texts */
    bool counted;                 /* by the provider; false: estimated */
    int64_t cost_micros;
    struct pool_outcome last; /* of the last question, answered or not: whom it was asked of */
};

/*
 * Vectors of `count` texts with so many dimensions, 0: as many as the model has. The route's
 * candidates are those of a chat; the ones that make no vectors are left out, and so are those
 * with another model than the first: vectors of two models can't be compared. With a payer, each
 * question is in the ledger before this returns, whether or not a later one fails; the caller has
 * no transaction open, and none is open afterwards. The route's turn_ms is
 * for all of them together. A stop (sink->cancelled) may be NULL.
 * E_INVALID embed_nothing, llm_bad_text, llm_bad_dimensions; E_LIMIT embed_too_many; else what
 * pool_ask says, but E_INVALID llm_too_long, llm_bad_request, llm_cannot or llm_model_unknown where
 * that was the last candidate's word.
 */
rc_t embed_texts(struct ctx *c, const struct pool_route *route, const char *const *texts,
                 size_t count, int64_t dimensions, const struct pool_sink *sink,
                 struct embedded_texts *out) MUST;

#endif
