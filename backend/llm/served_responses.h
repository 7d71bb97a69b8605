/* What reader and writer of served Responses share. */
#ifndef LLM_SERVED_RESPONSES_H
#define LLM_SERVED_RESPONSES_H

#include "llm/served.h"

/*
 * A block of a provider other than OpenAI's Responses travels as the encrypted content of a
 * reasoning item: this mark, and behind it {"owner", "block"} as base64url.
 */
#define SERVED_BLOCK_MARK "konstruct."

/* The members of the question that each answer repeats, as JSON text without its braces. */
const char *served_responses_echo(struct ctx *c, const json_t *body, const struct llm_ask *ask);

rc_t served_responses_read(struct ctx *c, struct bytes body, struct served_ask *out) MUST;

#endif
