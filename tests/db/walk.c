/* See walk.h. */
#include "walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"

#include <cmocka.h>

#define TABLES_MAX 100

struct tables {
    const char *names[TABLES_MAX];
    int count;
};

static const enum pg_role walkers[] = {PG_WEB, PG_WORKER, PG_DISPATCH, PG_OWNER};

bool walk_sees_all(enum pg_role role, const char *table)
{
    static const struct {
        enum pg_role role;
        const char *table;
    } rows[] = {
        {PG_DISPATCH, "job"},      {PG_DISPATCH, "tenant"},       {PG_OWNER, "tenant"},
        {PG_OWNER, "session"},     {PG_OWNER, "membership"},      {PG_OWNER, "invitation"},
        {PG_OWNER, "connection"},  {PG_OWNER, "audit_head"},      {PG_OWNER, "audit_signature"},
        {PG_OWNER, "mail"},        {PG_OWNER, "api_key"},         {PG_OWNER, "login_step"},
        {PG_OWNER, "cap_lease"},   {PG_OWNER, "call_open"},       {PG_OWNER, "idempotency"},
        {PG_OWNER, "sign_in"},     {PG_OWNER, "sign_in_domain"},  {PG_OWNER, "sign_in_attempt"},
        {PG_OWNER, "oauth_app"},   {PG_OWNER, "oauth_grant"},     {PG_OWNER, "oauth_token"},
        {PG_OWNER, "usage_fresh"}, {PG_OWNER, "provider_account"}};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].role == role && strcmp(rows[i].table, table) == 0)
            return true;
    return false;
}

const char *file_text(struct arena *mem, const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = arena_take(mem, KIB(64));

    if (file == NULL)
        fail_msg("%s can't be read; start the tests in the top folder", path);
    text[fread(text, 1, KIB(64) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void tables_of(struct arena *mem, PGconn *super, struct tables *out)
{
    PGresult *r = PQexec(
        super, "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
               " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
               " AND a.attname = 'tenant_id' AND NOT a.attisdropped ORDER BY 1");

    assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
    out->count = PQntuples(r);
    assert_in_range(out->count, 10, TABLES_MAX);
    for (int i = 0; i < out->count; i++)
        out->names[i] = text_dup(mem, PQgetvalue(r, i, 0));
    PQclear(r);
}

struct pair walk_fill(struct arena *mem, PGconn *super)
{
    struct pair tenants = {id_new(mem), id_new(mem)};
    const char *ids[] = {tenants.a, tenants.b}, *sql = file_text(mem, "tests/db/fill.sql");
    struct tables tables;

    tables_of(mem, super, &tables);
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        pg_do(super, "SET LOCAL test.tenant = '%s'", ids[i]);
        pg_do(super, "%s", sql);
        for (int k = 0; k < tables.count; k++)
            if (pg_count(super, "SELECT count(*) FROM %s WHERE tenant_id = '%s'", tables.names[k],
                         ids[i]) == 0)
                fail_msg("tests/db/fill.sql makes no row in %s", tables.names[k]);
    }
    return tenants;
}

static void become(PGconn *super, enum pg_role role, const char *tenant)
{
    pg_do(super, "SET LOCAL ROLE %s", pg_name(role));
    pg_do(super, "SET LOCAL app.tenant_id = '%s'", tenant);
}

static void hole(struct buf *out, enum pg_role role, const char *table, const char *what)
{
    buf_printf(out, "%s: %s %s\n", table, pg_name(role), what);
}

/* How many rows match; -1 when the role may not look. */
static int64_t seen(PGconn *super, const char *table, const char *where)
{
    if (strcmp(pg_try(super, "SELECT count(tenant_id) FROM %s", table), "42501") == 0)
        return -1;
    return pg_count(super, "SELECT count(tenant_id) FROM %s WHERE %s", table, where);
}

static void look(struct arena *mem, PGconn *super, enum pg_role role, const char *table,
                 struct pair tenants, struct buf *out)
{
    const char *own = text_printf(mem, "tenant_id = '%s'", tenants.a);
    const char *other = text_printf(mem, "tenant_id <> '%s'", tenants.a);

    become(super, role, "");
    if (seen(super, table, "true") > 0)
        hole(out, role, table, "sees rows without a tenant");
    become(super, role, tenants.a);
    if (seen(super, table, other) > 0)
        hole(out, role, table, "sees another tenant's rows");
    if (seen(super, table, own) == 0)
        hole(out, role, table, "does not see its own rows");
}

/*
 * The row of tenant B, given again with everything as it is: the policy must refuse it, not a key.
 */
static void write_foreign(struct arena *mem, PGconn *super, enum pg_role role, const char *table,
                          struct pair tenants, struct buf *out)
{
    pg_do(super, "RESET ROLE");

    const char *row = pg_get(mem, super,
                             "SELECT quote_literal(to_jsonb(x)) FROM %s x WHERE tenant_id = '%s'",
                             table, tenants.b);
    bool may = pg_count(super, "SELECT has_table_privilege('%s', '%s', 'INSERT')::int",
                        pg_name(role), table) == 1;

    become(super, role, tenants.a);

    const char *state = pg_try(super,
                               "INSERT INTO %s OVERRIDING SYSTEM VALUE SELECT"
                               " (jsonb_populate_record(NULL::%s, %s)).*",
                               table, table, row);

    if (strcmp(state, "42501") != 0)
        hole(out, role, table, text_printf(mem, "writes another tenant's row (%s)", state));
    else if (may && strstr(pg_why(), "row-level security") == NULL)
        hole(out, role, table, "is refused by something else than the policy");
}

/* By the policy or the lack of a right, or by the trigger that keeps audit entries. */
static bool refused(const char *state)
{
    return strcmp(state, "42501") == 0 || strcmp(state, "P0001") == 0;
}

/* Changing or removing what belongs to B, and giving one's own to B. */
static void change_foreign(struct arena *mem, PGconn *super, enum pg_role role, const char *table,
                           struct pair tenants, struct buf *out)
{
    const char *to_b = text_printf(mem, "UPDATE %s SET tenant_id = '%s' WHERE tenant_id = '%s'",
                                   table, tenants.b, tenants.a);
    const char *of_b = text_printf(mem, "WHERE tenant_id = '%s'", tenants.b);
    const char *statements[] = {
        text_printf(
            mem,
            "WITH x AS (UPDATE %s SET tenant_id = tenant_id %s RETURNING 1) SELECT count(*) FROM x",
            table, of_b),
        text_printf(mem, "WITH x AS (DELETE FROM %s %s RETURNING 1) SELECT count(*) FROM x", table,
                    of_b)};

    become(super, role, tenants.a);
    if (!refused(pg_try(super, "%s", to_b)))
        hole(out, role, table, "gives its row to another tenant");
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        const char *state = pg_try(super, "%s", statements[i]);
        bool worked = strcmp(state, "00000") == 0;

        /* Any other failure came after the rows had been found: a foreign key, say. */
        if (!refused(state) && (!worked || pg_count(super, "%s", statements[i]) != 0))
            hole(out, role, table,
                 i == 0 ? "changes another tenant's row" : "removes another tenant's row");
    }
}

void walk(struct arena *mem, PGconn *super, struct pair tenants, struct buf *out)
{
    struct tables tables;

    tables_of(mem, super, &tables);
    for (size_t r = 0; r < COUNT_OF(walkers); r++)
        for (int i = 0; i < tables.count; i++) {
            const char *table = tables.names[i];

            if (!walk_sees_all(walkers[r], table))
                look(mem, super, walkers[r], table, tenants, out);
            write_foreign(mem, super, walkers[r], table, tenants, out);
            change_foreign(mem, super, walkers[r], table, tenants, out);
        }
    pg_do(super, "RESET ROLE");
}

void gate(struct arena *mem, PGconn *super, struct buf *out)
{
    PGresult *r = PQexec(super, file_text(mem, "isolation/gate.sql"));

    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("isolation/gate.sql: %s", PQerrorMessage(super));
    for (int i = 0; i < PQntuples(r); i++)
        buf_printf(out, "%s: %s %s\n", PQgetvalue(r, i, 0), PQgetvalue(r, i, 1),
                   PQgetvalue(r, i, 2));
    PQclear(r);
}
