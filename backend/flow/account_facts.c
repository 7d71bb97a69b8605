/* See account_facts.h. */
#include "flow/account_facts.h"

#include "base/text.h"

/* Which of its members a line must have something in. */
typedef bool says_fn(const struct account_line *line);

static bool says_price(const struct account_line *line)
{
    return line->priced;
}

static bool says_tools(const struct account_line *line)
{
    return line->tools != SAID_NOTHING;
}

static bool says_images(const struct account_line *line)
{
    return line->images != SAID_NOTHING;
}

static bool says_size(const struct account_line *line)
{
    return line->size != NULL;
}

static bool says_context(const struct account_line *line)
{
    return line->context > 0;
}

static bool says_answer(const struct account_line *line)
{
    return line->answer > 0;
}

/*
 * As llm_model_fits; of a model that is asked for without its date, what is said of one of its
 * dates holds before what is said of all that begin so.
 */
static size_t fits(const struct account_line *line, const char *model)
{
    if (text_is(line->name, model))
        return SIZE_MAX;
    return account_means(line->name, model) ? SIZE_MAX - 1 : llm_model_fits(line->name, model);
}

static const struct account_line *best(const struct account *account, const char *model,
                                       says_fn *says)
{
    const struct account_line *found = NULL;
    size_t most = 0;

    for (size_t i = 0; i < account->line_count; i++) {
        const struct account_line *line = &account->lines[i];
        size_t how = says(line) ? fits(line, model) : 0;

        if (how > most) {
            most = how;
            found = line;
        }
    }
    return found;
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
    const struct account_line *price = best(account, model, says_price);
    const struct account_line *tools = best(account, model, says_tools);
    const struct account_line *images = best(account, model, says_images);
    const struct account_line *context = best(account, model, says_context);
    const struct account_line *answer = best(account, model, says_answer);

    if (price != NULL) {
        f->price = &price->price;
        f->priced_by = price->name;
    }
    if (tools != NULL)
        set_can(f, MODEL_TOOLS, tools->tools);
    if (images != NULL)
        set_can(f, MODEL_IMAGES, images->images);
    if (context != NULL)
        f->context = context->context;
    if (answer != NULL)
        f->answer = answer->answer;
    if (account_facts_size(account, model, &f->size))
        f->sized = true;
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
    const struct account_line *line = best(account, model, says_size);

    if (line != NULL)
        *size = size_of(line->size);
    return line != NULL;
}
