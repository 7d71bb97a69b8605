/* The built-in embedding model (memory/minilm.h) as a candidate of the pool. For flow/embed.c. */
#ifndef FLOW_EMBED_BUILT_IN_H
#define FLOW_EMBED_BUILT_IN_H

#include "llm/llm.h"

/*
 * Answers questions for vectors by itself. The model's files are opened by the first question and
 * stay open; each few texts of a question wait until it is their company's turn on one of the
 * processors (embed_places.h), up to EMBED_WAIT_MS: llm_overloaded after that. llm_not_installed:
 * the files are missing or others.
 */
extern const struct llm embed_built_in;
#define EMBED_WAIT_MS 20000

/* Opens it now, if it is not open yet; E_UPSTREAM llm_not_installed. */
rc_t embed_built_in_open(struct ctx *c) MUST;

#endif
