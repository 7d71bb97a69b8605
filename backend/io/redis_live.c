/* See redis_live.h. */
#include "io/redis_live.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/redis_url.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MOST_MS 5000
#define CONNECT_MS 2000
#define PING_EVERY_MS 5000
#define SILENCE_MS 12000

struct redis_live {
    char *url;
    const struct redis_live_calls *calls;
    redisContext *native;
    bool there, unsent;
    int64_t now_ms, next_try_ms, backoff_ms, heard_ms, ping_ms;
};

struct redis_live *redis_live_new(const char *url, const struct redis_live_calls *calls)
{
    struct redis_live *r = calloc(1, sizeof(*r));

    if (r == NULL || (url != NULL && (r->url = strdup(url)) == NULL))
        abort();
    r->calls = calls;
    r->backoff_ms = BACKOFF_FIRST_MS;
    return r;
}

static void drop(struct redis_live *r, const char *why)
{
    bool was = r->there;

    if (was)
        log_warn("redis_live_lost", "why", why, NULL);
    redisFree(r->native);
    r->native = NULL;
    r->there = r->unsent = false;
    r->next_try_ms = r->now_ms + r->backoff_ms;
    r->backoff_ms = r->backoff_ms * 2 > BACKOFF_MOST_MS ? BACKOFF_MOST_MS : r->backoff_ms * 2;
    if (was)
        r->calls->lost();
}

void redis_live_free(struct redis_live *r)
{
    if (r == NULL)
        return;
    if (r->native != NULL)
        redisFree(r->native);
    free(r->url);
    free(r);
}

bool redis_live_there(const struct redis_live *r)
{
    return r->there;
}

int redis_live_fd(const struct redis_live *r)
{
    return r->native == NULL ? -1 : r->native->fd;
}

bool redis_live_wants_write(const struct redis_live *r)
{
    return r->native != NULL && r->unsent;
}

static void send_rest(struct redis_live *r)
{
    int all = 0;

    if (redisBufferWrite(r->native, &all) != REDIS_OK) {
        drop(r, r->native->errstr);
        return;
    }
    r->unsent = all == 0;
}

static void word(struct redis_live *r, const char *command, const char *argument)
{
    const char *words[] = {command, argument};

    if (redisAppendCommandArgv(r->native, argument == NULL ? 1 : 2, words, NULL) != REDIS_OK)
        abort();
    r->unsent = true;
}

void redis_live_join(struct redis_live *r, const char *channel)
{
    if (!r->there)
        return;
    word(r, "SUBSCRIBE", channel);
    send_rest(r);
}

void redis_live_leave(struct redis_live *r, const char *channel)
{
    if (!r->there)
        return;
    word(r, "UNSUBSCRIBE", channel);
    send_rest(r);
}

static void connect_now(struct redis_live *r)
{
    struct redis_url to;

    if (!redis_url_read(r->url, &to))
        return;
    r->native = to.path[0] != '\0' ? redisConnectUnixNonBlock(to.path)
                                   : redisConnectNonBlock(to.host, to.port);
    if (r->native == NULL)
        abort();
    if (r->native->err != 0) {
        drop(r, r->native->errstr);
        return;
    }
    r->heard_ms = r->now_ms;
    if (to.password[0] != '\0')
        word(r, "AUTH", to.password);
    /* The first answer shows that it is there. Channels are the same in every numbered database. */
    word(r, "PING", NULL);
}

static bool is(const redisReply *reply, const char *text)
{
    return reply->type == REDIS_REPLY_STRING && strcmp(reply->str, text) == 0;
}

static void take(struct redis_live *r, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_STATUS && strcmp(reply->str, "PONG") == 0 && !r->there) {
        r->there = true;
        r->backoff_ms = BACKOFF_FIRST_MS;
        r->calls->there();
        return;
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3 ||
        reply->element[1]->type != REDIS_REPLY_STRING)
        return;
    if (is(reply->element[0], "subscribe"))
        r->calls->stands(reply->element[1]->str);
    else if (is(reply->element[0], "message") && reply->element[2]->type == REDIS_REPLY_STRING)
        r->calls->news(reply->element[1]->str,
                       (struct bytes){reply->element[2]->str, (size_t)reply->element[2]->len});
}

void redis_live_ready(struct redis_live *r)
{
    void *reply = NULL;

    if (r->native == NULL)
        return;
    if (r->unsent)
        send_rest(r);
    if (r->native == NULL)
        return;
    if (redisBufferRead(r->native) != REDIS_OK) {
        drop(r, r->native->errstr);
        return;
    }
    r->heard_ms = r->now_ms;
    while (r->native != NULL && redisGetReplyFromReader(r->native, &reply) == REDIS_OK &&
           reply != NULL) {
        const redisReply *got = reply;
        bool refused = got->type == REDIS_REPLY_ERROR;

        take(r, got);
        if (refused && r->native != NULL)
            drop(r, got->str);
        freeReplyObject(reply);
        reply = NULL;
    }
    if (r->native != NULL && r->native->err != 0)
        drop(r, r->native->errstr);
}

void redis_live_tick(struct redis_live *r, int64_t now_ms)
{
    r->now_ms = now_ms;
    if (r->url == NULL)
        return;
    if (r->native == NULL) {
        if (now_ms >= r->next_try_ms)
            connect_now(r);
        return;
    }
    if (now_ms - r->heard_ms > (r->there ? SILENCE_MS : CONNECT_MS)) {
        drop(r, "it does not answer");
        return;
    }
    if (r->there && now_ms >= r->ping_ms) {
        r->ping_ms = now_ms + PING_EVERY_MS;
        word(r, "PING", NULL);
        send_rest(r);
    }
}
