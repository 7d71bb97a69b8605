/* Limits in Redis: all buckets of a request by one script in one round trip. */
#ifndef CORE_LIMIT_REDIS_H
#define CORE_LIMIT_REDIS_H

#include "base/bucket.h"
#include "base/ctx.h"
#include "io/redis.h"

struct limit_bucket {
    const char *key;
    struct bucket_rate rate;
};

/*
 * Takes n from each bucket, or from none when one has too few: then *wait_us says how long that one
 * needs and *worst which it is, the slowest of several. now_us 0: by Redis's own clock, which all
 * processes share. False: Redis could not be asked, and nothing is known; c holds no fault.
 */
bool limit_redis_take(struct ctx *c, struct redis *r, const struct limit_bucket *buckets,
                      size_t count, int64_t now_us, int64_t n, size_t *worst, int64_t *wait_us);

/* Gives one back to each, without waiting for an answer. */
void limit_redis_give(struct ctx *c, struct redis *r, const struct limit_bucket *buckets,
                      size_t count);

#endif
