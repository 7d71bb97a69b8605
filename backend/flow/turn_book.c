/* See turn_book.h. */
#include "flow/turn_book.h"

#include "base/id.h"
#include "base/log.h"
#include "core/usage.h"
#include "flow/account.h"
#include "flow/pool_cost.h"
#include "io/db.h"

#define TRY_STEPS 100 /* tries of step n that failed but may be billed are booked from 100 n on */
#define NO_STEP (-1)  /* of a turn that is asked once more: its steps belong to the next */

rc_t turn_announce(struct ctx *c, const struct job *job, struct turn *t)
{
    struct call_open call = {.held = 0};

    t->call_id = NULL;
    for (size_t i = 0; i < t->routing.pool.count; i++) {
        int64_t worst;

        TRY(pool_worst(c, &t->routing.pool.candidates[i], &t->ask, &worst));
        if (worst <= call.held)
            continue;
        call.held = worst;
        call.provider = t->routing.pool.candidates[i].llm->name;
        call.model = t->routing.pool.candidates[i].model;
        call.account_id = t->routing.pool.candidates[i].account_id;
    }
    if (call.held == 0)
        return OK;
    call.id = t->call_id = id_new(c->mem);
    call.holder = purse_holder();
    call.job_id = job->id;
    call.payer = t->payer;
    return call_open_add(c, &call);
}

/* One call: the ledger's row, and the money out of the caps. */
static rc_t enter(struct ctx *c, struct run *run, const struct turn *t, struct usage *u,
                  const struct pool_cost *cost)
{
    u->id = id_new(c->mem);
    u->job = &run->job;
    u->employee_id = t->payer.employee_id;
    u->team_id = t->payer.team_id;
    u->conversation_id = t->payer.conversation_id;
    u->cost_micros = cost->micros;
    u->price_from = cost->price_from;
    if (cost->unknown)
        u->outcome = "unknown";
    run->tokens += u->tokens.input + u->tokens.output;
    TRY(usage_add(c, u));
    return purse_book(c, &cost->hold, cost->micros);
}

static rc_t enter_tries(struct ctx *c, struct run *run, const struct turn *t,
                        const struct pool_outcome *o, bool again)
{
    for (size_t i = 0; i < o->try_count; i++) {
        const struct pool_try *failed = &o->tries[i];
        struct usage u = {.step_no = again ? NO_STEP : TRY_STEPS * t->step + (int64_t)i,
                          .account_id = failed->account_id,
                          .provider = failed->provider,
                          .model = failed->model,
                          .tokens = {.input = failed->input_tokens,
                                     .cached = failed->cached_tokens,
                                     .cache_written = failed->cache_write_tokens,
                                     .output = failed->output_tokens},
                          .reasoning_tokens = failed->reasoning_tokens,
                          .counted = failed->counted,
                          .ms = failed->ms,
                          .first_ms = failed->first_ms,
                          .outcome = "failed"};

        TRY(account_tell(c, failed));
        if (failed->input_tokens + failed->output_tokens + failed->cost.micros > 0)
            TRY(enter(c, run, t, &u, &failed->cost));
    }
    return OK;
}

/* Who was asked in vain before, as the ledger keeps it; NULL: nobody. */
static const char *tries_of(struct ctx *c, const struct pool_outcome *o)
{
    json_t *list = json_array();
    const char *text;

    for (size_t i = 0; i < o->try_count; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s}", "provider", o->tries[i].provider,
                                        "model", o->tries[i].model, "code", o->tries[i].code));
    text = o->try_count == 0 ? NULL : json_text(c->mem, list);
    json_decref(list);
    return text;
}

static rc_t enter_answer(struct ctx *c, struct run *run, const struct turn *t,
                         const struct pool_outcome *o, const char *outcome, bool again)
{
    const struct pool_candidate *who = &t->routing.pool.candidates[o->candidate];
    struct usage u = {.step_no = again ? NO_STEP : t->step,
                      .account_id = who->account_id,
                      .tries = tries_of(c, o),
                      .provider = who->llm->name,
                      .model = o->answer.model,
                      .tokens = {.input = o->answer.input_tokens,
                                 .cached = o->answer.cached_tokens,
                                 .cache_written = o->answer.cache_write_tokens,
                                 .output = o->answer.output_tokens},
                      .reasoning_tokens = o->answer.reasoning_tokens,
                      .counted = o->answer.counted,
                      .ms = o->ms,
                      .first_ms = o->first_ms,
                      .outcome = outcome};

    return enter(c, run, t, &u, &o->cost);
}

static rc_t book(struct ctx *c, struct run *run, const struct turn *t, const struct pool_outcome *o,
                 const char *outcome, bool again)
{
    if (t->call_id != NULL)
        TRY(call_close(c, t->call_id));
    if (o->answer.model != NULL)
        TRY(enter_answer(c, run, t, o, outcome, again));
    return enter_tries(c, run, t, o, again);
}

rc_t turn_book(struct ctx *c, struct run *run, const struct turn *t, const struct pool_outcome *o,
               const char *outcome)
{
    return book(c, run, t, o, outcome, false);
}

void turn_book_anyway(struct ctx *c, struct run *run, const struct turn *t,
                      const struct pool_outcome *o)
{
    struct fault why = c->fault;
    rc_t rc;

    db_rollback(c);
    ctx_forgive(c);
    rc = book(c, run, t, o, "answered", true);
    if (rc == OK)
        rc = db_commit(c);
    if (rc != OK)
        log_fault(c, "call_not_booked");
    db_rollback(c);
    c->fault = why;
}
