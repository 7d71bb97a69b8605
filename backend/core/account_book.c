/* See account_book.h. */
#include "core/account_book.h"

#include <string.h>

#include "base/shape.h"
#include "core/provider_account.h"
#include "core/tenant_key.h"
#include "io/db.h"

#define DETAIL_MAX 500

static const struct field fields[] = {
    FIELD(struct account, id, 0, 0, NULL),         FIELD(struct account, provider, 0, 0, NULL),
    FIELD(struct account, name, 0, 0, NULL),       FIELD(struct account, base_url, 0, 0, NULL),
    FIELD(struct account, api, 0, 0, NULL),        FIELD(struct account, api_version, 0, 0, NULL),
    FIELD(struct account, key, 0, 0, NULL),        FIELD(struct account, models, 0, 0, NULL),
    FIELD(struct account, named, 0, 0, NULL),      FIELD(struct account, broken, 0, 0, NULL),
    FIELD(struct account, lines_text, 0, 0, NULL),
};
static const struct shape shape = SHAPE("Account", struct account, fields);

#define ROW                                                                     \
    "SELECT id, provider, name, base_url, api, api_version, key_sealed AS key," \
    " CASE WHEN models = '' THEN models_found ELSE models END AS models,"       \
    " models AS named, state = 'broken' AS broken, " ACCOUNT_LINES_SQL          \
    " FROM provider_account a WHERE a.tenant_id = tenant_now()"

static const struct stmt q_book = {"account_book", ROW " AND is_on ORDER BY position, created_at,"
                                                       " id"};
static const struct stmt q_tested = {"account_tested", ROW " AND test_id = $1"};

/* One key that does not open takes nothing away from the other accounts. */
static rc_t key_open(struct ctx *c, struct account *a)
{
    const struct seal_place place = {c->tenant_id, "provider_account", "key_sealed", a->id};
    const char *sealed = a->key;
    struct bytes plain;
    rc_t rc;

    a->key = NULL;
    if (sealed == NULL)
        return OK;
    rc = secret_open(c, place, sealed, &plain);
    if (rc == E_INVALID) {
        ctx_forgive(c);
        a->unreadable = true;
        return OK;
    }
    TRY(rc);
    a->key = text_copy(c->mem, plain.data, plain.len);
    crypto_wipe((void *)(uintptr_t)plain.data, plain.len);
    return OK;
}

/* What travelled as text. */
static rc_t complete(struct ctx *c, struct account *a)
{
    TRY(account_lines_read(c, a->lines_text, &a->lines, &a->line_count));
    return key_open(c, a);
}

rc_t account_book(struct ctx *c, struct account **items, size_t *count)
{
    TRY(db_list(c, &q_book, NO_ARGS, &shape, (void **)items, count));
    for (size_t i = 0; i < *count; i++)
        TRY(complete(c, &(*items)[i]));
    return OK;
}

/* "-20250929", "-2024-08-06", "@20250514", ":latest", "-latest": one state of a model's name. */
static bool is_dated(const char *tail, size_t len)
{
    if (len == strlen("-latest") && (tail[0] == '-' || tail[0] == ':') &&
        strncmp(tail + 1, "latest", len - 1) == 0)
        return true;
    if (len < 7 || (tail[0] != '-' && tail[0] != '@'))
        return false;
    return strspn(tail + 1, "0123456789") >= 4 && strspn(tail + 1, "0123456789-") >= len - 1;
}

/* Lists name a model with its date, and people name it without, or as the latest one. */
static bool means(const char *listed, size_t len, const char *model)
{
    size_t asked = strlen(model), latest = strlen("-latest");

    if (asked > latest && text_is(model + asked - latest, "-latest"))
        asked -= latest;
    if (len < asked || strncmp(listed, model, asked) != 0)
        return false;
    return (len == asked && model[asked] == '\0') || is_dated(listed + asked, len - asked);
}

bool account_means(const char *listed, const char *model)
{
    return means(listed, strlen(listed), model);
}

bool account_serves(const struct account *account, const char *model)
{
    for (const char *at = account->models; *at != '\0';) {
        size_t len = strcspn(at, " ");

        if (means(at, len, model) || (len == strlen(model) && strncmp(at, model, len) == 0))
            return true;
        at += len + strspn(at + len, " ");
    }
    return account->models[0] == '\0';
}

rc_t account_tested(struct ctx *c, const char *test_id, struct account *out)
{
    TRY(db_one(c, &q_tested, ARGS(A(test_id)), &shape, out));
    return complete(c, out);
}

static bool mends_itself(const char *code)
{
    static const struct {
        const char *code;
        bool mends;
    } rows[] = {
#define FAULT(code, mends, text) {#code, mends},
#include "core/provider_account_faults.def"
#undef FAULT
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (text_is(rows[i].code, code))
            return rows[i].mends;
    return false;
}

/* A fault that mends itself says nothing about the account: what was known of it stays. */
static const struct stmt q_end = {
    "account_test_end",
    "UPDATE provider_account SET test_id = NULL, checked_at = clock_timestamp(), fault = $2,"
    " fault_detail = $3, models_found = coalesce($4, models_found),"
    " refused_code = CASE WHEN $2::text IS NOT NULL THEN refused_code END,"
    " refused_at = CASE WHEN $2::text IS NOT NULL THEN refused_at END,"
    " state = CASE WHEN $2::text IS NULL THEN 'ok' WHEN $5 THEN state ELSE 'broken' END,"
    " broken_at = CASE WHEN $2::text IS NOT NULL THEN coalesce(broken_at,"
    "   CASE WHEN NOT $5 THEN clock_timestamp() END) END"
    " WHERE tenant_id = tenant_now() AND test_id = $1"};

rc_t account_test_end(struct ctx *c, const char *test_id, const char *code, const char *detail,
                      const char *models)
{
    return db_exec(c, &q_end,
                   ARGS(A(test_id), A(code),
                        A(detail == NULL ? NULL : text_clean(c->mem, detail, DETAIL_MAX)),
                        A(models), A(mends_itself(code))),
                   NULL);
}

/*
 * Waits for nobody: two turns may tell of the same accounts in another order, and the row that
 * somebody else holds is being told of.
 */
static const struct stmt q_refused = {
    "account_refused",
    "UPDATE provider_account SET refused_code = $2, refused_at = clock_timestamp()"
    " WHERE tenant_id = tenant_now() AND id = (SELECT a.id FROM provider_account a"
    "  WHERE a.tenant_id = tenant_now() AND a.id = $1 AND (a.refused_code IS DISTINCT FROM $2"
    "   OR a.refused_at < clock_timestamp() - interval '1 minute') FOR UPDATE SKIP LOCKED)"};

rc_t account_refused(struct ctx *c, const char *id, const char *code)
{
    return db_later(c, &q_refused, ARGS(A(id), A(code)));
}

static const struct stmt q_due = {"account_due_list", "SELECT tenant_id, id FROM accounts_due($1)"};

rc_t account_due_list(struct ctx *c, int64_t most, struct account_due **out, size_t *count)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_due, ARGS(A(most)), &rows));
    *count = (size_t)rows.count;
    *out = arena_take(c->mem, (*count + 1) * sizeof(**out));
    for (int i = 0; i < rows.count; i++)
        (*out)[i] = (struct account_due){db_text(&rows, i, 0), db_text(&rows, i, 1)};
    return OK;
}
