/*
 * Live events: what happens in a conversation, told to whoever looks at it right now. Redis carries
 * them; without it readers look at the rows instead. Losing an event loses nothing.
 */
#ifndef FLOW_LIVE_H
#define FLOW_LIVE_H

#include <stdbool.h>

#include "base/ctx.h"

/* Once per process; url may be NULL. */
void live_start(const char *redis_url);
void live_stop(void);

/* The Redis channel of a conversation. */
const char *live_channel(struct ctx *c, const char *conversation_id);

/* Something was said: {"type":"message","turn","seq"}. Pieces of answers: live_text.h. */
void live_message(struct ctx *c, const char *conversation_id, const char *turn, int64_t seq);

/* Asks Redis whether it is there. */
bool live_there(struct ctx *c);

/*
 * Runs a command on the process's one connection for hints, from any thread. Failure is forgiven:
 * hints may be lost.
 */
bool live_do(struct ctx *c, const struct bytes *words, size_t count, int64_t *number);
bool live_list(struct ctx *c, const struct bytes *words, size_t count, const char ***items,
               size_t *item_count);
void live_tell(struct ctx *c, const struct bytes *words, size_t count);

#endif
