/* What the parts of the Anthropic adapter share. */
#ifndef LLM_ANTHROPIC_H
#define LLM_ANTHROPIC_H

#include "llm/gather.h"
#include "llm/vendor.h"

#define ANTHROPIC "anthropic"
#define ANTHROPIC_HOME "https://api.anthropic.com"

/* anthropic_talk.c: the conversation as messages. */
struct llm_turn;
rc_t anthropic_messages(struct ctx *c, const struct llm_turn *turns, size_t count, json_t *list)
    MUST;

/*
 * anthropic_schema.c: makes the schema one that the API takes. llm_cannot of one that it can't be
 * held to.
 */
rc_t anthropic_schema(struct ctx *c, json_t *schema) MUST;

/* anthropic_read.c */
rc_t anthropic_answer(struct ctx *c, const struct http_answer *http, struct llm_answer *out) MUST;
rc_t anthropic_event(struct ctx *c, struct bytes event, struct bytes data,
                     struct llm_stream *stream) MUST;

#endif
