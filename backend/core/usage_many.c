/* Many rows of the ledger in one statement (usage.h): they travel as one text of JSON. */
#include "core/usage.h"
#include "io/db.h"

#define ROWS_BYTES_MAX MIB(4)
#define NAME_BYTES_MAX 300

static void add_text(struct buf *b, const char *key, const char *text)
{
    if (text == NULL)
        return;
    buf_printf(b, ",\"%s\":\"", key);
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == '"' || *text == '\\')
            buf_printf(b, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            buf_char(b, *text);
    }
    buf_char(b, '"');
}

static void add_number(struct buf *b, const char *key, int64_t n)
{
    if (n != 0)
        buf_printf(b, ",\"%s\":%lld", key, (long long)n);
}

static void add_row(struct ctx *c, struct buf *b, const struct usage *u)
{
    buf_printf(b, "%s{\"u\":%s", b->len == 0 ? "[" : ",", u->counted ? "true" : "false");
    add_text(b, "id", u->id);
    add_text(b, "e", u->employee_id);
    add_text(b, "t", u->team_id);
    add_text(b, "v", u->conversation_id);
    add_text(b, "k", u->key_id);
    add_text(b, "a", u->account_id);
    add_text(b, "p", u->provider);
    add_text(b, "m", text_clean(c->mem, u->model, NAME_BYTES_MAX));
    add_number(b, "i", u->tokens.input);
    add_number(b, "c", u->tokens.cached);
    add_number(b, "w", u->tokens.cache_written);
    add_number(b, "o", u->tokens.output);
    add_number(b, "r", u->reasoning_tokens);
    add_number(b, "g", u->images);
    add_number(b, "s", u->cost_micros);
    add_text(b, "f", u->price_from);
    add_number(b, "l", u->ms);
    add_number(b, "h", u->first_ms);
    add_text(b, "x", u->outcome);
    add_text(b, "d", u->ended);
    if (u->tries != NULL)
        buf_printf(b, ",\"y\":%s", u->tries);
    buf_char(b, '}');
}

#define MANY                                                                                       \
    "INSERT INTO usage (tenant_id, id, employee_id, team_id, conversation_id, key_id, account_id," \
    "  provider, model, input_tokens, cached_tokens, cache_written_tokens, output_tokens,"         \
    "  reasoning_tokens, images, counted, cost_micros, price_from, ms, first_ms, outcome, ended,"  \
    "  tries)"                                                                                     \
    " SELECT tenant_now(), j.id, j.e, j.t, j.v, j.k, j.a, j.p, j.m, coalesce(j.i, 0),"             \
    "  least(coalesce(j.c, 0), coalesce(j.i, 0)), coalesce(j.w, 0), coalesce(j.o, 0),"             \
    "  coalesce(j.r, 0), coalesce(j.g, 0), j.u, coalesce(j.s, 0), j.f, coalesce(j.l, 0), j.h, "    \
    "j.x,"                                                                                         \
    "  coalesce(j.d, 'whole'), j.y"                                                                \
    " FROM json_to_recordset($1::json) AS j(id uuid, e uuid, t uuid, v uuid, k uuid, a uuid,"      \
    "  p text, m text, i bigint, c bigint, w bigint, o bigint, r bigint, g bigint, u boolean,"     \
    "  s bigint, f date, l bigint, h bigint, x text, d text, y jsonb)"                             \
    " ON CONFLICT DO NOTHING"
static const struct stmt q_many = {"usage_add_many", MANY};
/* It waits for others who are adding the same, so that it knows. */
static const struct stmt q_missing = {"usage_add_missing", MANY " RETURNING id"};

static rc_t text_of(struct ctx *c, const struct usage *const *rows, size_t count, const char **out)
{
    struct buf b = buf_new(c->mem, ROWS_BYTES_MAX);

    for (size_t i = 0; i < count; i++)
        add_row(c, &b, rows[i]);
    buf_text(&b, count == 0 ? "[]" : "]");
    *out = buf_str(&b);
    return !b.over ? OK
                   : ctx_fail(c, E_LIMIT, "usage_too_many", "more than %zu bytes of rows",
                              (size_t)ROWS_BYTES_MAX);
}

rc_t usage_add_many(struct ctx *c, const struct usage *const *rows, size_t count)
{
    const char *text;

    if (count == 0)
        return OK;
    TRY(text_of(c, rows, count, &text));
    return db_later(c, &q_many, ARGS(A(text)));
}

rc_t usage_add_missing(struct ctx *c, const struct usage *const *rows, size_t count,
                       const char *const **added, size_t *added_count)
{
    struct db_rows answer;
    const char *text, **ids;

    TRY(text_of(c, rows, count, &text));
    TRY(db_rows(c, &q_missing, ARGS(A(text)), &answer));
    ids = arena_take(c->mem, ((size_t)answer.count + 1) * sizeof(*ids));
    for (int i = 0; i < answer.count; i++)
        ids[i] = db_text(&answer, i, 0);
    *added = ids;
    *added_count = (size_t)answer.count;
    return OK;
}
