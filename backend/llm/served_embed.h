/*
 * Embeddings in OpenAI's form, as programs of a tenant ask us for them; see served.h for the rest.
 */
#ifndef LLM_SERVED_EMBED_H
#define LLM_SERVED_EMBED_H

#include "llm/served.h"

#define SERVED_EMBED_PATH "/v1/embeddings"
#define SERVED_INPUTS_MAX 2048         /* texts of one request */
#define SERVED_EMBED_TEXT_MAX KIB(256) /* bytes of one text */

struct served_embed {
    const char *model;
    const char *const *inputs; /* none is blank */
    size_t count;              /* 1 to SERVED_INPUTS_MAX */
    bool base64;               /* the vectors are wanted as base64 of little-endian floats */
    int64_t dimensions;        /* wanted length of a vector; 0: the model's own */
};

/* Like `read` of struct served. Tokens in place of texts are refused: ours are another model's. */
rc_t served_embed_read(struct ctx *c, struct bytes body, struct served_embed *out) MUST;

/* Bytes that the answer has at most, for the buffer. */
size_t served_embed_room(const struct served_embed *asked, size_t width);
/*
 * The answer: asked->count vectors of `width` floats, one behind the other, and what they cost in
 * tokens. Numbers are written so that reading them gives the same float again.
 */
void served_embed_write(const struct served_embed *asked, const char *model, const float *vectors,
                        size_t width, int64_t tokens, struct buf *out);

#endif
