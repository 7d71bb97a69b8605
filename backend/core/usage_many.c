/*
 * Many rows of the ledger in one statement (usage.h). Most calls of a moment differ in their
 * figures only. What they share travels once, as a kind: an object of JSON. Ids, figures and which
 * kind it is are arrays: the database reads those in half the time.
 */
#include "core/usage.h"
#include "io/db.h"

#define KINDS_BYTES_MAX MIB(2)
#define LIST_BYTES_MAX KIB(512)
#define NAME_BYTES_MAX 300
#define FIGURES 9

static void add_text(struct buf *b, const char *key, const char *text)
{
    if (text == NULL)
        return;
    buf_printf(b, ",\"%s\":\"", key);
    buf_json(b, bytes_of(text));
    buf_char(b, '"');
}

/* In the order of the statement. */
static int64_t figure(const struct usage *u, size_t k)
{
    const int64_t all[FIGURES] = {
        u->tokens.input,     u->tokens.cached, u->tokens.cache_written, u->tokens.output,
        u->reasoning_tokens, u->images,        u->cost_micros,          u->ms,
        u->first_ms};

    return all[k];
}

static bool is_like(const struct usage *a, const struct usage *b)
{
    return text_is(a->key_id, b->key_id) && text_is(a->model, b->model) &&
           text_is(a->employee_id, b->employee_id) && text_is(a->team_id, b->team_id) &&
           text_is(a->conversation_id, b->conversation_id) &&
           text_is(a->account_id, b->account_id) && text_is(a->provider, b->provider) &&
           text_is(a->price_from, b->price_from) && text_is(a->outcome, b->outcome) &&
           text_is(a->ended, b->ended) && text_is(a->tries, b->tries) && a->counted == b->counted &&
           a->price_own == b->price_own;
}

static void add_kind(struct ctx *c, struct buf *b, const struct usage *u, size_t number)
{
    buf_printf(b, "%s{\"n\":%zu,\"u\":%s", number == 0 ? "" : ",", number,
               u->counted ? "true" : "false");
    add_text(b, "e", u->employee_id);
    add_text(b, "t", u->team_id);
    add_text(b, "v", u->conversation_id);
    add_text(b, "k", u->key_id);
    add_text(b, "a", u->account_id);
    add_text(b, "p", u->provider);
    add_text(b, "m", text_clean(c->mem, u->model, NAME_BYTES_MAX));
    add_text(b, "f", u->price_from);
    if (u->price_own)
        buf_text(b, ",\"w\":true");
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
    "  tries, price_own)"                                                                          \
    " SELECT tenant_now(), r.id, k.e, k.t, k.v, k.k, k.a, k.p, k.m, coalesce(r.i, 0),"             \
    "  least(coalesce(r.c, 0), coalesce(r.i, 0)), coalesce(r.w, 0), coalesce(r.o, 0),"             \
    "  coalesce(r.r, 0), coalesce(r.g, 0), k.u, coalesce(r.s, 0), k.f, coalesce(r.l, 0),"          \
    "  nullif(r.h, 0), k.x, coalesce(k.d, 'whole'), k.y, coalesce(k.w, false)"                     \
    " FROM unnest($2::uuid[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],"  \
    "  $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])"                   \
    "  AS r(id, n, i, c, w, o, r, g, s, l, h)"                                                     \
    " JOIN json_to_recordset($1::json) AS k(n int, e uuid, t uuid, v uuid, k uuid, a uuid, p "     \
    "text,"                                                                                        \
    "  m text, u boolean, f date, w boolean, x text, d text, y jsonb) ON k.n = r.n"
static const struct stmt q_many = {"usage_add_many", MANY};
/* It waits for others who are adding the same, so that it knows. */
static const struct stmt q_missing = {"usage_add_missing", MANY " RETURNING id"};

/* What the statement takes. */
struct texts {
    struct buf kinds, ids, numbers, figures[FIGURES];
    bool figured[FIGURES]; /* any of them is not 0 */
};

static void add_number(struct buf *list, int64_t number)
{
    buf_char(list, list->len == 0 ? '{' : ',');
    buf_number(list, number);
}

static void add_row(struct texts *t, const struct usage *u, size_t kind)
{
    buf_char(&t->ids, t->ids.len == 0 ? '{' : ',');
    buf_text(&t->ids, u->id);
    add_number(&t->numbers, (int64_t)kind);
    for (size_t k = 0; k < FIGURES; k++)
        if (t->figured[k])
            add_number(&t->figures[k], figure(u, k));
}

static void add_rows(struct ctx *c, struct texts *t, const struct usage *const *rows, size_t count)
{
    const struct usage **kinds = arena_take(c->mem, (count + 1) * sizeof(*kinds));
    size_t kind_count = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < FIGURES; k++)
            t->figured[k] = t->figured[k] || figure(rows[i], k) != 0;
    for (size_t i = 0; i < count; i++) {
        size_t kind = 0;

        while (kind < kind_count && !is_like(kinds[kind], rows[i]))
            kind++;
        if (kind == kind_count) {
            kinds[kind_count++] = rows[i];
            add_kind(c, &t->kinds, rows[i], kind);
        }
        add_row(t, rows[i], kind);
    }
}

/* Ends a list; a shorter one is filled up with NULL by the database. */
static struct arg list(struct buf *b, bool any, bool *over)
{
    buf_char(b, '}');
    *over = *over || b->over;
    return arg_text(any ? buf_str(b) : "{}");
}

static rc_t args_of(struct ctx *c, const struct usage *const *rows, size_t count, struct args *out)
{
    struct texts t = {.kinds = buf_new(c->mem, KINDS_BYTES_MAX),
                      .ids = buf_new(c->mem, LIST_BYTES_MAX),
                      .numbers = buf_new(c->mem, LIST_BYTES_MAX)};
    struct arg *args = arena_take(c->mem, (3 + FIGURES) * sizeof(*args));
    bool over;

    for (size_t k = 0; k < FIGURES; k++)
        t.figures[k] = buf_new(c->mem, LIST_BYTES_MAX);
    buf_char(&t.kinds, '[');
    add_rows(c, &t, rows, count);
    buf_char(&t.kinds, ']');
    over = t.kinds.over;
    args[0] = arg_text(buf_str(&t.kinds));
    args[1] = list(&t.ids, count > 0, &over);
    args[2] = list(&t.numbers, count > 0, &over);
    for (size_t k = 0; k < FIGURES; k++)
        args[3 + k] = list(&t.figures[k], t.figured[k], &over);
    *out = (struct args){args, 3 + FIGURES};
    return !over ? OK
                 : ctx_fail(c, E_LIMIT, "usage_too_many", "too much for one statement: %zu calls",
                            count);
}

rc_t usage_add_many(struct ctx *c, const struct usage *const *rows, size_t count)
{
    struct args args;

    if (count == 0)
        return OK;
    TRY(args_of(c, rows, count, &args));
    return db_later(c, &q_many, args);
}

rc_t usage_add_missing(struct ctx *c, const struct usage *const *rows, size_t count,
                       const char *const **added, size_t *added_count)
{
    struct db_rows answer;
    struct args args;
    const char **ids;

    TRY(args_of(c, rows, count, &args));
    TRY(db_rows(c, &q_missing, args, &answer));
    ids = arena_take(c->mem, ((size_t)answer.count + 1) * sizeof(*ids));
    for (int i = 0; i < answer.count; i++)
        ids[i] = db_text(&answer, i, 0);
    *added = ids;
    *added_count = (size_t)answer.count;
    return OK;
}
