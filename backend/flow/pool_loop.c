/* See pool_loop.h. What a question waits for, and why, is flow/pool_run.c's. */
#include "flow/pool_loop.h"

#include <assert.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "flow/pool_bank.h"
#include "flow/pool_enter.h"
#include "flow/pool_ledger.h"
#include "flow/pool_run.h"
#include "io/http_multi.h"

#define DRAIN_MS 10000 /* so long at most an answer is read to its end for its figures */
#define FLOOD 128      /* questions at once */
#define EBB_MS 1000
#define KEPT MIB(1) /* of free memory at the end */

struct pool_loop {
    struct loop *loop;
    struct http_multi *http;
    struct pool_bank *bank;
    struct pool_ledger *ledger;
    size_t count, most; /* now; at once, since memory was given back */
    struct loop_timer ebb;
};

struct pool_call {
    struct pool_loop *p;
    struct pool_question q;
    struct pool_run run;
    struct pool_outcome *out;
    struct bank_wait wait;
    struct pool_entering enter;
    struct http_flight *flight; /* while an answer comes in */
    struct loop_task step;      /* begins, or goes on at once */
    struct loop_timer sleep, drain;
    bool waits_for_money, held_back, left;
};

/*
 * What a flood of questions has left when half of it is over goes back to the system. While many
 * quick ones come, no fewer are open.
 */
static void on_ebb(void *arg)
{
    struct pool_loop *p = arg;

    if (p->count <= p->most / 2) {
        p->most = p->count;
        (void)malloc_trim(KEPT);
    }
    if (p->most >= FLOOD)
        loop_timer_set(p->loop, &p->ebb, EBB_MS);
}

static void count_one(struct pool_loop *p)
{
    if (++p->count > p->most)
        p->most = p->count;
    if (p->most >= FLOOD && p->ebb.place == 0)
        loop_timer_set(p->loop, &p->ebb, EBB_MS);
}

struct pool_loop *pool_loop_new(struct loop *loop, struct db_pool *db)
{
    struct pool_loop *p = calloc(1, sizeof(*p));

    if (p == NULL)
        abort();
    p->loop = loop;
    p->http = http_multi_new(loop);
    p->ledger = pool_ledger_new(db);
    p->bank = pool_bank_new(loop, db, p->ledger);
    p->ebb = (struct loop_timer){.fn = on_ebb, .arg = p};
    return p;
}

void pool_loop_free(struct pool_loop *p)
{
    assert(p->count == 0);
    loop_timer_stop(p->loop, &p->ebb);
    pool_bank_free(p->bank);
    pool_ledger_free(p->ledger);
    http_multi_free(p->http);
    free(p);
}

const struct pool_candidate *pool_asked(const struct pool_call *call)
{
    return call->run.who;
}

size_t pool_loop_count(const struct pool_loop *p)
{
    return p->count;
}

void pool_loop_flush(struct pool_loop *p)
{
    pool_ledger_flush(p->ledger);
}

static void on_delta(void *arg, struct bytes piece)
{
    const struct pool_call *call = arg;

    if (!call->left)
        call->q.sink.delta(call->q.sink.arg, piece);
}

static void on_restart(void *arg)
{
    const struct pool_call *call = arg;

    if (!call->left)
        call->q.sink.restart(call->q.sink.arg);
}

static void on_began(void *arg)
{
    const struct pool_call *call = arg;

    if (!call->left)
        call->q.sink.began(call->q.sink.arg);
}

/* c may be gone behind this, and the call lies in it. */
static void end(struct pool_call *call)
{
    call->p->count--;
    call->q.ended(call->q.arg, call->run.rc, call->out);
}

static void go_on(struct pool_call *call);

static void on_served(void *arg, rc_t rc)
{
    struct pool_call *call = arg;

    call->waits_for_money = false;
    call->run.rc = rc;
    go_on(call);
}

static void on_answer(void *arg, rc_t rc)
{
    struct pool_call *call = arg;

    call->flight = NULL;
    loop_timer_stop(call->p->loop, &call->drain);
    call->run.rc = rc;
    go_on(call);
}

/* True: there is nothing to wait for. */
static bool hold(struct pool_call *call)
{
    call->wait = (struct bank_wait){.c = call->run.c,
                                    .payer = call->q.route->payer,
                                    .who = call->run.who,
                                    .ask = call->q.ask,
                                    .cost = &call->run.cost,
                                    .served = on_served,
                                    .arg = call};
    call->waits_for_money = !pool_bank_hold(call->p->bank, &call->wait, &call->run.rc);
    return !call->waits_for_money;
}

static bool make_call(struct pool_call *call)
{
    struct pool_trial *t = &call->run.trial;

    pool_enter_begin(&call->enter, call->run.who, &call->run.cost.hold);
    call->run.rc = http_multi_begin(call->p->http, t->c, &t->request, &t->http, on_answer, call,
                                    &call->flight);
    if (call->run.rc == OK && call->held_back)
        http_flight_hold(call->flight, true);
    return call->run.rc != OK;
}

static bool sleep_on(struct pool_call *call)
{
    loop_timer_set(call->p->loop, &call->sleep, call->run.until_ms - clock_mono_ms());
    return false;
}

/* Steps until there is something to wait for, or the end. */
static void go_on(struct pool_call *call)
{
    bool more = true;

    while (more) {
        enum pool_want want = pool_run_next(&call->run);

        if (pool_enter_tries(&call->enter, call->out) > 0)
            pool_bank_freed(call->p->bank);
        switch (want) {
        case POOL_HOLD:
            more = hold(call);
            break;
        case POOL_CALL:
            more = make_call(call);
            break;
        case POOL_SLEEP:
            more = sleep_on(call);
            break;
        case POOL_ENDED:
            if (call->run.rc == OK) {
                pool_enter_answer(&call->enter, call->run.who, call->out);
                pool_bank_freed(call->p->bank);
            }
            end(call);
            return;
        }
    }
}

static void on_step(void *arg)
{
    go_on(arg);
}

static void on_drained_enough(void *arg)
{
    struct pool_call *call = arg;

    call->enter.ended = "cancelled";
    http_flight_cancel(call->flight);
}

struct pool_call *pool_start(struct pool_loop *p, const struct pool_question *question)
{
    struct pool_call *call = arena_take(question->c->mem, sizeof(*call));
    struct pool_sink sink = {.as_it_is = question->sink.as_it_is, .arg = call};

    call->p = p;
    call->q = *question;
    call->out = arena_take(question->c->mem, sizeof(*call->out));
    call->step = (struct loop_task){.fn = on_step, .arg = call};
    call->sleep = (struct loop_timer){.fn = on_step, .arg = call};
    call->drain = (struct loop_timer){.fn = on_drained_enough, .arg = call};
    if (question->sink.delta != NULL)
        sink.delta = on_delta;
    if (question->sink.restart != NULL)
        sink.restart = on_restart;
    if (question->sink.began != NULL)
        sink.began = on_began;
    pool_run_begin(&call->run, question->c, question->route, question->ask, &sink, call->out);
    call->enter = (struct pool_entering){.ledger = p->ledger,
                                         .tenant_id = question->c->tenant_id,
                                         .payer = question->route->payer,
                                         .ask = question->ask,
                                         .mem = question->c->mem};
    count_one(p);
    loop_soon(p->loop, &call->step);
    return call;
}

void pool_hold_back(struct pool_call *call, bool hold)
{
    call->held_back = hold;
    if (call->flight != NULL && !call->left)
        http_flight_hold(call->flight, hold);
}

/* So little of the answer is left that its exact figures are worth more than what it costs. */
static bool is_short(const struct pool_call *call)
{
    const struct pool_trial *t = &call->run.trial;
    int64_t came = pool_trial_tokens(t);

    return t->ask.max_tokens - came <= conf_number(CONF_drain_tokens);
}

void pool_leave(struct pool_call *call)
{
    if (call->left)
        return;
    call->left = call->run.gone = true;
    call->enter.ended = "cancelled";
    if (call->waits_for_money) {
        pool_bank_leave(&call->wait);
    } else if (call->flight != NULL && is_short(call)) {
        call->enter.ended = "drained";
        http_flight_hold(call->flight, false);
        loop_timer_set(call->p->loop, &call->drain, DRAIN_MS);
    } else if (call->flight != NULL) {
        http_flight_cancel(call->flight);
    } else if (call->sleep.place != 0) {
        loop_timer_stop(call->p->loop, &call->sleep);
        loop_soon(call->p->loop, &call->step);
    }
}
