/* See embed.h. */
#include "flow/embed.h"

#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "core/usage.h"
#include "flow/pool_cost.h"
#include "io/db.h"
#include "llm/vectors.h"

#define BATCH_BYTES_MAX \
    KIB(256) /* of one question; a token is at least a byte, and some 300,000
                                    tokens are what providers take */

static rc_t check(struct ctx *c, const char *const *texts, size_t count)
{
    size_t bytes = 0;

    if (count == 0)
        return ctx_fail(c, E_INVALID, "embed_nothing", "there is no text");
    for (size_t i = 0; i < count; i++)
        bytes += strlen(texts[i]);
    if (count > EMBED_TEXTS_MAX || bytes > EMBED_BYTES_MAX)
        return ctx_fail(c, E_LIMIT, "embed_too_many", "more than %d texts, or %zu bytes of them",
                        EMBED_TEXTS_MAX, EMBED_BYTES_MAX);
    return OK;
}

/* The candidates that make vectors of the first one's model, with the translators that do. */
static rc_t route_of(struct ctx *c, const struct pool_route *from, struct pool_route *out)
{
    *out = *from;
    out->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        const struct pool_candidate *who = &from->candidates[i];
        const struct llm *llm = who->llm->vectors;

        if (llm == NULL || (out->count > 0 && !text_is(who->model, out->candidates[0].model)))
            continue;
        out->candidates[out->count] = *who;
        out->candidates[out->count++].llm = llm;
    }
    return out->count > 0 ? OK
                          : ctx_fail(c, E_INVALID, "llm_model_unknown",
                                     "no provider that was named makes vectors of texts");
}

/* How many of the texts make one question. */
static size_t batch_of(const char *const *texts, size_t count)
{
    size_t bytes = strlen(texts[0]), n = 1;

    while (n < count && n < LLM_TEXTS_MAX && bytes + strlen(texts[n]) <= BATCH_BYTES_MAX)
        bytes += strlen(texts[n++]);
    return n;
}

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
        struct usage u = {.provider = t->provider,
                          .model = t->model,
                          .tokens = {.input = t->input_tokens},
                          .counted = t->counted,
                          .ms = t->ms,
                          .outcome = "failed"};

        if (t->input_tokens + t->cost.micros > 0)
            TRY(enter(c, route, &u, &t->cost));
    }
    if (o->answer.model != NULL) {
        struct usage u = {.provider = route->candidates[o->candidate].llm->name,
                          .model = o->answer.model,
                          .tokens = {.input = o->answer.input_tokens},
                          .counted = o->answer.counted,
                          .ms = o->ms,
                          .outcome = "answered"};

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

/* What all candidates say of the question itself is the caller's to mend. */
static rc_t own_fault(struct ctx *c, rc_t rc, const struct pool_outcome *o)
{
    static const char words[] = "llm_too_long llm_bad_request llm_model_unknown";
    const struct pool_try *t = o->try_count == 0 ? NULL : &o->tries[o->try_count - 1];

    if (rc != E_UPSTREAM || t == NULL || !text_among(words, t->code))
        return rc;
    ctx_forgive(c);
    return ctx_fail(c, E_INVALID, t->code, "%s", t->detail);
}

static rc_t ask_batch(struct ctx *c, const struct pool_route *route, const struct llm_ask *ask,
                      const struct pool_sink *sink, struct pool_outcome *out)
{
    const char *call_id;
    rc_t rc;

    TRY(announce(c, route, ask, &call_id));
    rc = pool_ask(c, route, ask, sink, out);
    book(c, route, call_id, out);
    return rc == OK ? OK : own_fault(c, rc, out);
}

/* The model that answered the first question answers all: a later one goes to nobody else. */
static rc_t take_in(struct ctx *c, const struct pool_route *route, size_t from, size_t count,
                    struct embedded_texts *out, float **vectors)
{
    const struct llm_answer *a = &out->last.answer;

    if (from == 0) {
        out->dimensions = a->dimensions;
        *vectors = arena_take(c->mem, count * a->dimensions * sizeof(float));
        out->vectors = *vectors;
        out->provider = route->candidates[out->last.candidate].llm->name;
        out->model = a->model;
        out->counted = true;
    }
    if (a->dimensions != out->dimensions)
        return ctx_fail(c, E_UPSTREAM, "llm_broken", "%s: vectors of several lengths",
                        out->provider);
    memcpy(*vectors + from * out->dimensions, a->vectors,
           a->vector_count * a->dimensions * sizeof(float));
    out->count += a->vector_count;
    out->tokens += a->input_tokens;
    out->counted = out->counted && a->counted;
    out->cost_micros += out->last.cost.micros;
    return OK;
}

rc_t embed_texts(struct ctx *c, const struct pool_route *route, const char *const *texts,
                 size_t count, int64_t dimensions, const struct pool_sink *sink,
                 struct embedded_texts *out)
{
    struct pool_route own;
    float *vectors = NULL;

    *out = (struct embedded_texts){.count = 0};
    TRY(check(c, texts, count));
    TRY(route_of(c, route, &own));
    for (size_t from = 0, n; from < count; from += n) {
        struct llm_ask ask = {.model = own.candidates[0].model,
                              .texts = texts + from,
                              .text_count = n = batch_of(texts + from, count - from),
                              .dimensions = dimensions};

        TRY(ask_batch(c, &own, &ask, sink, &out->last));
        TRY(take_in(c, &own, from, count, out, &vectors));
    }
    return OK;
}
