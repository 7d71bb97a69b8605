/* See bucket.h. */
#include "base/bucket.h"

#define MINUTE_US 60000000

struct bucket_rate bucket_rate(int64_t per_minute, int64_t at_once)
{
    int64_t step_us = MINUTE_US / per_minute;

    return (struct bucket_rate){.step_us = step_us, .depth_us = step_us * at_once};
}

int64_t bucket_after(struct bucket_rate rate, int64_t full_us, int64_t now_us, int64_t n)
{
    int64_t after_us = (full_us < now_us ? now_us : full_us) + n * rate.step_us;

    return after_us < now_us ? now_us : after_us;
}

int64_t bucket_wait(struct bucket_rate rate, int64_t *full_us, int64_t now_us, int64_t n)
{
    int64_t latest_us = now_us + rate.depth_us;

    if (*full_us > latest_us)
        *full_us = latest_us;

    int64_t over_us = bucket_after(rate, *full_us, now_us, n) - latest_us;

    return over_us > 0 ? over_us : 0;
}
