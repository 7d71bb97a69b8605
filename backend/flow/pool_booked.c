/* See pool_booked.h. */
#include "flow/pool_booked.h"

#include "base/id.h"
#include "base/log.h"
#include "flow/account.h"
#include "flow/pool_cost.h"
#include "flow/pool_usage.h"
#include "io/db.h"

/*
 * Tells, before it is asked, that it may be at its worst price: if this process dies, the sweep
 * settles it. *id stays NULL for what costs nothing.
 */
static rc_t announce(struct ctx *c, const struct pool_route *route, const struct llm_ask *ask,
                     const char **id)
{
    struct call_open call = {.held = 0};

    *id = NULL;
    if (route->payer == NULL)
        return OK;
    for (size_t i = 0; i < route->count; i++) {
        const struct pool_candidate *who = &route->candidates[i];
        int64_t worst;

        TRY(pool_worst(c, who, ask, &worst));
        if (worst > call.held)
            call = (struct call_open){
                .held = worst, .provider = who->llm->name, .model = who->model};
    }
    if (call.held > 0) {
        call.id = *id = id_new(c->mem);
        call.holder = purse_holder();
        call.payer = *route->payer;
        TRY(call_open_add(c, &call));
    }
    return db_commit(c);
}

static rc_t enter(struct ctx *c, const struct payer *payer, struct usage u,
                  const struct purse_hold *hold)
{
    u.id = id_new(c->mem);
    u.step_no = -1;
    u.employee_id = payer->employee_id;
    u.team_id = payer->team_id;
    u.conversation_id = payer->conversation_id;
    u.key_id = payer->key_id;
    TRY(usage_add(c, &u));
    return purse_book(c, hold, u.cost_micros);
}

/* Every try that cost or may cost something, the answer, and the end of the announcement. */
static rc_t enter_all(struct ctx *c, const struct pool_route *route, const char *call_id,
                      const struct pool_outcome *o)
{
    if (call_id != NULL)
        TRY(call_close(c, call_id));
    for (size_t i = 0; i < o->try_count; i++) {
        const struct pool_try *t = &o->tries[i];

        TRY(account_tell(c, t));
        if (pool_try_counts(t))
            TRY(enter(c, route->payer, pool_try_usage(t), &t->cost.hold));
    }
    if (o->answer.model != NULL)
        TRY(enter(c, route->payer, pool_answer_usage(c->mem, &route->candidates[o->candidate], o),
                  &o->cost.hold));
    return db_commit(c);
}

/*
 * Books what the question cost, whatever became of it. The fault of the context stays; what fails
 * here is logged, and the sweep settles it.
 */
static void book(struct ctx *c, const struct pool_route *route, const char *call_id,
                 const struct pool_outcome *o)
{
    struct fault why = c->fault;

    if (route->payer == NULL)
        return;
    db_rollback(c);
    ctx_forgive(c);
    if (enter_all(c, route, call_id, o) != OK)
        log_fault(c, "call_not_booked");
    db_rollback(c);
    c->fault = why;
}

rc_t pool_ask_booked(struct ctx *c, const struct pool_route *route, const struct llm_ask *ask,
                     const struct pool_sink *sink, struct pool_outcome *out)
{
    const char *call_id;
    rc_t rc;

    TRY(announce(c, route, ask, &call_id));
    rc = pool_ask(c, route, ask, sink, out);
    book(c, route, call_id, out);
    return rc;
}
