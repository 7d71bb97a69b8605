/* See pool_enter.h. */
#include "flow/pool_enter.h"

#include "flow/pool_usage.h"

static int64_t images_of(const struct llm_ask *ask)
{
    int64_t count = 0;

    for (size_t i = 0; i < ask->count; i++)
        for (size_t k = 0; k < ask->messages[i].part_count; k++)
            count += ask->messages[i].parts[k].kind == LLM_IMAGE;
    return count;
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

static void enter_try(struct pool_entering *e, const struct pool_try *t)
{
    struct usage u = pool_try_usage(t);
    const struct pool_candidate who = {
        .llm = llm_find(t->provider), .model = t->model, .account_id = t->account_id};
    bool counts = pool_try_counts(t);

    u.images = t->input_tokens > 0 ? images_of(e->ask) : 0;
    u.ended = e->ended;
    /* Who asked went away, and had read some of the answer. */
    if (!t->cost.unknown && text_is(t->code, "http_cancelled") && t->output_tokens > 0)
        u.outcome = "answered";
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
    struct usage u = pool_answer_usage(e->mem, who, out);

    u.images = images_of(e->ask);
    u.ended = e->ended == NULL ? NULL : "drained";
    if (e->payer != NULL)
        enter(e, who, &out->cost.hold, &u);
}
