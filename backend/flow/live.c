/* See live.h. */
#include "flow/live.h"

#include <jansson.h>
#include <pthread.h>

#include "base/shape.h"
#include "io/redis.h"

static struct redis *redis;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void live_start(const char *redis_url)
{
    redis = redis_new(redis_url);
}

void live_stop(void)
{
    redis_free(redis);
    redis = NULL;
}

/* A hint that failed must not become the fault of what it hints at. */
static bool forgiven(struct ctx *c, rc_t rc, struct fault before)
{
    c->fault = before;
    return rc == OK;
}

bool live_do(struct ctx *c, const struct bytes *words, size_t count, int64_t *number)
{
    struct fault before = c->fault;

    pthread_mutex_lock(&lock);
    rc_t rc = redis_do(c, redis, words, count, NULL, number);
    pthread_mutex_unlock(&lock);
    return forgiven(c, rc, before);
}

bool live_list(struct ctx *c, const struct bytes *words, size_t count, const char ***items,
               size_t *item_count)
{
    struct fault before = c->fault;

    pthread_mutex_lock(&lock);
    rc_t rc = redis_list(c, redis, words, count, items, item_count);
    pthread_mutex_unlock(&lock);
    return forgiven(c, rc, before);
}

void live_tell(struct ctx *c, const struct bytes *words, size_t count)
{
    struct fault before = c->fault;

    pthread_mutex_lock(&lock);
    rc_t rc = redis_tell(c, redis, words, count);
    pthread_mutex_unlock(&lock);
    forgiven(c, rc, before);
}

bool live_there(struct ctx *c)
{
    return live_do(c, REDIS_WORDS(BYTES("PING")), NULL);
}

const char *live_channel(struct ctx *c, const char *conversation_id)
{
    return text_printf(c->mem, "konstruct:live:%s", conversation_id);
}

/* Takes the event over. */
static void publish(struct ctx *c, const char *conversation_id, json_t *event)
{
    const char *text = json_text(c->mem, event);

    json_decref(event);
    live_tell(c, REDIS_WORDS(BYTES("PUBLISH"), bytes_of(live_channel(c, conversation_id)),
                             bytes_of(text)));
}

void live_message(struct ctx *c, const char *conversation_id, const char *turn, int64_t seq)
{
    publish(c, conversation_id,
            json_pack("{s:s, s:s, s:I}", "type", "message", "turn", turn, "seq", (json_int_t)seq));
}
