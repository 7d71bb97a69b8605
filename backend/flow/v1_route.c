/* See v1_route.h. */
#include "flow/v1_route.h"

#include <string.h>

#include "base/conf.h"
#include "io/db.h"
#include "llm/model.h"
#include "llm/openai.h"
#include "llm/served_embed.h"

#define PLAIN_MS 60000    /* until a plain answer begins */
#define PLAIN_TOKEN_MS 25 /* and for each token of it */

static unsigned needs_of(const struct llm_ask *ask)
{
    unsigned needs = ask->tool_count > 0 ? MODEL_TOOLS : 0;

    for (size_t i = 0; i < ask->count; i++)
        for (size_t k = 0; k < ask->messages[i].part_count; k++)
            if (ask->messages[i].parts[k].kind == LLM_IMAGE)
                needs |= MODEL_IMAGES;
    return needs;
}

/* Nobody can be asked: the first that could not says why. */
static rc_t nobody(struct ctx *c, const struct llm_ask *ask, const struct routing *route)
{
    const char *code = route->passed_count == 0 ? "" : route->passed[0].code;

    if (text_is(code, "embeds_only"))
        return ctx_fail(c, E_NOT_FOUND, "model_not_found",
                        "%s makes vectors of texts: ask it at " SERVED_EMBED_PATH ".", ask->model);
    if (text_is(code, "context_too_short"))
        return ctx_fail(c, E_UPSTREAM, "llm_too_long", "no model here reads that much");
    if (text_starts(code, "no_") && !text_is(code, "no_account"))
        return ctx_fail(c, E_UPSTREAM, "llm_cannot", "no model here can do this: %s", code);
    return ctx_fail(c, E_NOT_FOUND, "model_not_found",
                    "There is no model %s here, or this key may not use it.", ask->model);
}

/*
 * "auto", or "auto/summarise": then the program says what its question is about. Else thinking hard
 * tells of a question to reason about. An account may be called "auto" as well.
 */
static const char *model_named(const struct llm_ask *ask, enum task *task)
{
    static const char prefix[] = ROUTING_AUTO "/";
    enum task named;

    *task = ask->effort >= LLM_EFFORT_MEDIUM ? TASK_REASON : TASK_CHAT;
    if (!text_starts(ask->model, prefix) || !task_find(ask->model + strlen(prefix), &named) ||
        named == TASK_EMBED)
        return ask->model;
    *task = named;
    return ROUTING_AUTO;
}

/*
 * The built-in starter answers where there is nobody else to ask. It stands in for no model that
 * failed: a person reads that it is not the usual one, a program would take its words for an
 * answer.
 */
static void drop_stand_in(struct pool_route *pool)
{
    size_t others = 0;

    for (size_t i = 0; i < pool->count; i++)
        if ((pool->candidates[i].llm->can & LLM_CAN_LOCAL) == 0)
            pool->candidates[others++] = pool->candidates[i];
    if (others > 0)
        pool->count = others;
}

/* What a model has thought counts as answer, too: there must be room for both. */
static void make_room(const struct pool_route *pool, struct served_ask *asked)
{
    for (size_t i = 0; i < pool->count && asked->unbounded; i++) {
        const struct pool_candidate *who = &pool->candidates[i];
        const struct llm_model *m = llm_model_find(who->llm->name, who->model);
        bool may = m != NULL && (m->can & MODEL_THINKS) != 0;

        if (openai_thinks(who->model) || (may && asked->ask.effort > LLM_EFFORT_NONE))
            asked->ask.max_tokens = SERVED_TOKENS_THINKING;
    }
}

/*
 * A stream shows that it goes on. A plain answer gets the time that its length takes at a slow
 * model's pace, and the next model is asked when that is over.
 */
static int64_t try_ms(const struct llm_ask *ask, int64_t call_ms)
{
    int64_t needed = PLAIN_MS + PLAIN_TOKEN_MS * ask->max_tokens;

    return ask->stream || needed > call_ms ? call_ms : needed;
}

rc_t v1_route(struct ctx *c, const struct routing_want *models, struct served_ask *asked,
              struct routing *out)
{
    const struct llm_ask *ask = &asked->ask;
    struct routing_want want = *models;

    want.model = model_named(ask, &want.task);
    want.tokens = llm_estimate_ask(ask) + ask->max_tokens;
    want.answer_tokens = ask->max_tokens;
    want.needs = needs_of(ask);
    TRY(routing_find(c, &want, out));
    TRY(db_commit(c));
    drop_stand_in(&out->pool);
    if (out->pool.count == 0)
        return nobody(c, ask, out);
    make_room(&out->pool, asked);
    out->pool.limits.turn_ms = conf_number(CONF_call_seconds) * 1000;
    out->pool.limits.total_ms = try_ms(ask, out->pool.limits.turn_ms);
    out->pool.pause_ms = conf_number(CONF_breaker_seconds) * 1000;
    return OK;
}
