/*
 * Redis: hints, live events and fair order. It may be away or empty at any moment; nothing here is
 * the only copy of anything. Calls are bounded by 50 ms to connect and 100 ms to answer, and after
 * a failure Redis is left alone for a moment, so that its absence costs nothing.
 */
#ifndef IO_REDIS_H
#define IO_REDIS_H

#include <stdbool.h>

#include "base/ctx.h"

/* One connection; used by one thread at a time. */
struct redis;

/*
 * Nothing is connected yet. url: redis://[:password@]host:port/number or unix:///path; NULL: always
 * away.
 */
struct redis *redis_new(const char *url);

/*
 * The same for an event loop that waits for the answer: 20 ms to connect and 20 ms to answer, and a
 * Redis that failed is left alone for three seconds, so that one that hangs holds up next to
 * nothing.
 */
struct redis *redis_new_brisk(const char *url);
void redis_free(struct redis *r);

/* True when it is believed to be there. */
bool redis_there(const struct redis *r);

/*
 * Runs one command of `count` words. E_UNAVAILABLE "redis_away" when it can't be asked. A text
 * answer comes in *text (arena; NULL for nil), an integer in *number, both optional. An error reply
 * is E_INTERNAL "redis_refused".
 */
rc_t redis_do(struct ctx *c, struct redis *r, const struct bytes *words, size_t count,
              const char **text, int64_t *number) MUST;
#define REDIS_WORDS(...)                 \
    (const struct bytes[]){__VA_ARGS__}, \
        sizeof((const struct bytes[]){__VA_ARGS__}) / sizeof(struct bytes)

/* The same for an answer that is a list of texts; nil members are NULL. */
rc_t redis_list(struct ctx *c, struct redis *r, const struct bytes *words, size_t count,
                const char ***items, size_t *item_count) MUST;

/* A command of several that go together. */
struct redis_command {
    const struct bytes *words;
    size_t count;
};
/*
 * Runs commands that answer with a whole number, in one trip; one that Redis refused has
 * REDIS_REFUSED for its number.
 */
#define REDIS_REFUSED INT64_MIN
rc_t redis_many(struct ctx *c, struct redis *r, const struct redis_command *commands, size_t count,
                int64_t *numbers) MUST;

/* Sends a command and does not wait for its answer, which is read and dropped later: for hints. */
rc_t redis_tell(struct ctx *c, struct redis *r, const struct bytes *words, size_t count) MUST;

/*
 * Waits up to wait_ms for one of the subscribed channels: *channel and *message are NULL when
 * nothing came.
 */
rc_t redis_subscribe(struct ctx *c, struct redis *r, const char *channel) MUST;
rc_t redis_wait(struct ctx *c, struct redis *r, int wait_ms, const char **message) MUST;

#endif
