/* /v1/embeddings in a worker: what a call needs, found and asked for on a helper's thread. */
#ifndef FLOW_V1_EMBED_H
#define FLOW_V1_EMBED_H

#include <stdatomic.h>

#include "flow/line_open.h"
#include "flow/routing.h"

/*
 * Reads the question, asks a model and writes the answer to *body, in c's memory. Blocks. `left`
 * gives up. `models` are those that may be asked, see struct routing_want.
 */
rc_t v1_embed(struct ctx *c, const struct line_open *open, const struct routing_want *models,
              struct bytes question, atomic_bool *left, struct bytes *body) MUST;

#endif
