/* See pool_cost.h. */
#include "flow/pool_cost.h"

#include <string.h>

#include "llm/model.h"

#define WRAPPING 64      /* tokens around each piece of the question that its text does not show */
#define IMAGE_MOST 50000 /* the most that a known model counts for one image */

static int64_t bytes(const char *text)
{
    return text == NULL ? 0 : (int64_t)strlen(text) + WRAPPING;
}

static int64_t most_of_part(const struct llm_part *p)
{
    return WRAPPING + (p->kind == LLM_IMAGE ? IMAGE_MOST : 0) +
           (p->text == NULL ? 0 : (int64_t)strlen(p->text)) + bytes(p->call_id) + bytes(p->tool) +
           bytes(p->arguments) + bytes(p->block);
}

static int64_t most_input(const struct llm_ask *ask)
{
    int64_t most = WRAPPING + bytes(ask->system) + bytes(ask->format_schema);

    for (size_t i = 0; i < ask->text_count; i++)
        most += bytes(ask->texts[i]);
    for (size_t i = 0; i < ask->tool_count; i++)
        most += bytes(ask->tools[i].name) + bytes(ask->tools[i].about) +
                bytes(ask->tools[i].schema);
    for (size_t i = 0; i < ask->count; i++) {
        struct llm_part single;
        size_t count;
        const struct llm_part *parts = llm_parts(&ask->messages[i], &single, &count);

        for (size_t k = 0; k < count; k++)
            most += most_of_part(&parts[k]);
    }
    return most;
}

static int64_t most_known(const struct pool_candidate *who)
{
    const struct llm_model *m = llm_model_find(who->llm->name, who->model);

    return m == NULL ? 0 : m->answer_most;
}

int64_t pool_most_answer(const struct pool_candidate *who, const struct llm_ask *ask)
{
    const int64_t most = who->answer_most > 0 ? who->answer_most : most_known(who);

    return most <= 0 || ask->max_tokens < most ? ask->max_tokens : most;
}

int64_t pool_worst_at(const struct price *price, const struct pool_candidate *who,
                      const struct llm_ask *ask)
{
    return price_worst(price, most_input(ask), pool_most_answer(who, ask));
}

void pool_price_at(const struct pool_candidate *who, struct price *price)
{
    if (price->assumed && who->account.base_url != NULL)
        *price = (struct price){.from = NULL};
}

bool pool_price_recall(struct arena *mem, const struct pool_candidate *who, struct price *out)
{
    if (who->price != NULL) {
        *out = *who->price;
        return true;
    }
    if (!price_recall(mem, who->llm->name, who->model, out))
        return false;
    pool_price_at(who, out);
    return true;
}

static rc_t price_of(struct ctx *c, const struct pool_candidate *who, struct price *out)
{
    if (pool_price_recall(c->mem, who, out))
        return OK;
    TRY(price_find(c, who->llm->name, who->model, out));
    pool_price_at(who, out);
    return OK;
}

rc_t pool_worst(struct ctx *c, const struct pool_candidate *who, const struct llm_ask *ask,
                int64_t *micros)
{
    struct price price;

    *micros = 0;
    if (who->llm->can & LLM_CAN_LOCAL)
        return OK;
    TRY(price_of(c, who, &price));
    *micros = pool_worst_at(&price, who, ask);
    return OK;
}

rc_t pool_hold(struct ctx *c, const struct pool_route *route, const struct pool_candidate *who,
               const struct llm_ask *ask, struct pool_cost *out)
{
    int64_t worst;

    *out = (struct pool_cost){.micros = 0};
    if (route->payer == NULL || (who->llm->can & LLM_CAN_LOCAL) != 0)
        return OK;
    TRY(price_of(c, who, &out->price));
    worst = pool_worst_at(&out->price, who, ask);
    return worst == 0 ? OK : purse_hold(c, route->payer, worst, &out->hold);
}

void pool_settle(const struct llm_answer *figures, bool unknown, struct pool_cost *cost)
{
    const struct tokens tokens = {.input = figures->input_tokens,
                                  .cached = figures->cached_tokens,
                                  .cache_written = figures->cache_write_tokens,
                                  .output = figures->output_tokens};

    cost->unknown = unknown && cost->hold.micros > 0;
    cost->micros = cost->unknown ? cost->hold.micros : price_cost(&cost->price, &tokens);
    cost->price_from = cost->unknown ? NULL : cost->price.from;
    cost->price_own = cost->price_from != NULL && cost->price.own;
    purse_spent(&cost->hold, cost->micros);
}
