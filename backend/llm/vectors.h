/*
 * Embeddings: vectors of texts. A provider that makes them has a translator of its own for that
 * (`vectors` of its struct llm), so that retries, deadlines, caps and prices are the pool's as for
 * any other question. Here is what these translators share.
 */
#ifndef LLM_VECTORS_H
#define LLM_VECTORS_H

#include <jansson.h>

#include "llm/llm.h"

/*
 * Whether a question for vectors can be asked of anybody: E_INVALID llm_bad_text (no UTF-8, or
 * empty), llm_bad_dimensions; E_LIMIT llm_too_many (more than LLM_TEXTS_MAX). Part of llm_check.
 */
rc_t vectors_check(struct ctx *c, const struct llm_ask *ask) MUST;

/*
 * Whether the answer is one to this question: a vector for each text, each as long as was asked
 * for. E_UPSTREAM llm_broken when not.
 */
rc_t vectors_fit(struct ctx *c, const char *provider, const struct llm_ask *ask,
                 const struct llm_answer *answer) MUST;

/* The texts as a JSON list that the caller owns; NULL when one is no UTF-8. */
json_t *vectors_input(const struct llm_ask *ask);

/*
 * Vectors while they are read, in whatever order they come. All have one length, which the first
 * one says, and finite numbers: else E_UPSTREAM llm_broken.
 */
struct vectors_reading {
    const char *provider;
    float *numbers;
    bool *seen;
    size_t count, done, dimensions;
};
rc_t vectors_begin(struct ctx *c, const char *provider, size_t count, struct vectors_reading *out)
    MUST;
/* The one of text `index`: a list of numbers, or 32 bit floats (little-endian) in base64. */
rc_t vectors_one(struct ctx *c, struct vectors_reading *r, size_t index, const json_t *vector) MUST;
/* Puts them into the answer; E_UPSTREAM llm_broken when one is missing. */
rc_t vectors_end(struct ctx *c, const struct vectors_reading *r, struct llm_answer *out) MUST;

#endif
