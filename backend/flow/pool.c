/* See pool.h. One try of one candidate is flow/pool_try.c. */
#include "flow/pool.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "flow/breaker.h"
#include "flow/pool_cost.h"
#include "flow/pool_try.h"

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

static bool is_cancelled(const struct pool_sink *sink)
{
    return sink->cancelled != NULL && sink->cancelled(sink->arg);
}

static void wait_ms(const struct pool_sink *sink, int64_t ms)
{
    const int64_t until = clock_mono_ms() + ms;

    for (int64_t left = ms; left > 0 && !is_cancelled(sink); left = until - clock_mono_ms()) {
        int64_t nap = left < 100 ? left : 100;

        nanosleep(&(struct timespec){.tv_nsec = nap * 1000000}, NULL);
    }
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

static void record(struct ctx *c, const struct pool_candidate *who, const struct pool_failure *f,
                   const struct pool_cost *cost, int64_t ms, struct pool_outcome *out)
{
    struct pool_try *t = &out->tries[out->try_count++];

    *t = (struct pool_try){.provider = who->llm->name,
                           .model = text_dup(c->mem, who->model),
                           .purpose = text_dup(c->mem, who->purpose),
                           .account_id = text_dup(c->mem, who->account_id),
                           .account_name = text_dup(c->mem, who->account_name),
                           .code = f->code,
                           .detail = f->detail,
                           .status = f->status,
                           .ms = ms,
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
    return !f->partial.counted && f->partial.output_tokens == 0 && text_is(f->code, "http_timeout");
}

/* Faults that say that this model, here and now, does not work; a wrong question is not one. */
static enum breaker_end verdict(const struct pool_failure *f)
{
    static const char *const sick[] = {"http_connect",  "http_tls",       "http_timeout",
                                       "http_broken",   "llm_overloaded", "llm_torn",
                                       "llm_no_credit", "llm_broken",     "llm_key_refused"};

    if (text_is(f->code, "llm_rate_limited"))
        return f->retry_after_ms > RETRY_AFTER_MAX_MS ? BREAKER_FAILED : BREAKER_NOTHING;
    for (size_t i = 0; i < COUNT_OF(sick); i++)
        if (text_is(f->code, sick[i]))
            return BREAKER_FAILED;
    return BREAKER_NOTHING;
}

/* The last one is asked whatever its past: nobody else is left. */
static bool resting(const struct pool_route *route, size_t index, int64_t *open_ms)
{
    const struct pool_candidate *who = &route->candidates[index];

    return route->pause_ms > 0 && index + 1 < route->count &&
           !breaker_allows(who->account.base_url, who->account.key, who->model, clock_mono_ms(),
                           open_ms);
}

static void report(const struct pool_route *route, const struct pool_candidate *who,
                   enum breaker_end how)
{
    if (route->pause_ms > 0)
        breaker_ended(who->account.base_url, who->account.key, who->model, clock_mono_ms(), how,
                      route->pause_ms);
}

/* Refused before anything is sent: a cap, or a circuit that is open. */
static rc_t not_asked(struct ctx *c, const struct pool_candidate *who, const char *code,
                      const char *detail, struct pool_failure *f, struct pool_outcome *out)
{
    static const struct pool_cost nothing = {.micros = 0};

    *f = (struct pool_failure){.code = code, .detail = detail, .retry_after_ms = -1};
    record(c, who, f, &nothing, 0, out);
    return E_UPSTREAM;
}

/*
 * One try with its money. OK; E_UPSTREAM: f and the last of out->tries say why; anything else is
 * not the candidate's fault.
 */
static rc_t pay_and_try(struct ctx *c, const struct pool_route *route, size_t index,
                        const struct pool_limits *limits, const struct llm_ask *ask,
                        const struct pool_sink *sink, struct pool_failure *f,
                        struct pool_outcome *out)
{
    const struct pool_candidate *who = &route->candidates[index];
    struct pool_cost cost;
    int64_t begin, open_ms;
    rc_t rc;

    if (resting(route, index, &open_ms))
        return not_asked(
            c, who, "llm_circuit_open",
            text_printf(c->mem, "it failed too often; asked again in %lld ms", (long long)open_ms),
            f, out);
    rc = pool_hold(c, route, who, ask, &cost);
    if (rc != OK)
        report(route, who, BREAKER_NOTHING);
    if (rc == E_LIMIT) {
        const struct fault refused = c->fault;

        ctx_forgive(c);
        return not_asked(c, who, refused.code, refused.detail, f, out);
    }
    TRY(rc);
    begin = clock_mono_ms();
    if (pool_try_one(c, who, limits, ask, sink, &out->answer, f) == OK) {
        report(route, who, BREAKER_WORKED);
        out->candidate = index;
        out->ms = clock_mono_ms() - begin;
        rc = pool_settle(c, who, &out->answer, false, &cost);
        out->cost = cost;
        return rc;
    }
    report(route, who, is_cancelled(sink) ? BREAKER_NOTHING : verdict(f));
    rc = pool_settle(c, who, &f->partial, nobody_knows(f), &cost);
    record(c, who, f, &cost, clock_mono_ms() - begin, out);
    return rc == OK ? E_UPSTREAM : rc;
}

/*
 * One candidate, at most twice. OK, or E_UPSTREAM to go on with the next one, or E_TIMEOUT: nobody
 * waits any more.
 */
static rc_t ask_candidate(struct ctx *c, const struct pool_route *route, size_t index,
                          const struct pool_limits *limits, int64_t deadline,
                          const struct llm_ask *ask, const struct pool_sink *sink,
                          struct pool_outcome *out)
{
    const struct pool_candidate *who = &route->candidates[index];
    bool is_local = (who->llm->can & LLM_CAN_LOCAL) != 0, is_last = index + 1 == route->count;

    for (int attempt = 0; attempt < 2; attempt++) {
        struct pool_limits own = *limits;
        struct pool_failure f = {.code = NULL};

        own.total_ms = time_for(route, index, deadline - clock_mono_ms(), limits->total_ms);
        if (!is_local && own.total_ms < LEAST_MS)
            return E_UPSTREAM;

        rc_t rc = pay_and_try(c, route, index, &own, ask, sink, &f, out);

        if (rc != E_UPSTREAM)
            return rc;
        if (is_cancelled(sink))
            return ctx_fail(c, E_TIMEOUT, "llm_cancelled", "nobody waits for this answer any more");
        if (f.shown && sink->restart != NULL)
            sink->restart(sink->arg);

        int64_t wait = retry_wait(&f, is_last);

        if (wait < 0 || deadline - clock_mono_ms() < wait + LEAST_MS)
            return E_UPSTREAM;
        if (attempt == 0)
            wait_ms(sink, wait);
    }
    return E_UPSTREAM;
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

rc_t pool_ask(struct ctx *c, const struct pool_route *route, const struct llm_ask *ask,
              const struct pool_sink *sink, struct pool_outcome *out)
{
    static const struct pool_sink nobody = {.arg = NULL};
    struct pool_limits limits = limits_of(route);
    int64_t deadline = clock_mono_ms() + limits.turn_ms;

    *out = (struct pool_outcome){.try_count = 0};
    TRY(check(c, ask));
    for (size_t i = 0; i < route->count && i < POOL_CANDIDATES_MAX; i++) {
        rc_t rc = ask_candidate(c, route, i, &limits, deadline, ask, sink == NULL ? &nobody : sink,
                                out);

        if (rc != E_UPSTREAM)
            return rc;
    }
    return all_failed(c, out);
}
