/* See pool.h: the driver that waits. What is waited for, and why, is flow/pool_run.c. */
#include "flow/pool.h"

#include <time.h>

#include "base/clock.h"
#include "flow/pool_cost.h"
#include "flow/pool_run.h"

static void sleep_until(const struct pool_run *r, int64_t until)
{
    for (int64_t left = until - clock_mono_ms(); left > 0 && !pool_run_gone(r);
         left = until - clock_mono_ms()) {
        int64_t nap = left < 100 ? left : 100;

        nanosleep(&(struct timespec){.tv_nsec = nap * 1000000}, NULL);
    }
}

rc_t pool_ask(struct ctx *c, const struct pool_route *route, const struct llm_ask *ask,
              const struct pool_sink *sink, struct pool_outcome *out)
{
    struct pool_run r;

    pool_run_begin(&r, c, route, ask, sink, out);
    for (;;) {
        switch (pool_run_next(&r)) {
        case POOL_HOLD:
            r.rc = pool_hold(c, route, r.who, ask, &r.cost);
            break;
        case POOL_CALL:
            r.rc = http_call(r.trial.c, &r.trial.request, &r.trial.http);
            break;
        case POOL_SLEEP:
            sleep_until(&r, r.until_ms);
            break;
        case POOL_ENDED:
            return r.rc;
        }
    }
}
