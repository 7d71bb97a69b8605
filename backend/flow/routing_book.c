/* See routing_book.h. */
#include "flow/routing_book.h"

#include "base/conf.h"

#define INSTANCE_MAX 8

/* The instance's own account with this provider; false: its settings are missing. */
static bool instance_account(const struct llm *llm, struct llm_account *out)
{
    static const struct {
        const char *provider;
        enum conf url, key;
    } rows[] = {{"openai", CONF_openai_url, CONF_openai_key},
                {"anthropic", CONF_anthropic_url, CONF_anthropic_key},
                {"ollama", CONF_ollama_url, CONF_COUNT}};

    *out = (struct llm_account){.base_url = NULL};
    if (llm->can & LLM_CAN_LOCAL)
        return true;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!text_is(rows[i].provider, llm->name))
            continue;
        out->base_url = conf_text(rows[i].url);
        out->key = rows[i].key == CONF_COUNT ? NULL : conf_text(rows[i].key);
    }
    return (out->base_url != NULL || llm->default_url != NULL) &&
           (out->key != NULL || !llm->needs_key || out->base_url != NULL);
}

rc_t routing_book(struct ctx *c, struct routing_book *out)
{
    size_t providers;
    const struct llm *const *all = llm_all(&providers);
    struct routing_account *list = arena_take(c->mem, INSTANCE_MAX * sizeof(*list));

    *out = (struct routing_book){.accounts = list};
    for (size_t i = 0; i < providers && out->count < INSTANCE_MAX; i++) {
        struct routing_account *next = &list[out->count];

        *next = (struct routing_account){.llm = all[i]};
        if (instance_account(all[i], &next->account))
            out->count++;
    }
    return OK;
}
