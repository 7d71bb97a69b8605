/* See pool_usage.h. */
#include "flow/pool_usage.h"

#include <jansson.h>

#include "base/shape.h"

bool pool_try_counts(const struct pool_try *t)
{
    return t->input_tokens + t->output_tokens + t->cost.micros > 0;
}

struct usage pool_try_usage(const struct pool_try *t)
{
    return (struct usage){.account_id = t->account_id,
                          .provider = t->provider,
                          .model = t->model,
                          .tokens = {.input = t->input_tokens,
                                     .cached = t->cached_tokens,
                                     .cache_written = t->cache_write_tokens,
                                     .output = t->output_tokens},
                          .reasoning_tokens = t->reasoning_tokens,
                          .counted = t->counted,
                          .cost_micros = t->cost.micros,
                          .price_from = t->cost.price_from,
                          .price_own = t->cost.price_own,
                          .ms = t->ms,
                          .first_ms = t->first_ms,
                          .outcome = t->cost.unknown ? "unknown" : "failed"};
}

static const char *tries_text(struct arena *mem, const struct pool_outcome *o)
{
    json_t *list;
    const char *text;

    if (o->try_count == 0)
        return NULL;
    list = json_array();
    for (size_t i = 0; i < o->try_count; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s}", "provider", o->tries[i].provider,
                                        "model", o->tries[i].model, "code", o->tries[i].code));
    text = json_text(mem, list);
    json_decref(list);
    return text;
}

struct usage pool_answer_usage(struct arena *mem, const struct pool_candidate *who,
                               const struct pool_outcome *o)
{
    const struct llm_answer *a = &o->answer;

    return (struct usage){.account_id = who->account_id,
                          .provider = who->llm->name,
                          .model = a->model,
                          .tokens = {.input = a->input_tokens,
                                     .cached = a->cached_tokens,
                                     .cache_written = a->cache_write_tokens,
                                     .output = a->output_tokens},
                          .reasoning_tokens = a->reasoning_tokens,
                          .counted = a->counted,
                          .cost_micros = o->cost.micros,
                          .price_from = o->cost.price_from,
                          .price_own = o->cost.price_own,
                          .ms = o->ms,
                          .first_ms = o->first_ms,
                          .outcome = llm_refused(a) ? "refused" : "answered",
                          .tries = tries_text(mem, o)};
}
