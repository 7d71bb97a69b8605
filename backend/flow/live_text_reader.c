/* See live_text.h: the reader's side, and the end of a text. */
#include "flow/live.h"
#include "flow/live_text_redis.h"

static struct redis *redis; /* the event loop's own: nobody else waits for it */

void live_text_listen(const char *redis_url)
{
    redis_free(redis);
    redis = redis_new_brisk(redis_url);
}

bool live_text_now(struct ctx *c, const char *conversation_id, struct live_piece *out)
{
    return redis != NULL && live_text_read(c, live_text_stored(c, redis, conversation_id), out);
}

void live_text_forget(struct ctx *c, const char *conversation_id)
{
    const char *key = live_text_key(c, c->tenant_id, conversation_id);

    live_tell(c, REDIS_WORDS(BYTES("DEL"), bytes_of(key)));
}
