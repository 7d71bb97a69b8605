/* See turn_book.h. */
#include "flow/turn_book.h"

#include "base/id.h"
#include "base/log.h"
#include "flow/account.h"
#include "flow/pool_cost.h"
#include "flow/pool_usage.h"
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
static rc_t enter(struct ctx *c, struct run *run, const struct turn *t, struct usage u,
                  const struct purse_hold *hold)
{
    u.id = id_new(c->mem);
    u.job = &run->job;
    u.employee_id = t->payer.employee_id;
    u.team_id = t->payer.team_id;
    u.conversation_id = t->payer.conversation_id;
    run->tokens += u.tokens.input + u.tokens.output;
    TRY(usage_add(c, &u));
    return purse_book(c, hold, u.cost_micros);
}

static rc_t enter_tries(struct ctx *c, struct run *run, const struct turn *t,
                        const struct pool_outcome *o, bool again)
{
    for (size_t i = 0; i < o->try_count; i++) {
        const struct pool_try *failed = &o->tries[i];
        struct usage u = pool_try_usage(failed);

        u.step_no = again ? NO_STEP : TRY_STEPS * t->step + (int64_t)i;
        TRY(account_tell(c, failed));
        if (pool_try_counts(failed))
            TRY(enter(c, run, t, u, &failed->cost.hold));
    }
    return OK;
}

static rc_t enter_answer(struct ctx *c, struct run *run, const struct turn *t,
                         const struct pool_outcome *o, const char *outcome, bool again)
{
    struct usage u = pool_answer_usage(c->mem, &t->routing.pool.candidates[o->candidate], o);

    u.step_no = again ? NO_STEP : t->step;
    u.outcome = outcome;
    return enter(c, run, t, u, &o->cost.hold);
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
