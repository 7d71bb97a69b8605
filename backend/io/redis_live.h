/*
 * A subscription to Redis for an event loop: never blocks but for looking up the host's name,
 * connects anew by itself, and asks now and then whether Redis is still there. What is subscribed
 * to is the caller's list: he joins it again in `there`.
 */
#ifndef IO_REDIS_LIVE_H
#define IO_REDIS_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct redis_live;

struct redis_live_calls {
    void (*there)(void);                 /* connected: subscribe now */
    void (*stands)(const char *channel); /* the subscription is in force */
    void (*news)(const char *channel, struct bytes message);
    void (*lost)(void); /* nothing is subscribed any more */
};

/* url as in redis.h; NULL: never there. Connects at the first tick. */
struct redis_live *redis_live_new(const char *url, const struct redis_live_calls *calls);
void redis_live_free(struct redis_live *r);

bool redis_live_there(const struct redis_live *r);
/* Ignored while it is not there. */
void redis_live_join(struct redis_live *r, const char *channel);
void redis_live_leave(struct redis_live *r, const char *channel);

/*
 * The event loop's side: fd is -1 while there is no connection, and may change whenever one of
 * these was called.
 */
int redis_live_fd(const struct redis_live *r);
bool redis_live_wants_write(const struct redis_live *r);
void redis_live_ready(struct redis_live *r);
/* A few times a second. */
void redis_live_tick(struct redis_live *r, int64_t now_ms);

#endif
