/* How an answer came about: what was asked of whom, why, in how many tokens, at what cost. */
#include "core/evidence.h"

#include "api/handlers.h"

/* Costs are for those who may see what models cost; the rest for whoever may read the answer. */
static bool sees_costs(const struct req *rq)
{
    return permits_has(rq->may, PERMISSION_usage_read);
}

rc_t evidence_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct evidence evidence;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(evidence_get(c, id, sees_costs(rq), &evidence));
    return res_one(c, rs, 200, &evidence_shape, &evidence);
}

rc_t evidence_calls_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct evidence_call *items;
    const char *id;
    size_t count;

    TRY(req_id(c, rq, "id", &id));
    TRY(evidence_calls(c, id, sees_costs(rq), &items, &count));
    return res_list(c, rs, &evidence_call_shape, items, count, NULL);
}
