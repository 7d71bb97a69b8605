/* See pool_run.h: order, retries, deadlines and what is said of them. */
#include "flow/pool_run.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "flow/breaker.h"
#include "flow/pool_cost.h"

#define RETRY_MS 300 /* before the second try of a candidate that names no time */
#define RETRY_AFTER_MAX_MS \
    2000 /* a provider that wants more time than this loses the turn to the next one */
#define LEFT_FOR_LATER_MS 10000 /* of the turn, for each candidate behind this one */
#define LEAST_MS 1000           /* a try with less time than this is not begun */

const struct pool_limits pool_usual = {
    .turn_ms = 120000, .connect_ms = 5000, .first_ms = 45000, .idle_ms = 30000, .total_ms = 90000};

static int64_t or_usual(int64_t limit, int64_t usual)
{
    return limit > 0 ? limit : usual;
}

static struct pool_limits limits_of(const struct pool_route *route)
{
    const struct pool_limits *l = &route->limits, *u = &pool_usual;

    return (struct pool_limits){.turn_ms = or_usual(l->turn_ms, u->turn_ms),
                                .connect_ms = or_usual(l->connect_ms, u->connect_ms),
                                .first_ms = or_usual(l->first_ms, u->first_ms),
                                .idle_ms = or_usual(l->idle_ms, u->idle_ms),
                                .total_ms = or_usual(l->total_ms, u->total_ms)};
}

/* What no candidate could answer is not asked at all. */
static rc_t check(struct ctx *c, const struct llm_ask *ask)
{
    TRY(llm_check(c, ask));
    if (llm_ask_bytes(ask) > POOL_ASK_MAX)
        return ctx_fail(c, E_LIMIT, "llm_ask_too_long",
                        "persona, facts, tools and messages are longer than %zu bytes",
                        POOL_ASK_MAX);
    return OK;
}

/*
 * Time for a try of candidate `index`: of what is left, less a share for those behind it that need
 * any.
 */
static int64_t time_for(const struct pool_route *route, size_t index, int64_t left_ms,
                        int64_t total_ms)
{
    int64_t later = 0;

    for (size_t i = index + 1; i < route->count; i++)
        if ((route->candidates[i].llm->can & LLM_CAN_LOCAL) == 0)
            later += LEFT_FOR_LATER_MS;
    if (later > left_ms / 2)
        later = left_ms / 2;
    return left_ms - later < total_ms ? left_ms - later : total_ms;
}

bool pool_run_gone(const struct pool_run *r)
{
    return r->gone || (r->sink.cancelled != NULL && r->sink.cancelled(r->sink.arg));
}

/*
 * How long to wait before the second try of the same candidate; -1: there is none. Only a fault
 * that may be over in a moment gets one, and text that a person has seen is thrown away only when
 * nobody else is left to ask.
 */
static int64_t retry_wait(const struct pool_failure *f, bool is_last)
{
    static const char *const passing[] = {"http_connect", "http_broken", "llm_overloaded",
                                          "llm_torn"};
    bool passes = f->status >= 500 && text_is(f->code, "llm_broken");

    for (size_t i = 0; i < COUNT_OF(passing); i++)
        passes = passes || text_is(f->code, passing[i]);
    if (text_is(f->code, "llm_rate_limited"))
        passes = f->retry_after_ms >= 0;
    if (text_is(f->code, "llm_torn") || f->shown)
        passes = passes && is_last;
    if (!passes || f->retry_after_ms > RETRY_AFTER_MAX_MS)
        return -1;
    return f->retry_after_ms >= 0 ? f->retry_after_ms : RETRY_MS;
}

static void record(struct pool_run *r, const struct pool_failure *f, const struct pool_cost *cost,
                   int64_t ms)
{
    struct ctx *c = r->c;
    struct pool_try *t;

    if (r->out->tries == NULL)
        r->out->tries = arena_take(c->mem, POOL_TRIES_MAX * sizeof(*t));
    t = &r->out->tries[r->out->try_count++];
    *t = (struct pool_try){.provider = r->who->llm->name,
                           .model = text_dup(c->mem, r->who->model),
                           .purpose = text_dup(c->mem, r->who->purpose),
                           .account_id = text_dup(c->mem, r->who->account_id),
                           .account_name = text_dup(c->mem, r->who->account_name),
                           .code = f->code,
                           .detail = f->detail,
                           .status = f->status,
                           .retry_after_ms = f->retry_after_ms,
                           .ms = ms,
                           .first_ms = f->first_ms,
                           .input_tokens = f->partial.input_tokens,
                           .cached_tokens = f->partial.cached_tokens,
                           .cache_write_tokens = f->partial.cache_write_tokens,
                           .output_tokens = f->partial.output_tokens,
                           .reasoning_tokens = f->partial.reasoning_tokens,
                           .counted = f->partial.counted,
                           .cost = *cost};
    log_warn("llm_failed", "reference", c->reference, "tenant", c->tenant_id, "provider",
             t->provider, "model", t->model, "purpose", t->purpose, "code", t->code, "detail",
             t->detail, "status", t->status == 0 ? NULL : text_printf(c->mem, "%d", t->status),
             "ms", text_printf(c->mem, "%lld", (long long)ms), NULL);
}

/*
 * The question went out, and in all its time nothing came back: the provider may be at work on it
 * still. One that ends the connection without a word has done nothing.
 */
static bool nobody_knows(const struct pool_failure *f)
{
    return f->sent && !f->partial.counted && f->partial.output_tokens == 0 &&
           text_is(f->code, "http_timeout");
}

/* Faults that say that this model, here and now, does not work; a wrong question is not one. */
static enum breaker_end verdict(const struct pool_failure *f)
{
    static const char *const sick[] = {"http_connect",  "http_tls",       "http_timeout",
                                       "http_broken",   "llm_overloaded", "llm_torn",
                                       "llm_no_credit", "llm_broken",     "llm_key_refused"};

    if (text_is(f->code, "llm_rate_limited"))
        return BREAKER_NOTHING;
    for (size_t i = 0; i < COUNT_OF(sick); i++)
        if (text_is(f->code, sick[i]))
            return BREAKER_FAILED;
    return BREAKER_NOTHING;
}

/* The last one is asked whatever its past: nobody else is left. */
static bool resting(const struct pool_run *r, int64_t *open_ms)
{
    const struct llm_account *a = &r->who->account;

    return r->route->pause_ms > 0 && r->index + 1 < r->route->count &&
           !breaker_allows(a->base_url, a->key, r->who->model, clock_mono_ms(), open_ms);
}

static void report(const struct pool_run *r, enum breaker_end how)
{
    const struct llm_account *a = &r->who->account;

    if (r->route->pause_ms > 0)
        breaker_ended(a->base_url, a->key, r->who->model, clock_mono_ms(), how, r->route->pause_ms);
}

static void report_failure(const struct pool_run *r, const struct pool_failure *f)
{
    const struct llm_account *a = &r->who->account;

    if (pool_run_gone(r))
        report(r, BREAKER_NOTHING);
    else if (r->route->pause_ms > 0 && f->retry_after_ms > RETRY_AFTER_MAX_MS &&
             text_among("llm_rate_limited llm_overloaded", f->code))
        breaker_rests(a->base_url, a->key, r->who->model, clock_mono_ms(), f->retry_after_ms);
    else
        report(r, verdict(f));
}

/* Nobody answered: a cap that stood in the way is said before anything else. */
static rc_t all_failed(struct ctx *c, const struct pool_outcome *out)
{
    const struct pool_try *last;

    if (out->try_count == 0)
        return ctx_fail(c, E_UPSTREAM, "llm_all_failed",
                        "no model could be asked: none is set up, or no time was left");
    last = &out->tries[out->try_count - 1];
    for (size_t i = 0; i < out->try_count; i++)
        if (text_starts(out->tries[i].code, "cap_"))
            return ctx_fail(c, E_LIMIT, out->tries[i].code, "%s", out->tries[i].detail);
    return ctx_fail(c, E_UPSTREAM, "llm_all_failed", "all models failed; the last: %s (%s)",
                    last->detail, last->code);
}

static enum pool_want end(struct pool_run *r, rc_t rc)
{
    r->rc = rc;
    return POOL_ENDED;
}

static enum pool_want give_up(struct pool_run *r)
{
    return end(r,
               ctx_fail(r->c, E_TIMEOUT, "llm_cancelled", "nobody waits for this answer any more"));
}

static void next_candidate(struct pool_run *r)
{
    r->phase = RUN_BEGINS;
    r->index++;
    r->attempt = 0;
}

/* Refused before anything is sent, by a cap or a circuit that is open: on to the next one. */
static enum pool_want not_asked(struct pool_run *r, const char *code, const char *detail)
{
    static const struct pool_cost nothing = {.micros = 0};
    const struct pool_failure f = {.code = code, .detail = detail, .retry_after_ms = -1};

    record(r, &f, &nothing, 0);
    if (pool_run_gone(r))
        return give_up(r);
    next_candidate(r);
    return pool_run_next(r);
}

/* After a try that failed: the same one again in a moment, the next one, or nobody. */
static enum pool_want go_on(struct pool_run *r, const struct pool_failure *f)
{
    int64_t wait = retry_wait(f, r->index + 1 == r->route->count);

    if (pool_run_gone(r))
        return give_up(r);
    if (f->shown && r->sink.restart == NULL)
        return end(r, ctx_fail(r->c, E_UPSTREAM, "llm_broke_off", "the answer broke off: %s (%s)",
                               f->detail, f->code));
    if (f->shown)
        r->sink.restart(r->sink.arg);
    if (wait < 0 || r->attempt > 0 || r->deadline_ms - clock_mono_ms() < wait + LEAST_MS) {
        next_candidate(r);
        return pool_run_next(r);
    }
    r->phase = RUN_SLEPT;
    r->until_ms = clock_mono_ms() + wait;
    return POOL_SLEEP;
}

/* What the try took; never less than its first token, which takes a millisecond at least. */
static int64_t ms_of(const struct pool_trial *t)
{
    const int64_t ms = clock_mono_ms() - t->started_ms;

    return ms < t->first_ms ? t->first_ms : ms;
}

static enum pool_want take_answer(struct pool_run *r)
{
    struct pool_failure f = {.code = NULL};
    const int64_t first_ms = r->trial.first_ms, ms = ms_of(&r->trial);
    bool unknown;

    if (pool_trial_end(&r->trial, r->c, r->rc, &r->out->answer, &f) == OK) {
        report(r, BREAKER_WORKED);
        r->out->candidate = r->index;
        r->out->ms = ms;
        r->out->first_ms = first_ms;
        pool_settle(&r->out->answer, false, &r->cost);
        r->out->cost = r->cost;
        return end(r, OK);
    }
    report_failure(r, &f);
    unknown = nobody_knows(&f);
    pool_settle(&f.partial, unknown, &r->cost);
    record(r, &f, &r->cost, ms);
    return go_on(r, &f);
}

static enum pool_want make_call(struct pool_run *r)
{
    bool call;

    r->rc = pool_trial_begin(&r->trial, r->c, r->who, &r->limits, r->ask, &r->sink, &call);
    r->phase = RUN_CALLED;
    return r->rc == OK && call ? POOL_CALL : take_answer(r);
}

/* The money is there, or refused. */
static enum pool_want held(struct pool_run *r)
{
    if (r->rc == OK && !r->gone)
        return make_call(r);
    report(r, BREAKER_NOTHING);
    if (r->rc == OK) {
        static const struct pool_failure f = {.code = "llm_cancelled",
                                              .detail = "nobody waits for this answer any more",
                                              .retry_after_ms = -1};

        pool_settle(&f.partial, false, &r->cost);
        record(r, &f, &r->cost, 0);
        return give_up(r);
    }
    if (r->rc != E_LIMIT)
        return end(r, r->rc);

    const struct fault refused = r->c->fault;

    ctx_forgive(r->c);
    return not_asked(r, refused.code, refused.detail);
}

/* The first or second try of the candidate whose turn it is. */
static enum pool_want begin(struct pool_run *r)
{
    const struct pool_limits usual = limits_of(r->route);
    bool is_local;
    int64_t open_ms;

    if (r->gone)
        return give_up(r);
    if (r->index >= r->route->count || r->index >= POOL_CANDIDATES_MAX)
        return end(r, all_failed(r->c, r->out));
    r->who = &r->route->candidates[r->index];
    is_local = (r->who->llm->can & LLM_CAN_LOCAL) != 0;
    r->limits.total_ms = time_for(r->route, r->index, r->deadline_ms - clock_mono_ms(),
                                  usual.total_ms);
    if (!is_local && r->limits.total_ms < LEAST_MS) {
        next_candidate(r);
        return pool_run_next(r);
    }
    if (resting(r, &open_ms))
        return not_asked(r, "llm_circuit_open",
                         text_printf(r->c->mem,
                                     "it failed, or takes no more just now; asked again in %lld ms",
                                     (long long)open_ms));
    r->cost = (struct pool_cost){.micros = 0};
    r->phase = RUN_HELD;
    if (r->route->payer != NULL && !is_local)
        return POOL_HOLD;
    r->rc = OK;
    return held(r);
}

void pool_run_begin(struct pool_run *r, struct ctx *c, const struct pool_route *route,
                    const struct llm_ask *ask, const struct pool_sink *sink,
                    struct pool_outcome *out)
{
    *r = (struct pool_run){.c = c,
                           .route = route,
                           .ask = ask,
                           .out = out,
                           .limits = limits_of(route),
                           .deadline_ms = clock_mono_ms() + limits_of(route).turn_ms};
    if (sink != NULL)
        r->sink = *sink;
    *out = (struct pool_outcome){.try_count = 0};
    r->rc = check(c, ask);
}

enum pool_want pool_run_next(struct pool_run *r)
{
    switch (r->phase) {
    case RUN_CHECKED:
        r->phase = RUN_BEGINS;
        return r->rc == OK ? begin(r) : POOL_ENDED;
    case RUN_BEGINS:
        return begin(r);
    case RUN_HELD:
        return held(r);
    case RUN_CALLED:
        return take_answer(r);
    case RUN_SLEPT:
        r->attempt++;
        return begin(r);
    }
    return POOL_ENDED;
}
