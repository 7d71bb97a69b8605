/* See routing_pick.h. */
#include "flow/routing_pick.h"

#include <string.h>

#include "flow/account_facts.h"

/* One search. */
struct search {
    struct arena *mem;
    const struct routing_account *a;
    const struct routing_want *want;
};

const char *routing_pick_plain(struct arena *mem, const struct llm_model *row)
{
    size_t length = strlen(row->name);

    return row->name[length - 1] == '*' ? text_copy(mem, row->name, length - 1) : row->name;
}

bool routing_pick_named(const struct routing_account *a, const char *model)
{
    for (size_t i = 0; i < a->account.line_count; i++)
        if (text_is(a->account.lines[i].name, model))
            return true;
    return false;
}

/* Nothing, or just this size, is what the company says of the model. */
static bool may_be(const struct routing_account *a, const char *model, enum model_size size)
{
    enum model_size said;

    return !account_facts_size(&a->account, model, &said) || said == size;
}

/*
 * The account's model for a row: the row's own name, or the first offered one that the row means.
 */
static const char *offered(struct arena *mem, const struct routing_account *a,
                           const struct llm_model *row)
{
    const char *plain = routing_pick_plain(mem, row);

    if (a->model_count == 0)
        return may_be(a, plain, row->size) ? plain : NULL;
    for (size_t i = 0; i < a->model_count; i++)
        if (text_is(plain, a->models[i]) && may_be(a, plain, row->size))
            return plain;
    for (size_t i = 0; i < a->model_count; i++)
        if (llm_model_find(a->who.llm->name, a->models[i]) == row &&
            may_be(a, a->models[i], row->size))
            return a->models[i];
    return NULL;
}

static bool is_allowed(const struct search *s, const char *model)
{
    return routing_allows(s->want, s->a->who.llm->name, s->a->who.account_name, model);
}

static const char *known(const struct search *s, enum model_size size)
{
    const struct routing_account *a = s->a;
    size_t count;
    const struct llm_model *rows = llm_models(&count);

    for (size_t i = 0; i < count; i++) {
        const char *name;

        if (rows[i].size != size || !text_is(rows[i].provider, a->who.llm->name))
            continue;
        name = offered(s->mem, a, &rows[i]);
        if (name != NULL && is_allowed(s, name))
            return name;
    }
    return NULL;
}

/* The first one that the company says is of this size. */
static const char *said(const struct search *s, enum model_size size)
{
    const struct routing_account *a = s->a;
    enum model_size own;

    for (size_t i = 0; i < a->model_count; i++)
        if (account_facts_size(&a->account, a->models[i], &own) && own == size &&
            is_allowed(s, a->models[i]))
            return a->models[i];
    for (size_t i = 0; a->model_count == 0 && i < a->account.line_count; i++) {
        const char *name = a->account.lines[i].name;

        if (strchr(name, '*') == NULL && account_facts_size(&a->account, name, &own) &&
            own == size && is_allowed(s, name))
            return name;
    }
    return NULL;
}

static const char *of_size(const struct search *s, enum model_size size)
{
    const char *name = s->a->account.line_count == 0 ? NULL : said(s, size);

    return name != NULL ? name : known(s, size);
}

const char *routing_pick(struct arena *mem, const struct routing_account *a,
                         const struct routing_want *want, enum model_size size)
{
    const struct search s = {mem, a, want};
    const int steps = size == MODEL_EMBEDS ? 1 : 3;

    for (int step = 0; step < steps; step++) {
        const enum model_size wanted = (enum model_size)(((int)size + step) % 3);
        const char *name = of_size(&s, steps == 1 ? size : wanted);

        if (name != NULL)
            return name;
    }
    for (size_t i = 0; i < a->model_count; i++)
        if (llm_model_find(a->who.llm->name, a->models[i]) == NULL &&
            may_be(a, a->models[i], size) &&
            (size == MODEL_EMBEDS || llm_model_talks(a->models[i])) && is_allowed(&s, a->models[i]))
            return a->models[i];
    return NULL;
}
