/* See v1_embed.h. */
#include "flow/v1_embed.h"

#include "base/conf.h"
#include "flow/embed.h"
#include "io/db.h"
#include "llm/served_embed.h"

static bool cancelled(void *arg)
{
    return atomic_load((atomic_bool *)arg);
}

/* Which text is too long says only our own model; words of providers are for the log. */
static rc_t of_texts(struct ctx *c, rc_t rc, const char *model)
{
    const char *detail = c->fault.detail;

    if (rc != E_INVALID || !text_is(c->fault.code, "llm_too_long"))
        return rc;
    if (!text_is(model, EMBED_BUILT_IN))
        detail = "A text is longer than the model can read.";
    ctx_forgive(c);
    return ctx_fail(c, E_INVALID, "embed_too_long", "%s", detail);
}

rc_t v1_embed(struct ctx *c, const struct line_open *open, const struct routing_want *models,
              struct bytes question, atomic_bool *left, struct bytes *body)
{
    const struct payer payer = {.key_id = open->key_id};
    const struct pool_sink sink = {.cancelled = cancelled, .arg = left};
    struct routing_want want = *models;
    struct routing *route = arena_take(c->mem, sizeof(*route));
    struct embedded_texts *made = arena_take(c->mem, sizeof(*made));
    struct served_embed asked;
    struct buf out;

    TRY(served_embed_read(c, question, &asked));
    want.task = TASK_EMBED;
    /* Vectors of two models can't be compared, so "auto" is one that is always there. */
    want.model = text_is(asked.model, ROUTING_AUTO) ? EMBED_BUILT_IN : asked.model;
    TRY(routing_find(c, &want, route));
    TRY(db_commit(c));
    if (route->pool.count == 0)
        return ctx_fail(c, E_NOT_FOUND, "model_not_found",
                        "There is no model %s for embeddings here, or this key may not use it.",
                        asked.model);
    route->pool.payer = &payer;
    route->pool.limits.turn_ms = conf_number(CONF_call_seconds) * 1000;
    route->pool.pause_ms = conf_number(CONF_breaker_seconds) * 1000;
    TRY(of_texts(
        c, embed_texts(c, &route->pool, asked.inputs, asked.count, asked.dimensions, &sink, made),
        want.model));
    out = buf_new(c->mem, served_embed_room(&asked, made->dimensions));
    served_embed_write(&asked, made->model, made->vectors, made->dimensions, made->tokens, &out);
    if (out.over)
        return ctx_fail(c, E_LIMIT, "llm_too_many", "The vectors are more than one answer holds.");
    *body = buf_bytes(&out);
    return OK;
}
