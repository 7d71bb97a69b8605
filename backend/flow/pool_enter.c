/* See pool_enter.h. */
#include "flow/pool_enter.h"

#include <jansson.h>

#include "base/shape.h"

static int64_t images_of(const struct llm_ask *ask)
{
    int64_t count = 0;

    for (size_t i = 0; i < ask->count; i++)
        for (size_t k = 0; k < ask->messages[i].part_count; k++)
            count += ask->messages[i].parts[k].kind == LLM_IMAGE;
    return count;
}

static const char *tries_text(struct arena *mem, const struct pool_outcome *out)
{
    json_t *list;
    const char *text;

    if (out->try_count == 0)
        return NULL;
    list = json_array();
    for (size_t i = 0; i < out->try_count; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s}", "provider", out->tries[i].provider,
                                        "model", out->tries[i].model, "code", out->tries[i].code));
    text = json_text(mem, list);
    json_decref(list);
    return text;
}

void pool_enter_begin(struct pool_entering *e, const struct pool_candidate *who,
                      const struct purse_hold *hold)
{
    if (e->payer != NULL && hold->count > 0)
        e->open = ledger_open(e->ledger, e->tenant_id, e->payer, who, hold);
}

/* Under the entry that is open, or one of its own where nothing was held. */
static void enter(struct pool_entering *e, const struct pool_candidate *who,
                  const struct purse_hold *hold, const struct usage *u)
{
    if (e->open == NULL && u != NULL)
        e->open = ledger_open(e->ledger, e->tenant_id, e->payer, who, &(struct purse_hold){0});
    if (e->open != NULL) {
        ledger_end(e->ledger, e->open, u);
    } else {
        struct purse_hold done = *hold;

        purse_told(&done);
    }
    e->open = NULL;
}

static const char *outcome_of(const struct pool_try *t)
{
    if (t->cost.unknown)
        return "unknown";
    return text_is(t->code, "http_cancelled") && t->output_tokens > 0 ? "answered" : "failed";
}

static void enter_try(struct pool_entering *e, const struct pool_try *t)
{
    const struct usage u = {.model = t->model,
                            .tokens = {.input = t->input_tokens,
                                       .cached = t->cached_tokens,
                                       .cache_written = t->cache_write_tokens,
                                       .output = t->output_tokens},
                            .reasoning_tokens = t->reasoning_tokens,
                            .images = t->input_tokens > 0 ? images_of(e->ask) : 0,
                            .counted = t->counted,
                            .cost_micros = t->cost.micros,
                            .price_from = t->cost.price_from,
                            .ms = t->ms,
                            .first_ms = t->first_ms,
                            .outcome = outcome_of(t),
                            .ended = e->ended};
    const struct pool_candidate who = {
        .llm = llm_find(t->provider), .model = t->model, .account_id = t->account_id};
    bool counts = t->input_tokens + t->output_tokens + t->cost.micros > 0;

    /* One that was never made has held nothing. */
    if (counts || t->cost.hold.count > 0)
        enter(e, &who, &t->cost.hold, counts ? &u : NULL);
}

size_t pool_enter_tries(struct pool_entering *e, const struct pool_outcome *out)
{
    const size_t before = e->tries;

    for (; e->tries < out->try_count; e->tries++)
        if (e->payer != NULL)
            enter_try(e, &out->tries[e->tries]);
    return e->tries - before;
}

void pool_enter_answer(struct pool_entering *e, const struct pool_candidate *who,
                       const struct pool_outcome *out)
{
    const struct llm_answer *a = &out->answer;
    const struct usage u = {.model = a->model,
                            .tokens = {.input = a->input_tokens,
                                       .cached = a->cached_tokens,
                                       .cache_written = a->cache_write_tokens,
                                       .output = a->output_tokens},
                            .reasoning_tokens = a->reasoning_tokens,
                            .images = images_of(e->ask),
                            .counted = a->counted,
                            .cost_micros = out->cost.micros,
                            .price_from = out->cost.price_from,
                            .ms = out->ms,
                            .first_ms = out->first_ms,
                            .outcome = llm_refused(a) ? "refused" : "answered",
                            .ended = e->ended == NULL ? NULL : "drained",
                            .tries = tries_text(e->mem, out)};

    if (e->payer != NULL)
        enter(e, who, &out->cost.hold, &u);
}
