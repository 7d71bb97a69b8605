/* See pool_booked.h. */
#include "flow/pool_booked.h"

#include "base/id.h"
#include "base/log.h"
#include "core/usage.h"
#include "flow/account.h"
#include "flow/pool_cost.h"
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

static rc_t enter(struct ctx *c, const struct pool_route *route, struct usage *u,
                  const struct pool_cost *cost)
{
    u->id = id_new(c->mem);
    u->step_no = -1;
    u->employee_id = route->payer->employee_id;
    u->team_id = route->payer->team_id;
    u->conversation_id = route->payer->conversation_id;
    u->key_id = route->payer->key_id;
    u->cost_micros = cost->micros;
    u->price_from = cost->price_from;
    if (cost->unknown)
        u->outcome = "unknown";
    TRY(usage_add(c, u));
    return purse_book(c, &cost->hold, cost->micros);
}

/* Every try that cost or may cost something, the answer, and the end of the announcement. */
static rc_t enter_all(struct ctx *c, const struct pool_route *route, const char *call_id,
                      const struct pool_outcome *o)
{
    if (call_id != NULL)
        TRY(call_close(c, call_id));
    for (size_t i = 0; i < o->try_count; i++) {
        const struct pool_try *t = &o->tries[i];
        struct usage u = {.account_id = t->account_id,
                          .provider = t->provider,
                          .model = t->model,
                          .tokens = {.input = t->input_tokens,
                                     .cached = t->cached_tokens,
                                     .cache_written = t->cache_write_tokens,
                                     .output = t->output_tokens},
                          .reasoning_tokens = t->reasoning_tokens,
                          .counted = t->counted,
                          .ms = t->ms,
                          .outcome = "failed"};

        TRY(account_tell(c, t));
        if (t->input_tokens + t->output_tokens + t->cost.micros > 0)
            TRY(enter(c, route, &u, &t->cost));
    }
    if (o->answer.model != NULL) {
        struct usage u = {.account_id = route->candidates[o->candidate].account_id,
                          .provider = route->candidates[o->candidate].llm->name,
                          .model = o->answer.model,
                          .tokens = {.input = o->answer.input_tokens,
                                     .cached = o->answer.cached_tokens,
                                     .cache_written = o->answer.cache_write_tokens,
                                     .output = o->answer.output_tokens},
                          .reasoning_tokens = o->answer.reasoning_tokens,
                          .counted = o->answer.counted,
                          .ms = o->ms,
                          .outcome = llm_refused(&o->answer) ? "refused" : "answered"};

        TRY(enter(c, route, &u, &o->cost));
    }
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
