/*
 * A token bucket as one number: the moment at which it will be full again. So a bucket that nobody
 * uses needs no memory, and taking is a comparison. Pure: the caller brings the clock, in
 * microseconds. The script in core/limit_redis.c is the same arithmetic.
 */
#ifndef BASE_BUCKET_H
#define BASE_BUCKET_H

#include <stdint.h>

struct bucket_rate {
    int64_t step_us;  /* what it takes to gain one token */
    int64_t depth_us; /* what it takes to fill an empty bucket */
};

/* per_minute: 1 to 60 million; at_once: how many tokens a full bucket holds, 1 to a million. */
struct bucket_rate bucket_rate(int64_t per_minute, int64_t at_once);

/*
 * How long until n tokens are there: 0 when they are now. *full_us is when the bucket will be full
 * again, 0 for one that was never used; a clock that went back is mended in it, so that it costs at
 * most what an empty bucket does.
 */
int64_t bucket_wait(struct bucket_rate rate, int64_t *full_us, int64_t now_us, int64_t n);

/*
 * When it is full again after n tokens were taken, whether or not there were so many; with n below
 * 0 after some were given back.
 */
int64_t bucket_after(struct bucket_rate rate, int64_t full_us, int64_t now_us, int64_t n);

#endif
