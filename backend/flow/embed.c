/* See embed.h. */
#include "flow/embed.h"

#include <string.h>

#include "base/clock.h"
#include "flow/embed_built_in.h"
#include "flow/pool_booked.h"

/* Of one question: a token is at least a byte, and some 300,000 tokens are what providers take. */
#define BATCH_BYTES_MAX KIB(256)

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

/* The translator that makes vectors of texts for this candidate, or NULL. */
static const struct llm *vectors_of(const struct pool_candidate *who)
{
    if (who->llm->can & LLM_CAN_LOCAL)
        return text_is(who->model, EMBED_BUILT_IN) ? &embed_built_in : NULL;
    return who->llm->vectors;
}

/* The candidates that make vectors of the first one's model, with the translators that do. */
static rc_t route_of(struct ctx *c, const struct pool_route *from, struct pool_route *out)
{
    *out = *from;
    out->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        const struct pool_candidate *who = &from->candidates[i];
        const struct llm *llm = vectors_of(who);

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

/* Nobody answered: the last one says why. What it says of the question is the caller's to mend. */
static rc_t own_fault(struct ctx *c, rc_t rc, const struct pool_outcome *o)
{
    static const char words[] = "llm_too_long llm_bad_request llm_model_unknown llm_cannot";
    const struct pool_try *t = o->try_count == 0 ? NULL : &o->tries[o->try_count - 1];

    if (rc != E_UPSTREAM || t == NULL)
        return rc;
    ctx_forgive(c);
    return ctx_fail(c, text_among(words, t->code) ? E_INVALID : E_UPSTREAM, t->code, "%s",
                    t->detail);
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

/* One span of time for all questions, and an end to them when nobody waits any more. */
static rc_t time_left(struct ctx *c, int64_t until, const struct pool_sink *sink, int64_t *ms)
{
    *ms = until - clock_mono_ms();
    if (sink != NULL && sink->cancelled != NULL && sink->cancelled(sink->arg))
        return ctx_fail(c, E_TIMEOUT, "llm_cancelled", "nobody waits for these vectors any more");
    if (*ms <= 0)
        return ctx_fail(c, E_UPSTREAM, "llm_all_failed", "no time was left for all of the texts");
    return OK;
}

rc_t embed_texts(struct ctx *c, const struct pool_route *route, const char *const *texts,
                 size_t count, int64_t dimensions, const struct pool_sink *sink,
                 struct embedded_texts *out)
{
    struct pool_route own;
    float *vectors = NULL;
    int64_t until;

    *out = (struct embedded_texts){.count = 0};
    TRY(check(c, texts, count));
    TRY(route_of(c, route, &own));
    until = clock_mono_ms() + (own.limits.turn_ms > 0 ? own.limits.turn_ms : pool_usual.turn_ms);
    for (size_t from = 0, n; from < count; from += n) {
        struct llm_ask ask = {.model = own.candidates[0].model,
                              .texts = texts + from,
                              .text_count = n = batch_of(texts + from, count - from),
                              .dimensions = dimensions};

        TRY(time_left(c, until, sink, &own.limits.turn_ms));
        TRY(own_fault(c, pool_ask_booked(c, &own, &ask, sink, &out->last), &out->last));
        TRY(take_in(c, &own, from, count, out, &vectors));
    }
    return OK;
}
