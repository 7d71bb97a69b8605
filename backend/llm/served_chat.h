/* The reader of chat completions, for served_chat.c. */
#ifndef LLM_SERVED_CHAT_H
#define LLM_SERVED_CHAT_H

#include "llm/served.h"

rc_t served_chat_read(struct ctx *c, struct bytes body, struct served_ask *out) MUST;

#endif
