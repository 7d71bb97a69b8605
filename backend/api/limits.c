/* See limits.h. */
#include "api/limits.h"

#include "api/handlers.h"
#include "api/v1.h"
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

    if (route->who == WHO_VENDOR || watches(route))
        return OK;
    return v1_owns(route->path) ? limit_take_ahead(c, &use, 1) : limit_take(c, &use, 1);
}

rc_t limits_known(struct ctx *c, const struct req *rq)
{
    bool calls = v1_owns(rq->path);
    enum limit which = calls ? LIMIT_models : rq->method == GET ? LIMIT_reads : LIMIT_writes;
    const struct limit_use uses[] = {{which, c->tenant_id},
                                     {LIMIT_key, rq->program != NULL ? c->actor : NULL}};

    return calls ? limit_take_ahead(c, uses, COUNT_OF(uses)) : limit_take(c, uses, COUNT_OF(uses));
}
