/* See redis.h. */
#include "io/redis.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "io/redis_url.h"

/* How long is waited for what. */
struct patience {
    int connect_ms, answer_ms, leave_alone_ms;
};
static const struct patience usual = {50, 100, 500}, brisk = {20, 20, 3000};

struct redis {
    char *url;
    const struct patience *patience;
    redisContext *native;
    int64_t next_try_ms;
    int unread; /* answers to redis_tell that were not read yet */
};

static struct redis *made(const char *url, const struct patience *patience)
{
    struct redis *r = calloc(1, sizeof(*r));

    if (r == NULL || (url != NULL && (r->url = strdup(url)) == NULL))
        abort();
    r->patience = patience;
    return r;
}

struct redis *redis_new(const char *url)
{
    return made(url, &usual);
}

struct redis *redis_new_brisk(const char *url)
{
    return made(url, &brisk);
}

static void drop(struct redis *r)
{
    if (r->native != NULL)
        redisFree(r->native);
    r->native = NULL;
    r->unread = 0;
    r->next_try_ms = clock_mono_ms() + r->patience->leave_alone_ms;
}

void redis_free(struct redis *r)
{
    if (r == NULL)
        return;
    drop(r);
    free(r->url);
    free(r);
}

bool redis_there(const struct redis *r)
{
    return r->native != NULL && r->native->err == 0;
}

static rc_t away(struct ctx *c, const char *why)
{
    return ctx_fail(c, E_UNAVAILABLE, "redis_away", "Redis can't be asked: %s", why);
}

static bool told(struct redis *r, const char *what, const char *value)
{
    redisReply *reply = redisCommand(r->native, "%s %s", what, value);
    bool good = reply != NULL && reply->type != REDIS_REPLY_ERROR;

    freeReplyObject(reply);
    return good;
}

/* Connects, proves who we are, chooses the database; NULL, or what hindered it. */
static const char *connect_to(struct redis *r)
{
    const struct timeval connect = {0, r->patience->connect_ms * 1000},
                         answer = {0, r->patience->answer_ms * 1000};
    struct redis_url to;
    char number[16];

    if (!redis_url_read(r->url, &to))
        return "REDIS_URL can't be read";
    r->native = to.path[0] != '\0' ? redisConnectUnixWithTimeout(to.path, connect)
                                   : redisConnectWithTimeout(to.host, to.port, connect);
    if (r->native == NULL)
        return "out of memory";
    if (r->native->err != 0)
        return r->native->errstr;
    redisSetTimeout(r->native, answer);
    snprintf(number, sizeof(number), "%d", to.number);
    if (to.password[0] != '\0' && !told(r, "AUTH", to.password))
        return "it refuses the password";
    if (to.number != 0 && !told(r, "SELECT", number))
        return "it has no database of that number";
    return NULL;
}

static rc_t ready(struct ctx *c, struct redis *r)
{
    const char *why;

    if (r->native != NULL && r->native->err == 0)
        return OK;
    if (r->url == NULL)
        return away(c, "REDIS_URL is not set");
    if (clock_mono_ms() < r->next_try_ms)
        return away(c, "it was away a moment ago");
    drop(r);
    why = connect_to(r);
    if (why != NULL) {
        rc_t rc = away(c, why);

        drop(r);
        return rc;
    }
    return OK;
}

static void drop_reply(void *thing)
{
    freeReplyObject(thing);
}

/* Reads one answer; the connection is dropped when there is none. */
static rc_t next_reply(struct ctx *c, struct redis *r, redisReply **out)
{
    void *reply = NULL;

    if (redisGetReply(r->native, &reply) == REDIS_OK && reply != NULL) {
        *out = reply;
        return OK;
    }

    rc_t rc = away(c, r->native->errstr);

    drop(r);
    return rc;
}

static rc_t append(struct ctx *c, struct redis *r, const struct bytes *words, size_t count)
{
    const char **texts = arena_take(c->mem, count * sizeof(*texts));
    size_t *lengths = arena_take(c->mem, count * sizeof(*lengths));

    TRY(ready(c, r));
    for (size_t i = 0; i < count; i++) {
        texts[i] = words[i].data;
        lengths[i] = words[i].len;
    }
    if (redisAppendCommandArgv(r->native, (int)count, texts, lengths) != REDIS_OK)
        return away(c, "out of memory");
    return OK;
}

/* Reads what has arrived of unread answers, without waiting. */
static rc_t read_waiting(struct ctx *c, struct redis *r)
{
    struct pollfd pfd = {.fd = r->native->fd, .events = POLLIN};
    redisReply *reply = NULL;

    while (r->unread > 0 && poll(&pfd, 1, 0) == 1) {
        if (redisBufferRead(r->native) != REDIS_OK) {
            rc_t rc = away(c, r->native->errstr);

            drop(r);
            return rc;
        }
        while (r->unread > 0 &&
               redisReaderGetReply(r->native->reader, (void **)&reply) == REDIS_OK &&
               reply != NULL) {
            freeReplyObject(reply);
            r->unread--;
        }
    }
    return OK;
}

rc_t redis_tell(struct ctx *c, struct redis *r, const struct bytes *words, size_t count)
{
    int done = 0;

    TRY(append(c, r, words, count));
    TRY(read_waiting(c, r));
    r->unread++;
    while (!done) {
        if (redisBufferWrite(r->native, &done) != REDIS_OK) {
            rc_t rc = away(c, r->native->errstr);

            drop(r);
            return rc;
        }
    }
    return OK;
}

static rc_t ask(struct ctx *c, struct redis *r, const struct bytes *words, size_t count,
                redisReply **out)
{
    redisReply *reply;

    TRY(append(c, r, words, count));
    for (; r->unread > 0; r->unread--) {
        TRY(next_reply(c, r, &reply));
        freeReplyObject(reply);
    }
    TRY(next_reply(c, r, &reply));
    arena_on_end(c->mem, drop_reply, reply);
    if (reply->type == REDIS_REPLY_ERROR)
        return ctx_fail(c, E_INTERNAL, "redis_refused", "%s", reply->str);
    *out = reply;
    return OK;
}

rc_t redis_do(struct ctx *c, struct redis *r, const struct bytes *words, size_t count,
              const char **text, int64_t *number)
{
    redisReply *reply;

    TRY(ask(c, r, words, count, &reply));
    if (text != NULL)
        *text = reply->str;
    if (number != NULL)
        *number = reply->integer;
    return OK;
}

rc_t redis_list(struct ctx *c, struct redis *r, const struct bytes *words, size_t count,
                const char ***items, size_t *item_count)
{
    redisReply *reply;

    TRY(ask(c, r, words, count, &reply));
    *item_count = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    *items = arena_take(c->mem, (*item_count + 1) * sizeof(**items));
    for (size_t i = 0; i < *item_count; i++)
        (*items)[i] = reply->element[i]->str;
    return OK;
}

rc_t redis_many(struct ctx *c, struct redis *r, const struct redis_command *commands, size_t count,
                int64_t *numbers)
{
    redisReply *reply;

    for (size_t i = 0; i < count; i++)
        TRY(append(c, r, commands[i].words, commands[i].count));
    for (size_t i = 0; i < count; i++) {
        TRY(next_reply(c, r, &reply));
        numbers[i] = reply->type == REDIS_REPLY_INTEGER ? reply->integer : REDIS_REFUSED;
        freeReplyObject(reply);
    }
    return OK;
}

rc_t redis_subscribe(struct ctx *c, struct redis *r, const char *channel)
{
    redisReply *reply;

    return ask(c, r, REDIS_WORDS(BYTES("SUBSCRIBE"), bytes_of(channel)), &reply);
}

rc_t redis_wait(struct ctx *c, struct redis *r, int wait_ms, const char **message)
{
    redisReply *reply = NULL;
    struct pollfd pfd = {.events = POLLIN};

    *message = NULL;
    if (!redis_there(r))
        return away(c, "the subscription is gone");
    if (redisReaderGetReply(r->native->reader, (void **)&reply) == REDIS_OK && reply == NULL) {
        pfd.fd = r->native->fd;
        if (poll(&pfd, 1, wait_ms) <= 0)
            return OK;
        if (redisGetReply(r->native, (void **)&reply) != REDIS_OK)
            reply = NULL;
    }
    if (reply == NULL) {
        drop(r);
        return away(c, "the connection broke");
    }
    arena_on_end(c->mem, drop_reply, reply);
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
        text_is(reply->element[0]->str, "message"))
        *message = reply->element[2]->str;
    return OK;
}
