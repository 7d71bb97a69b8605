/* See clock.h. */
#include "base/clock.h"

#include <time.h>

static int64_t us_of(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_s(void)
{
    return us_of(CLOCK_REALTIME) / 1000000;
}

int64_t clock_ms(void)
{
    return us_of(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_ms(void)
{
    return us_of(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_mono_us(void)
{
    return us_of(CLOCK_MONOTONIC);
}
