/*
 * all-MiniLM-L6-v2: a small network that turns a text into a vector, such that texts of like
 * meaning have vectors of like direction. Here is the whole of it: the tokenizer's ids through
 * embeddings, six layers, the mean, and length 1. Equal to the reference to five digits.
 */
#ifndef MEMORY_MINILM_H
#define MEMORY_MINILM_H

#include "base/ctx.h"
#include "memory/kernel.h"
#include "memory/wordpiece.h"

#define MINILM_DIMENSIONS 384
#define MINILM_TOKENS_MAX 512 /* of one text; its begin and end are two of them */

struct minilm;

/*
 * Opens the model whose files model.fp16.safetensors and tokenizer.json lie in `folder`:
 * E_UNAVAILABLE minilm_missing when they are not there, E_INVALID tensors_broken or
 * wordpiece_broken when they are others. Ends with `mem`; many threads may use it.
 */
rc_t minilm_open(struct ctx *c, struct arena *mem, const char *folder, struct minilm **out) MUST;

const struct wordpiece *minilm_vocabulary(const struct minilm *m);

/*
 * The vectors of `count` texts into MINILM_DIMENSIONS numbers each, and how many tokens each text
 * has. Of a text with more than MINILM_TOKENS_MAX only the first ones count: the caller looks.
 * Short texts together take less time than one by one.
 */
void minilm_vectors(struct ctx *c, const struct minilm *m, const char *const *texts, size_t count,
                    float *vectors, size_t *tokens);

/* The same by a certain kernel: for tests. */
void minilm_vectors_by(struct ctx *c, const struct minilm *m, const struct kernel *kernel,
                       const char *const *texts, size_t count, float *vectors, size_t *tokens);

#endif
