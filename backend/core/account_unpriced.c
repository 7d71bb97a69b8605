/* See account_unpriced.h. */
#include "core/account_unpriced.h"

#include <string.h>

/* Names that have a price, of one account or one provider each. */
static const struct stmt q_lines = {
    "account_unpriced_lines",
    "SELECT account_id, name FROM provider_account_model WHERE tenant_id = tenant_now()"
    " AND input_micros IS NOT NULL AND ($1::uuid IS NULL OR account_id = $1)"};
/* The row for all names of a provider only assumes a price, unless its models are free. */
static const struct stmt q_prices = {
    "account_unpriced_prices",
    "SELECT DISTINCT provider, model FROM price WHERE valid_from <= current_date"
    " AND (model <> '*' OR greatest(input, output) = 0)"};

static bool fits(const char *name, const char *model, size_t len)
{
    size_t own;

    if (name[0] != model[0] && name[0] != '*')
        return false;
    own = strlen(name);
    if (own == len && memcmp(name, model, len) == 0)
        return true;
    return name[own - 1] == '*' && own - 1 <= len && memcmp(name, model, own - 1) == 0;
}

/* The second columns of the rows whose first is `whose`. */
static const char **names_of(struct ctx *c, const struct db_rows *rows, const char *whose,
                             size_t *count)
{
    const char **names = arena_take(c->mem, ((size_t)rows->count + 1) * sizeof(*names));

    *count = 0;
    for (int i = 0; i < rows->count; i++)
        if (text_is(db_text(rows, i, 0), whose))
            names[(*count)++] = db_text(rows, i, 1);
    return names;
}

static bool is_among(const char **names, size_t count, const char *model, size_t len)
{
    bool found = false;

    for (size_t i = 0; i < count && !found; i++)
        found = fits(names[i], model, len);
    return found;
}

static int64_t count_of(struct ctx *c, const struct provider_account *a,
                        const struct db_rows *lines, const struct db_rows *prices)
{
    size_t line_count, price_count;
    const char **said = names_of(c, lines, a->id, &line_count);
    const char **listed = names_of(c, prices, a->provider, &price_count);
    const char *at = text_blank(a->models) ? a->models_found : a->models;
    int64_t unpriced = 0;

    for (int looked = 0; *at != '\0' && looked < UNPRICED_LOOK; looked++) {
        size_t len = strcspn(at, " ");

        unpriced += !is_among(said, line_count, at, len) && !is_among(listed, price_count, at, len);
        at += len + strspn(at + len, " ");
    }
    return unpriced;
}

rc_t account_unpriced(struct ctx *c, struct provider_account *items, size_t count)
{
    struct db_rows lines, prices;
    bool any = false;

    for (size_t i = 0; i < count; i++)
        any = any || !text_blank(items[i].base_url);
    if (!any)
        return OK;
    TRY(db_rows(c, &q_lines, ARGS(A(count == 1 ? items[0].id : NULL)), &lines));
    TRY(db_rows(c, &q_prices, NO_ARGS, &prices));
    for (size_t i = 0; i < count; i++)
        if (!text_blank(items[i].base_url))
            items[i].unpriced = count_of(c, &items[i], &lines, &prices);
    return OK;
}
