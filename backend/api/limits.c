/* See limits.h. */
#include "api/limits.h"

#include "api/handlers.h"
#include "core/limit.h"

/* Who looks whether we are alive must not be told that he asks too often. */
static bool watches(const struct route *route)
{
    return route->who == WHO_METRICS || route->handler == health_alive ||
           route->handler == health_ready;
}

rc_t limits_before(struct ctx *c, const struct req *rq, const struct route *route)
{
    const struct limit_use use = {LIMIT_address, limit_address(c, rq->remote)};

    return route->who == WHO_VENDOR || watches(route) ? OK : limit_take(c, &use, 1);
}

rc_t limits_known(struct ctx *c, const struct req *rq)
{
    const struct limit_use uses[] = {{rq->method == GET ? LIMIT_reads : LIMIT_writes, c->tenant_id},
                                     {LIMIT_key, rq->program != NULL ? c->actor : NULL}};

    return limit_take(c, uses, COUNT_OF(uses));
}
