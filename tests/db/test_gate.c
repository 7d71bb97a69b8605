/*
 * Tenants are sealed off in every table that exists: the gate over the catalogue, the walk of each
 * role through two tenants, and proof that both would notice a hole. Holes are made in a
 * transaction that is never committed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "walk.h"

#include <cmocka.h>

struct fixture {
    struct arena *mem;
    PGconn *super;
    struct buf found;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->mem = arena_new(MIB(16));
    f->super = pg_open(PG_SUPER);
    f->found = buf_new(f->mem, KIB(256));
    pg_do(f->super, "BEGIN");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    PQfinish(f->super);
    arena_free(f->mem);
    free(f);
    return 0;
}

static void the_schema_passes_the_gate(void **state)
{
    struct fixture *f = *state;

    gate(f->mem, f->super, &f->found);
    assert_string_equal(buf_str(&f->found), "");
}

static void nothing_of_one_tenant_is_seen_by_another(void **state)
{
    struct fixture *f = *state;
    struct pair tenants = walk_fill(f->mem, f->super);

    walk(f->mem, f->super, tenants, &f->found);
    assert_string_equal(buf_str(&f->found), "");
}

/* The same for the whole database as it is, with the real logins, and without any tenant set. */
static void real_logins_without_a_tenant_see_nothing(void **state)
{
    static const enum pg_role logins[] = {PG_WEB, PG_WORKER, PG_OWNER};
    struct fixture *f = *state;
    struct place at = place_new(f->mem);
    PGresult *r = PQexec(f->super, "SELECT table_name FROM information_schema.columns"
                                   " WHERE table_schema = 'public' AND column_name = 'tenant_id'");

    for (size_t i = 0; i < COUNT_OF(logins); i++) {
        PGconn *conn = pg_open(logins[i]);

        for (int k = 0; k < PQntuples(r); k++) {
            const char *table = PQgetvalue(r, k, 0);
            const char *got = pg_try(conn, "SELECT count(tenant_id) FROM %s", table);

            if (strcmp(got, "42501") == 0 || walk_sees_all(logins[i], table))
                continue;
            assert_string_equal(got, "00000");
            assert_int_equal(pg_count(conn, "SELECT count(tenant_id) FROM %s", table), 0);
        }
        /* No tenant, spelled in other ways; nonsense is refused aloud. */
        if (logins[i] == PG_OWNER) {
            PQfinish(conn);
            continue;
        }
        pg_do(conn, "SET app.tenant_id = ''");
        assert_int_equal(pg_count(conn, "SELECT count(*) FROM tenant"), 0);
        pg_do(conn, "SET app.tenant_id = '00000000-0000-0000-0000-000000000000'");
        assert_int_equal(pg_count(conn, "SELECT count(*) FROM tenant"), 0);
        pg_do(conn, "SET app.tenant_id = '%s'", at.tenant_id);
        assert_int_equal(pg_count(conn, "SELECT count(*) FROM tenant"), 1);
        pg_do(conn, "SET app.tenant_id = 'x'' OR true'");
        assert_string_equal(pg_try(conn, "SELECT count(*) FROM tenant"), "22P02");
        assert_string_equal(pg_try(conn, "SET row_security = off; SELECT count(*) FROM tenant"),
                            "42501");
        PQfinish(conn);
    }
    PQclear(r);
}

/* Every hole that we could think of, and what the gate must say of it. */
static void the_gate_notices_holes(void **state)
{
    static const struct {
        const char *hole, *says;
    } rows[] = {
        {"ALTER TABLE message DISABLE ROW LEVEL SECURITY",
         "table_not_protected: message not enabled"},
        {"ALTER TABLE message NO FORCE ROW LEVEL SECURITY",
         "table_not_protected: message not forced"},
        {"ALTER TABLE person NO FORCE ROW LEVEL SECURITY", "table_not_protected: person"},
        {"DROP POLICY tenant ON usage", "table_without_policy: usage"},
        {"ALTER POLICY tenant ON usage TO konstruct_worker", "table_without_policy: usage"},
        {"ALTER POLICY tenant ON usage USING (true)", "weak_policy: usage tenant"},
        {"ALTER POLICY tenant ON usage WITH CHECK (true)", "weak_policy: usage tenant"},
        {"ALTER POLICY tenant ON usage USING (tenant_id = current_setting('app.tenant')::uuid)",
         "weak_policy: usage tenant"},
        {"ALTER POLICY tenant ON usage USING (true OR tenant_id = "
         "current_setting('app.tenant_id')::uuid)",
         "weak_policy: usage tenant"},
        {"CREATE POLICY all_of_it ON job FOR SELECT TO konstruct_web USING (true)",
         "weak_policy: job all_of_it"},
        {"ALTER POLICY dispatch ON job TO konstruct_dispatch, konstruct_web",
         "weak_policy: job dispatch"},
        {"ALTER POLICY lookup ON session TO konstruct_web", "weak_policy: session lookup"},
        {"CREATE TABLE note (id uuid PRIMARY KEY, text text)", "table_without_tenant_id: note"},
        {"CREATE TABLE note (tenant_id uuid NOT NULL, text text)", "table_not_protected: note"},
        {"ALTER TABLE audit DROP CONSTRAINT audit_pkey; ALTER TABLE audit ALTER tenant_id DROP NOT "
         "NULL",
         "tenant_id_nullable: audit"},
        {"CREATE VIEW all_messages AS SELECT * FROM message",
         "view_with_owners_rights: all_messages"},
        {"CREATE MATERIALIZED VIEW counts AS SELECT count(*) FROM message",
         "materialized_view: counts"},
        {"CREATE UNIQUE INDEX message_oracle ON message (id)",
         "key_without_tenant_id: message message_oracle"},
        {"CREATE UNIQUE INDEX person_one ON person (id);"
         "ALTER TABLE employee ADD tenant_copy uuid REFERENCES tenant",
         "reference_across_tenants: employee"},
        {"CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) "
         "FROM message'",
         "security_definer: peek()"},
        {"ALTER FUNCTION login_find(text) OWNER TO konstruct_owner",
         "security_definer: login_find(text)"},
        {"ALTER FUNCTION login_find(text) RESET search_path", "security_definer: login_find(text)"},
        {"CREATE FUNCTION peek() RETURNS int LANGUAGE sql AS 'SELECT 1'",
         "function_for_everybody: peek()"},
        {"CREATE FUNCTION peek() RETURNS int LANGUAGE sql LEAKPROOF AS 'SELECT 1'",
         "leakproof_function: peek()"},
        {"ALTER ROLE konstruct_web BYPASSRLS", "role_can_bypass: konstruct_web konstruct_web"},
        {"ALTER ROLE konstruct_worker CREATEROLE", "role_can_bypass: konstruct_worker"},
        {"GRANT konstruct_lookup TO konstruct_web",
         "role_can_bypass: konstruct_web konstruct_lookup"},
        {"GRANT konstruct_owner TO konstruct_dispatch",
         "table_owned_by_program: message konstruct_dispatch"},
        {"ALTER ROLE konstruct_lookup LOGIN", "lookup_too_strong: konstruct_lookup"},
        {"GRANT TRUNCATE ON message TO konstruct_worker",
         "right_beyond_policies: message konstruct_worker TRUNCATE"},
        {"GRANT TRIGGER ON message TO konstruct_web",
         "right_beyond_policies: message konstruct_web TRIGGER"},
        {"ALTER TABLE message OWNER TO konstruct_web",
         "table_owned_by_program: message konstruct_web"},
        {"GRANT UPDATE ON price TO konstruct_worker",
         "global_table_writable: price konstruct_worker"},
        {"GRANT CREATE ON SCHEMA public TO konstruct_web", "schema_open: konstruct_web"},
        {"GRANT SELECT ON message TO PUBLIC", "granted_to_everybody: message"},
        {"GRANT SELECT (bot_token) ON connection TO konstruct_web",
         "secret_readable: connection.bot_token konstruct_web"},
        {"GRANT SELECT ON tenant_key TO konstruct_dispatch",
         "secret_readable: tenant_key.private_sealed konstruct_dispatch"},
        {"CREATE SEQUENCE turn_no; GRANT USAGE ON SEQUENCE turn_no TO konstruct_worker",
         "sequence_readable: turn_no konstruct_worker"},
        {"ALTER ROLE konstruct_owner BYPASSRLS", "owner_can_bypass: konstruct_owner"},
        {"CREATE RULE also AS ON INSERT TO message DO ALSO SELECT 1", "rule_rewrites: message"},
        {"CREATE PUBLICATION outward FOR TABLE message", "published: outward"},
        {"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO konstruct_web", "default_rights"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf found = buf_new(f->mem, KIB(64));

        pg_do(f->super, "SAVEPOINT whole");
        pg_do(f->super, "%s", rows[i].hole);
        gate(f->mem, f->super, &found);
        pg_do(f->super, "ROLLBACK TO SAVEPOINT whole");
        if (strstr(buf_str(&found), rows[i].says) == NULL)
            fail_msg("%s: the gate says '%s'", rows[i].hole, buf_str(&found));
    }
}

/* The walk looks at what happens, not at the catalogue: it notices by itself. */
static void the_walk_notices_holes(void **state)
{
    static const struct {
        const char *hole, *says;
    } rows[] = {
        {"ALTER TABLE message DISABLE ROW LEVEL SECURITY",
         "message: konstruct_web sees rows without a tenant"},
        {"ALTER TABLE message DISABLE ROW LEVEL SECURITY",
         "message: konstruct_worker sees another tenant's rows"},
        {"ALTER TABLE message DISABLE ROW LEVEL SECURITY",
         "message: konstruct_web writes another tenant's row"},
        {"ALTER TABLE audit NO FORCE ROW LEVEL SECURITY",
         "audit: konstruct_owner sees another tenant's rows"},
        {"DROP POLICY tenant ON usage", "usage: konstruct_worker does not see its own rows"},
        {"ALTER POLICY tenant ON employee USING (true)",
         "employee: konstruct_web sees another tenant's rows"},
        {"ALTER POLICY tenant ON employee WITH CHECK (true)",
         "employee: konstruct_web writes another tenant's row"},
        {"ALTER POLICY tenant ON conversation USING (true) WITH CHECK (true)",
         "conversation: konstruct_worker changes another tenant's row"},
        {"ALTER POLICY tenant ON session USING (true)",
         "session: konstruct_web removes another tenant's row"},
        {"ALTER POLICY tenant ON outbound WITH CHECK (true)",
         "outbound: konstruct_worker writes another tenant's row"},
        {"ALTER ROLE konstruct_web BYPASSRLS", "message: konstruct_web sees rows without a tenant"},
        {"CREATE POLICY all_of_it ON step FOR SELECT USING (true)",
         "step: konstruct_worker sees another tenant's rows"},
    };
    struct fixture *f = *state;
    struct pair tenants = walk_fill(f->mem, f->super);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf found = buf_new(f->mem, KIB(64));

        pg_do(f->super, "SAVEPOINT whole");
        pg_do(f->super, "%s", rows[i].hole);
        walk(f->mem, f->super, tenants, &found);
        pg_do(f->super, "ROLLBACK TO SAVEPOINT whole");
        if (strstr(buf_str(&found), rows[i].says) == NULL)
            fail_msg("%s: the walk says '%s'", rows[i].hole, buf_str(&found));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_schema_passes_the_gate, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_of_one_tenant_is_seen_by_another, setup, teardown),
        cmocka_unit_test_setup_teardown(real_logins_without_a_tenant_see_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(the_gate_notices_holes, setup, teardown),
        cmocka_unit_test_setup_teardown(the_walk_notices_holes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
