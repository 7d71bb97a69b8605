/* See account_model.h. */
#include "core/account_model.h"

#include <string.h>

#include "base/id.h"
#include "core/dollars.h"

#define NAME_MAX 200
#define PRICE_TEXT_MAX 20
#define TOKENS_MOST 100000000
#define YES_NO "yes no"
#define PRICE_ABOUT "US dollars for a million tokens, with at most six digits behind the point"
#define NAME_ABOUT "A model's name; with * at its end it stands for all that begin so"

static const struct field fields[] = {
    FIELD(struct account_model, id, READ_ONLY | NULLABLE, 36,
          "Of what was said; null: nothing was of just this name"),
    FIELD_LIKE(struct account_model, name, READ_ONLY, 0, NAME_ABOUT, "\"qwen-3-32b\""),
    FIELD(struct account_model, offered, READ_ONLY, 0, "Whether the account offers it"),
    FIELD_LIKE(struct account_model, input, READ_ONLY | NULLABLE, PRICE_TEXT_MAX,
               "What was said: " PRICE_ABOUT, "\"0.15\""),
    FIELD_LIKE(struct account_model, cached, READ_ONLY | NULLABLE, PRICE_TEXT_MAX,
               "Of these, read from a cache; null: as input", "\"0.075\""),
    FIELD_LIKE(struct account_model, cache_write, READ_ONLY | NULLABLE, PRICE_TEXT_MAX,
               "Of these, written to a cache; null: as input", "\"0.1875\""),
    FIELD_LIKE(struct account_model, output, READ_ONLY | NULLABLE, PRICE_TEXT_MAX, NULL,
               "\"0.60\""),
    FIELD_LIKE(struct account_model, price_from, READ_ONLY | NULLABLE, 10,
               "The day on which this price was said", "\"2025-08-07\""),
    FIELD_OF(struct account_model, tools, READ_ONLY | NULLABLE, YES_NO,
             "Whether it uses tools, as was said"),
    FIELD_OF(struct account_model, images, READ_ONLY | NULLABLE, YES_NO,
             "Whether it sees pictures, as was said"),
    FIELD_OF(struct account_model, size, READ_ONLY | NULLABLE, ACCOUNT_MODEL_SIZES,
             "What it was said to be for, where nobody names a model"),
    FIELD(struct account_model, context, READ_ONLY, 0,
          "Tokens of question and answer together, as was said; 0: nothing was"),
    FIELD(struct account_model, answer, READ_ONLY, 0,
          "The most tokens of an answer, as was said; 0: nothing was"),
    FIELD_OF(struct account_model, price_by, READ_ONLY, "own line list assumed unknown",
             "Which price holds: the one that was said of it, that of a line that fits, the one in "
             "Konstruct's list, that of a dear model of the provider; or none is known, and it "
             "counts as 0"),
    FIELD_LIKE(struct account_model, holds_input, READ_ONLY | NULLABLE, PRICE_TEXT_MAX,
               "That price; null: none is known", "\"0.15\""),
    FIELD_LIKE(struct account_model, holds_output, READ_ONLY | NULLABLE, PRICE_TEXT_MAX, NULL,
               "\"0.60\""),
    FIELD_OF(struct account_model, holds_tools, READ_ONLY | NULLABLE, YES_NO,
             "What holds; null: it is not known"),
    FIELD_OF(struct account_model, holds_images, READ_ONLY | NULLABLE, YES_NO, NULL),
    FIELD_OF(struct account_model, holds_size, READ_ONLY | NULLABLE, ACCOUNT_MODEL_SIZES, NULL),
    FIELD(struct account_model, holds_context, READ_ONLY, 0, "0: it is not known"),
};
const struct shape account_model_shape = SHAPE("AccountModel", struct account_model, fields);

static const struct field said_fields[] = {
    FIELD_LIKE(struct account_model_said, name, REQUIRED, NAME_MAX, NAME_ABOUT, "\"qwen-3-32b\""),
    FIELD_LIKE(struct account_model_said, input, 0, PRICE_TEXT_MAX,
               PRICE_ABOUT "; with output, or without a price", "\"0.15\""),
    FIELD_LIKE(struct account_model_said, cached, 0, PRICE_TEXT_MAX,
               "Of these, read from a cache; left out: as input", "\"0.075\""),
    FIELD_LIKE(struct account_model_said, cache_write, 0, PRICE_TEXT_MAX,
               "Of these, written to a cache; left out: as input", "\"0.1875\""),
    FIELD_LIKE(struct account_model_said, output, 0, PRICE_TEXT_MAX, NULL, "\"0.60\""),
    FIELD_OF(struct account_model_said, tools, 0, YES_NO, "Whether it uses tools"),
    FIELD_OF(struct account_model_said, images, 0, YES_NO, "Whether it sees pictures"),
    FIELD_OF(struct account_model_said, size, 0, ACCOUNT_MODEL_SIZES,
             "What it is for, where nobody names a model"),
    FIELD(struct account_model_said, context, 0, TOKENS_MOST,
          "Tokens of question and answer together"),
    FIELD(struct account_model_said, answer, 0, TOKENS_MOST, "The most tokens of an answer"),
};
const struct shape account_model_said_shape = SHAPE("AccountModelSaid", struct account_model_said,
                                                    said_fields);

static const struct field row_fields[] = {
    FIELD(struct account_model, id, 0, 0, NULL),
    FIELD(struct account_model, name, 0, 0, NULL),
    FIELD(struct account_model, offered, 0, 0, NULL),
    FIELD(struct account_model, input, 0, 0, NULL),
    FIELD(struct account_model, cached, 0, 0, NULL),
    FIELD(struct account_model, cache_write, 0, 0, NULL),
    FIELD(struct account_model, output, 0, 0, NULL),
    FIELD(struct account_model, price_from, 0, 0, NULL),
    FIELD(struct account_model, tools, 0, 0, NULL),
    FIELD(struct account_model, images, 0, 0, NULL),
    FIELD(struct account_model, size, 0, 0, NULL),
    FIELD(struct account_model, context, 0, 0, NULL),
    FIELD(struct account_model, answer, 0, 0, NULL),
    FIELD(struct account_model, listed_input, 0, 0, NULL),
    FIELD(struct account_model, listed_output, 0, 0, NULL),
    FIELD(struct account_model, listed_assumed, 0, 0, NULL),
};
static const struct shape row_shape = SHAPE("AccountModelRow", struct account_model, row_fields);

/*
 * The names that the account offers and those of which something was said, each once and in the
 * order of their bytes, with what was said and what the table of prices has for them. What the
 * table only assumes holds at the provider's own address alone.
 */
#define NAMES                                                                               \
    "WITH account AS (SELECT id, provider, base_url,"                                       \
    "  CASE WHEN models = '' THEN models_found ELSE models END AS offers"                   \
    "  FROM provider_account WHERE tenant_id = tenant_now() AND id = $4),"                  \
    " said AS (SELECT * FROM provider_account_model"                                        \
    "  WHERE tenant_id = tenant_now() AND account_id = $4),"                                \
    " name AS (SELECT n.name, bool_or(n.offered) AS offered FROM ("                         \
    "   SELECT unnest(string_to_array(offers, ' ')) COLLATE \"C\" AS name, true AS offered" \
    "   FROM account UNION ALL SELECT name COLLATE \"C\", false FROM said) n"
#define SHOWN                                                                           \
    " SELECT s.id, n.name, n.offered,"                                                  \
    " trim_scale(s.input_micros::numeric / 1000000)::text AS input,"                    \
    " trim_scale(s.cached_micros::numeric / 1000000)::text AS cached,"                  \
    " trim_scale(s.cache_write_micros::numeric / 1000000)::text AS cache_write,"        \
    " trim_scale(s.output_micros::numeric / 1000000)::text AS output, s.price_from,"    \
    " CASE WHEN s.tools THEN 'yes' WHEN NOT s.tools THEN 'no' END AS tools,"            \
    " CASE WHEN s.images THEN 'yes' WHEN NOT s.images THEN 'no' END AS images, s.size," \
    " coalesce(s.context, 0) AS context, coalesce(s.answer, 0) AS answer,"              \
    " coalesce(p.input, -1) AS listed_input, coalesce(p.output, -1) AS listed_output,"  \
    " coalesce(p.assumed, false) AS listed_assumed"
#define FROM_NAMES                                                                      \
    " FROM name n CROSS JOIN account a LEFT JOIN said s ON s.name = n.name"             \
    " LEFT JOIN LATERAL (SELECT p.input, p.output,"                                     \
    "   p.model = '*' AND greatest(p.input, p.output) > 0 AS assumed FROM price p"      \
    "   WHERE p.provider = a.provider AND p.valid_from <= current_date"                 \
    "    AND right(n.name, 1) <> '*' AND (p.model = n.name OR (right(p.model, 1) = '*'" \
    "     AND starts_with(n.name, left(p.model, -1))))"                                 \
    "   ORDER BY length(p.model) DESC, p.valid_from DESC LIMIT 1) p"                    \
    "  ON NOT (p.assumed AND a.base_url <> '') ORDER BY n.name"

static const struct stmt q_list = {
    "account_model_list",
    NAMES " WHERE n.name <> '' AND n.name > coalesce($1::text, '') AND $2::text IS DISTINCT FROM ''"
          " GROUP BY n.name ORDER BY n.name LIMIT $3)" SHOWN
          ", n.name AS page_key, n.name AS page_id" FROM_NAMES};
static const struct stmt q_get = {"account_model_get",
                                  NAMES " WHERE n.name = $1 AND $2::text IS NULL"
                                        " GROUP BY n.name LIMIT $3)" SHOWN FROM_NAMES};

rc_t account_model_list(struct ctx *c, const char *account_id, struct page *page,
                        struct account_model **items, size_t *count)
{
    return db_page(c, &q_list, page, ARGS(A(account_id)), &row_shape, (void **)items, count);
}

rc_t account_model_get(struct ctx *c, const char *account_id, const char *name,
                       struct account_model *out)
{
    return db_one(c, &q_get, ARGS(A(name), arg_text(NULL), A((int64_t)1), A(account_id)),
                  &row_shape, out);
}

static const struct stmt q_lines = {"account_model_lines",
                                    "SELECT a.provider, a.name, " ACCOUNT_LINES_SQL
                                    " FROM provider_account a"
                                    " WHERE a.tenant_id = tenant_now() AND a.id = $1"};

rc_t account_model_lines(struct ctx *c, const char *account_id, struct account *out)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_lines, ARGS(A(account_id)), &rows));
    if (rows.count == 0)
        return ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such account.");
    *out = (struct account){
        .provider = db_text(&rows, 0, 0), .name = db_text(&rows, 0, 1), .models = ""};
    return account_lines_read(c, db_text(&rows, 0, 2), &out->lines, &out->line_count);
}

static rc_t name_check(struct ctx *c, const char *name)
{
    const char *star = strchr(name, '*');

    if (name[strcspn(name, " \t\r\n")] != '\0' || (star != NULL && star[1] != '\0'))
        return ctx_bad(c, "name", "name_malformed",
                       "A model's name has no blanks, and * at its end only.");
    return OK;
}

/* NULL and blank: nothing is said, and *out is -1. */
static rc_t price_read(struct ctx *c, const char *field, const char *text, int64_t *out)
{
    *out = -1;
    if (text_blank(text))
        return OK;
    if (!dollars_read(text_trim(c->mem, text), ACCOUNT_PRICE_MOST, out))
        return ctx_bad(c, field, "price_malformed",
                       "This is an amount of dollars such as 0.15, at most 10000, with at most six "
                       "digits behind the point.");
    return OK;
}

struct prices {
    int64_t input, cached, cache_write, output; /* -1: not said */
};

static rc_t prices_read(struct ctx *c, const struct account_model_said *in, struct prices *p)
{
    TRY(price_read(c, "input", in->input, &p->input));
    TRY(price_read(c, "cached", in->cached, &p->cached));
    TRY(price_read(c, "cache_write", in->cache_write, &p->cache_write));
    TRY(price_read(c, "output", in->output, &p->output));
    if (p->input < 0 && (p->output >= 0 || p->cached >= 0 || p->cache_write >= 0))
        return ctx_bad(c, "input", "missing", "Say what its input costs, too.");
    if (p->input >= 0 && p->output < 0)
        return ctx_bad(c, "output", "missing", "Say what its output costs, too.");
    return OK;
}

static bool says_nothing(const struct account_model_said *in, const struct prices *p)
{
    return p->input < 0 && in->tools == NULL && in->images == NULL && in->size == NULL &&
           in->context == 0 && in->answer == 0;
}

/* One at a time for a tenant, so that the number holds. */
static const struct stmt q_lock = {
    "account_model_lock",
    "SELECT pg_advisory_xact_lock(hashtextextended('provider_account ' || tenant_now(), 0))"};
static const struct stmt q_count = {
    "account_model_count",
    "SELECT count(*) FROM provider_account_model m JOIN provider_account a"
    " ON a.tenant_id = m.tenant_id AND a.id = m.account_id"
    " WHERE m.tenant_id = tenant_now() AND m.account_id = $1 AND m.name <> $2"};
/*
 * A price holds from the day on which it was said; what else is said of the model changes it not.
 */
static const struct stmt q_put = {
    "account_model_put",
    "INSERT INTO provider_account_model AS m (tenant_id, id, account_id, name, input_micros,"
    "  cached_micros, cache_write_micros, output_micros, price_from, tools, images, size, context,"
    "  answer)"
    " SELECT tenant_now(), $1, a.id, $3, nullif($4::bigint, -1), nullif($5::bigint, -1),"
    "  nullif($6::bigint, -1), nullif($7::bigint, -1),"
    "  CASE WHEN $4 >= 0 THEN (now() AT TIME ZONE 'UTC')::date END, $8::text = 'yes',"
    "  $9::text = 'yes', $10, nullif($11::bigint, 0), nullif($12::bigint, 0)"
    "  FROM provider_account a WHERE a.tenant_id = tenant_now() AND a.id = $2"
    " ON CONFLICT (tenant_id, account_id, name) DO UPDATE SET"
    "  input_micros = EXCLUDED.input_micros, cached_micros = EXCLUDED.cached_micros,"
    "  cache_write_micros = EXCLUDED.cache_write_micros, output_micros = EXCLUDED.output_micros,"
    "  price_from = CASE WHEN (m.input_micros, m.cached_micros, m.cache_write_micros,"
    "    m.output_micros) IS NOT DISTINCT FROM (EXCLUDED.input_micros, EXCLUDED.cached_micros,"
    "    EXCLUDED.cache_write_micros, EXCLUDED.output_micros) THEN m.price_from"
    "    ELSE EXCLUDED.price_from END,"
    "  tools = EXCLUDED.tools, images = EXCLUDED.images, size = EXCLUDED.size,"
    "  context = EXCLUDED.context, answer = EXCLUDED.answer"};

rc_t account_model_put(struct ctx *c, const char *account_id, const struct account_model_said *in)
{
    struct db_rows rows;
    struct prices p;
    int64_t affected;

    TRY(name_check(c, in->name));
    TRY(prices_read(c, in, &p));
    if (says_nothing(in, &p))
        return ctx_bad(c, "input", "missing", "Say what it costs, or what it can do.");
    TRY(db_exec(c, &q_lock, NO_ARGS, NULL));
    TRY(db_rows(c, &q_count, ARGS(A(account_id), A(in->name)), &rows));
    if (db_int(&rows, 0, 0) >= ACCOUNT_LINES_MAX)
        return ctx_fail(c, E_CONFLICT, "account_models_too_many",
                        "Of at most %d models of an account something can be said; a name ending "
                        "in * stands for many.",
                        ACCOUNT_LINES_MAX);
    TRY(db_exec(c, &q_put,
                ARGS(A(id_new(c->mem)), A(account_id), A(in->name), A(p.input), A(p.cached),
                     A(p.cache_write), A(p.output), A(in->tools), A(in->images), A(in->size),
                     A(in->context), A(in->answer)),
                &affected));
    return affected > 0 ? OK : ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such account.");
}

static const struct stmt q_drop = {
    "account_model_drop",
    "DELETE FROM provider_account_model WHERE tenant_id = tenant_now() AND account_id = $1"
    " AND id = $2 RETURNING name"};

rc_t account_model_drop(struct ctx *c, const char *account_id, const char *id, const char **name)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_drop, ARGS(A(account_id), A(id)), &rows));
    if (rows.count == 0)
        return ctx_fail(c, E_NOT_FOUND, "not_found", "Nothing like that was said of a model.");
    *name = db_text(&rows, 0, 0);
    return OK;
}
