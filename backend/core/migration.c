/* See migration.h. */
#include "core/migration.h"

#include <string.h>

#include "base/embedded.h"
#include "base/log.h"
#include "core/plan.h"
#include "io/crypto.h"
#include "io/db.h"

static const char ledger_sql[] =
    "CREATE TABLE IF NOT EXISTS schema_migration (name text PRIMARY KEY, checksum text NOT NULL,"
    " applied_at timestamptz NOT NULL DEFAULT now());"
    "GRANT SELECT ON schema_migration TO konstruct_web, konstruct_worker;";

/* Held by the session of one migrate command at a time; the number means nothing. */
#define LOCK_SQL "SELECT pg_advisory_xact_lock(7213004501)"

static const char *checksum(struct ctx *c, const struct embedded *file)
{
    unsigned char hash[32];

    crypto_sha256((struct bytes){file->start, (size_t)(file->end - file->start)}, hash);
    return text_hex(c->mem, (struct bytes){(const char *)hash, sizeof(hash)});
}

static const struct stmt q_all = {"migration_all",
                                  "SELECT name, checksum FROM schema_migration ORDER BY name"};

/*
 * What the database has must be the beginning of what we have, unchanged; *have says how long that
 * beginning is.
 */
static rc_t compare(struct ctx *c, int *have)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_all, NO_ARGS, &rows));
    for (int i = 0; i < rows.count; i++) {
        const struct embedded *ours = &embedded_migrations[i];
        const char *name = db_text(&rows, i, 0);

        if (ours->name == NULL || !text_is(ours->name, name))
            return ctx_fail(c, E_CONFLICT, "migration_unknown",
                            "The database has migration %s, which this program does not know: it "
                            "is newer than the "
                            "program. Use the program that belongs to it.",
                            name);
        if (!text_is(checksum(c, ours), db_text(&rows, i, 1)))
            return ctx_fail(c, E_CONFLICT, "migration_changed",
                            "Migration %s was changed after it had been applied. Put it back as it "
                            "was and write a "
                            "new one.",
                            name);
    }
    *have = rows.count;
    return OK;
}

static rc_t apply(struct ctx *c, const struct embedded *file)
{
    return db_script(
        c,
        text_printf(
            c->mem,
            "BEGIN; SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = "
            "'10min'; " LOCK_SQL
            "; INSERT INTO schema_migration (name, checksum) VALUES ('%s', '%s');\n%s\n; COMMIT;",
            file->name, checksum(c, file), file->start));
}

/*
 * A key that is taken may be the ledger's, because another migrate was quicker, which is as good;
 * or one of the file's own, and then nothing of it is there.
 */
static rc_t applied_by_another(struct ctx *c, const struct embedded *file)
{
    const struct fault fault = c->fault;
    int have = 0;

    ctx_forgive(c);
    TRY(compare(c, &have));
    TRY(db_commit(c));
    if (file < &embedded_migrations[have])
        return OK;
    c->fault = fault;
    return fault.rc;
}

rc_t migration_run(struct ctx *c, void (*told)(const char *name), int *applied)
{
    int have = 0;

    *applied = 0;
    TRY(db_script(c, text_printf(c->mem,
                                 "BEGIN; SET LOCAL lock_timeout = '60s'; " LOCK_SQL "; %s COMMIT;",
                                 ledger_sql)));
    TRY(compare(c, &have));
    TRY(db_commit(c));
    for (const struct embedded *file = &embedded_migrations[have]; file->name != NULL; file++) {
        rc_t rc = apply(c, file);

        if (rc == E_CONFLICT) {
            TRY(applied_by_another(c, file));
            continue;
        }
        TRY(rc);
        (*applied)++;
        told(file->name);
    }
    return OK;
}

static const struct stmt q_ledger = {"migration_ledger",
                                     "SELECT (to_regclass('public.schema_migration') IS NOT "
                                     "NULL)::int"};

rc_t migration_current(struct ctx *c, bool *current)
{
    struct db_rows ledger;
    int have = 0;
    rc_t rc;

    *current = false;
    TRY(db_rows(c, &q_ledger, NO_ARGS, &ledger));
    if (db_int(&ledger, 0, 0) == 0)
        return db_commit(c);
    rc = compare(c, &have);
    *current = rc == OK && embedded_migrations[have].name == NULL;
    if (rc == E_CONFLICT) {
        ctx_forgive(c);
        rc = OK;
    }
    return rc == OK ? db_commit(c) : rc;
}

static const struct embedded *seed_file(const char *name)
{
    const struct embedded *file = embedded_seed;

    while (file->name != NULL && !text_is(file->name, name))
        file++;
    return file;
}

static const struct stmt q_templates = {
    "seed_templates", "INSERT INTO template SELECT t.key, t.name, t.role, t.about, t.persona,"
                      " ARRAY(SELECT jsonb_array_elements_text(t.facts)), t.hired_at_start"
                      " FROM jsonb_to_recordset($1::jsonb) AS t(key text, name text, role text, "
                      "about text, persona text, facts jsonb,"
                      " hired_at_start boolean)"
                      " ON CONFLICT (key) DO UPDATE SET name = excluded.name, role = "
                      "excluded.role, about = excluded.about,"
                      " persona = excluded.persona, facts = excluded.facts, hired_at_start = "
                      "excluded.hired_at_start"};

static const struct stmt q_price = {
    "seed_price",
    "INSERT INTO price (provider, model, valid_from, input, cached, output, cache_write)"
    " VALUES ($1, $2, $3::date, $4, $5, $6, $7) ON CONFLICT (provider, model, valid_from)"
    " DO UPDATE SET input = excluded.input, cached = excluded.cached, output = excluded.output,"
    "  cache_write = excluded.cache_write"};

/*
 * A line: provider, model, valid_from, input, cached, output and, where there is one, the price of
 * writing the cache, parted by tabs; '#' begins a remark.
 */
static rc_t seed_price(struct ctx *c, char *line)
{
    const char *columns[7] = {NULL};
    int64_t prices[4];
    size_t count = 0;
    bool read = true;

    for (char *rest = line, *column;
         count < COUNT_OF(columns) && (column = strsep(&rest, "\t")) != NULL;)
        columns[count++] = column;
    for (size_t i = 3; i < count; i++)
        read = read && text_int(columns[i], &prices[i - 3]) == OK;
    if (!read || count < 6)
        return ctx_fail(c, E_INVALID, "seed_price",
                        "seed/prices.tsv has a line that can't be read: %s", columns[0]);
    return db_exec(c, &q_price,
                   ARGS(A(columns[0]), A(columns[1]), A(columns[2]), A(prices[0]), A(prices[1]),
                        A(prices[2]), count == 7 ? A(prices[3]) : arg_text(NULL)),
                   NULL);
}

rc_t seed_run(struct ctx *c)
{
    const struct embedded *employees = seed_file("employees.json"),
                          *prices = seed_file("prices.tsv"), *plans = seed_file("plans.tsv");
    char *rest;

    if (employees->name == NULL || prices->name == NULL || plans->name == NULL)
        return ctx_fail(c, E_INTERNAL, "seed_missing",
                        "this program was built without its seed files");
    TRY(db_exec(c, &q_templates, ARGS(A(employees->start)), NULL));
    rest = text_dup(c->mem, prices->start);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (line[0] != '\0' && line[0] != '#')
            TRY(seed_price(c, line));
    TRY(plan_seed(c, plans->start));
    return db_commit(c);
}
