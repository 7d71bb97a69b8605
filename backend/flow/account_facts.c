/* See account_facts.h. */
#include "flow/account_facts.h"

#include "base/text.h"

/*
 * As llm_model_fits; of a model that is asked for without its date, what is said of one of its
 * dates holds before what is said of all that begin so.
 */
static size_t fits(const struct account_line *line, const char *model)
{
    if (line->name[0] != model[0] && line->name[0] != '*')
        return 0;
    if (text_is(line->name, model))
        return SIZE_MAX;
    return account_means(line->name, model) ? SIZE_MAX - 1 : llm_model_fits(line->name, model);
}

enum matter { PRICE, TOOLS, IMAGES, SIZE, CONTEXT, ANSWER, MATTERS };

static bool says(const struct account_line *line, enum matter about)
{
    const bool something[MATTERS] = {[PRICE] = line->priced,
                                     [TOOLS] = line->tools != SAID_NOTHING,
                                     [IMAGES] = line->images != SAID_NOTHING,
                                     [SIZE] = line->size != NULL,
                                     [CONTEXT] = line->context > 0,
                                     [ANSWER] = line->answer > 0};

    return something[about];
}

/* The line that decides each matter, or NULL. */
struct deciding {
    const struct account_line *line[MATTERS];
    size_t how[MATTERS];
};

static void weigh(struct deciding *d, const struct account_line *line, size_t how)
{
    for (int about = 0; about < MATTERS; about++)
        if (how > d->how[about] && says(line, (enum matter)about)) {
            d->line[about] = line;
            d->how[about] = how;
        }
}

static struct deciding deciding(const struct account *account, const char *model)
{
    struct deciding d = {.how = {0}};

    for (size_t i = 0; i < account->line_count; i++) {
        const size_t how = fits(&account->lines[i], model);

        if (how > 0)
            weigh(&d, &account->lines[i], how);
    }
    return d;
}

static enum model_size size_of(const char *word)
{
    static const char *const words[] = {[MODEL_SMALL] = "small",
                                        [MODEL_USUAL] = "usual",
                                        [MODEL_LARGE] = "large",
                                        [MODEL_EMBEDS] = "embeds"};
    size_t i = 0;

    while (i + 1 < COUNT_OF(words) && !text_is(words[i], word))
        i++;
    return (enum model_size)i;
}

static void set_can(struct account_facts *f, unsigned what, enum account_said said)
{
    f->knows |= what;
    f->can = said == SAID_YES ? f->can | what : f->can & ~what;
}

static struct account_facts known(const char *provider, const char *model)
{
    const struct llm_model *row = llm_model_find(provider, model);

    if (row == NULL)
        return (struct account_facts){.price = NULL};
    return (struct account_facts){.context = row->context,
                                  .answer = row->answer_most,
                                  .sized = true,
                                  .size = row->size,
                                  .knows = MODEL_TOOLS | MODEL_IMAGES | MODEL_THINKS,
                                  .can = row->can};
}

/* What the company says, over what is known to everybody. */
static void said(const struct account *account, const char *model, struct account_facts *f)
{
    const struct deciding d = deciding(account, model);

    if (d.line[PRICE] != NULL) {
        f->price = &d.line[PRICE]->price;
        f->priced_by = d.line[PRICE]->name;
    }
    if (d.line[TOOLS] != NULL)
        set_can(f, MODEL_TOOLS, d.line[TOOLS]->tools);
    if (d.line[IMAGES] != NULL)
        set_can(f, MODEL_IMAGES, d.line[IMAGES]->images);
    if (d.line[CONTEXT] != NULL)
        f->context = d.line[CONTEXT]->context;
    if (d.line[ANSWER] != NULL)
        f->answer = d.line[ANSWER]->answer;
    if (d.line[SIZE] != NULL) {
        f->size = size_of(d.line[SIZE]->size);
        f->sized = true;
    }
}

struct account_facts account_facts(const struct account *account, const char *provider,
                                   const char *model)
{
    struct account_facts f = known(provider, model);

    if (account->line_count > 0)
        said(account, model, &f);
    return f;
}

void account_facts_set(const struct account_facts *facts, struct pool_candidate *who)
{
    who->price = facts->price;
    who->answer_most = facts->answer;
}

bool account_facts_size(const struct account *account, const char *model, enum model_size *size)
{
    const struct account_line *found = NULL;
    size_t most = 0;

    for (size_t i = 0; i < account->line_count; i++) {
        const struct account_line *line = &account->lines[i];
        const size_t how = line->size == NULL ? 0 : fits(line, model);

        if (how > most) {
            most = how;
            found = line;
        }
    }
    if (found != NULL)
        *size = size_of(found->size);
    return found != NULL;
}
