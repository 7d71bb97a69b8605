/*
 * The roles: what each may touch down to the column, and that no program starts under a role which
 * row-level security does not hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/pg.h"

#include <cmocka.h>

static void programs_roles_are_accepted(void **state)
{
    static const enum pg_role roles[] = {PG_WEB, PG_WORKER, PG_DISPATCH};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        struct ctx *c = pg_ctx(roles[i], NULL);

        if (db_check_role(c) != OK)
            fail_msg("%s: %s", pg_name(roles[i]), c->fault.detail);
        ctx_end(c);
    }
}

/* What is wrong with a role (@ is its name), and the word that must be said about it. */
static const struct strong {
    const char *make, *code, *says;
} strong[] = {
    {"ALTER ROLE @ SUPERUSER", "role_bypasses", "bypass row-level security"},
    {"ALTER ROLE @ BYPASSRLS", "role_bypasses", "bypass row-level security"},
    {"ALTER ROLE @ CREATEROLE", "role_bypasses", "bypass row-level security"},
    {"GRANT postgres TO @", "role_bypasses", "may become postgres"},
    {"GRANT postgres TO @; ALTER ROLE @ NOINHERIT", "role_bypasses", "may become postgres"},
    {"GRANT konstruct_owner TO @", "role_owns", "owns tables"},
    {"CREATE TABLE mine_of_@ (id int); ALTER TABLE mine_of_@ OWNER TO @", "role_owns", "mine_of_"},
};

struct bad_role {
    struct arena *mem;
    PGconn *super;
    const char *database, *name;
};

/* A database of its own, because a table is made; the role lives as long as the test. */
static int bad_role_new(void **state)
{
    struct bad_role *bad = calloc(1, sizeof(*bad));

    bad->mem = arena_new(MIB(4));
    bad->database = scratch_new(bad->mem);
    bad->super = pg_open_at(
        address_with(bad->mem, PG_SUPER, text_printf(bad->mem, "dbname=%s", bad->database)));
    *state = bad;
    return 0;
}

static int bad_role_end(void **state)
{
    struct bad_role *bad = *state;

    PQfinish(bad->super);
    scratch_drop(bad->database);
    arena_free(bad->mem);
    free(bad);
    return 0;
}

static const char *role_make(struct bad_role *bad, const struct strong *how)
{
    bad->name = text_printf(bad->mem, "strong_%d", (int)getpid());
    pg_do(bad->super, "CREATE ROLE %s LOGIN PASSWORD 'a-password-for-a-test'", bad->name);
    pg_do(bad->super,
          "CREATE TABLE of_the_owner (id int); ALTER TABLE of_the_owner OWNER TO konstruct_owner");

    struct buf sql = buf_new(bad->mem, KIB(1));

    for (const char *at = how->make; *at != '\0'; at++)
        buf_text(&sql, *at == '@' ? bad->name : text_copy(bad->mem, at, 1));
    pg_do(bad->super, "%s", buf_str(&sql));
    return address_with(bad->mem, PG_SUPER,
                        text_printf(bad->mem, "dbname=%s user=%s password=a-password-for-a-test",
                                    bad->database, bad->name));
}

static void role_drop(struct bad_role *bad)
{
    pg_do(bad->super, "DROP TABLE of_the_owner; DROP OWNED BY %s; DROP ROLE %s", bad->name,
          bad->name);
}

static void strong_roles_are_refused(void **state)
{
    struct bad_role *bad = *state;

    for (size_t i = 0; i < COUNT_OF(strong); i++) {
        struct db_pool *pool = db_pool_new(role_make(bad, &strong[i]), 1);
        struct ctx *c = ctx_new(MIB(1), pool);

        assert_int_equal(db_check_role(c), E_FORBIDDEN);
        assert_string_equal(c->fault.code, strong[i].code);
        if (strstr(c->fault.detail, strong[i].says) == NULL)
            fail_msg("%s: %s", strong[i].make, c->fault.detail);
        ctx_end(c);
        db_pool_free(pool);
        role_drop(bad);
    }
}

/* Runs a program of this build with one address replaced; its exit code and what it said. */
static int run_program(struct arena *mem, const char *program, const char *variable,
                       const char *address, char **said)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 40);
    FILE *file = tmpfile();
    int status;

    assert_true(len > 0 && file != NULL);
    path[len] = '\0';
    for (int i = 0; i < 3; i++) /* build/KIND/tests/db/test_roles: three up */
        *strrchr(path, '/') = '\0';
    strncat(strncat(path, "/", 2), program, 30);

    pid_t child = fork();

    if (child == 0) {
        setenv(variable, address, 1);
        unsetenv("KONSTRUCT_USER");
        setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* pools live as long as the process */
        setenv("KONSTRUCT_LISTEN", "127.0.0.1:1", 1);
        setenv("KONSTRUCT_TLS_CERT", "/dev/null", 1);
        setenv("KONSTRUCT_TLS_KEY", "/dev/null", 1);
        dup2(fileno(file), STDERR_FILENO);
        dup2(fileno(file), STDOUT_FILENO);
        alarm(60);
        execl(path, program, (char *)NULL);
        _exit(97);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    *said = arena_take(mem, KIB(16));
    rewind(file);
    (*said)[fread(*said, 1, KIB(16) - 1, file)] = '\0';
    fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void programs_refuse_to_start(void **state)
{
    static const struct {
        const char *program, *variable;
    } rows[] = {{"konstruct-worker", "KONSTRUCT_DB_WORKER"},
                {"konstruct-worker", "KONSTRUCT_DB_DISPATCH"},
                {"konstruct-web", "KONSTRUCT_DB_WEB"}};
    static const size_t kinds[] = {0, 1, 5}; /* superuser, BYPASSRLS, owner */
    struct bad_role *bad = *state;
    char *said;

    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        const char *address = role_make(bad, &strong[kinds[k]]);

        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            int code = run_program(bad->mem, rows[i].program, rows[i].variable, address, &said);

            if (code != 2 || strstr(said, strong[kinds[k]].says) == NULL)
                fail_msg("%s by %s (%s): %d %s", rows[i].program, rows[i].variable,
                         strong[kinds[k]].make, code, said);
        }
        role_drop(bad);
    }
}

/* Which role may read, write or change which column of what is delicate. */
static void columns_are_granted_narrowly(void **state)
{
    static const struct {
        enum pg_role role;
        const char *table, *column, *privilege;
        int may;
    } rows[] = {
        {PG_WEB, "connection", "bot_token", "SELECT", 0},
        {PG_WEB, "connection", "signing_secret", "SELECT", 0},
        {PG_WEB, "connection", "state", "SELECT", 1},
        {PG_WEB, "tenant_key", "private_sealed", "SELECT", 0},
        {PG_WEB, "tenant_key", "public_key", "SELECT", 1},
        {PG_WEB, "person", "password_hash", "SELECT", 0},
        {PG_WEB, "person", "email", "SELECT", 0},
        {PG_WEB, "step", "result", "SELECT", 1}, /* the evidence behind an answer */
        {PG_WEB, "step", "result", "UPDATE", 0},
        {PG_WEB, "step", "request_hash", "SELECT", 0},
        {PG_WEB, "outbound", "text", "SELECT", 0},
        {PG_WEB, "job", "state", "UPDATE", 0},
        {PG_WEB, "job", "last_error", "SELECT", 0},
        {PG_WEB, "message", "text", "UPDATE", 0},
        {PG_WEB, "conversation", "person_id", "UPDATE", 0},
        {PG_WEB, "conversation", "last_at", "UPDATE", 1},
        {PG_WEB, "price", "input", "INSERT", 0},
        {PG_WORKER, "person", "password_hash", "SELECT", 0},
        {PG_WORKER, "session", "token_hash", "SELECT", 0},
        {PG_WORKER, "connection", "bot_token", "SELECT", 1},
        {PG_WORKER, "message", "text", "UPDATE", 0},
        {PG_WORKER, "usage", "cost_micros", "UPDATE", 0},
        {PG_WORKER, "step", "result", "UPDATE", 0},
        {PG_DISPATCH, "job", "id", "SELECT", 1},
        {PG_DISPATCH, "job", "state", "SELECT", 1},
        {PG_DISPATCH, "job", "kind", "SELECT", 0},
        {PG_DISPATCH, "job", "subject_id", "SELECT", 0},
        {PG_DISPATCH, "job", "last_error", "SELECT", 0},
        {PG_DISPATCH, "job", "lease_until", "UPDATE", 1},
        {PG_DISPATCH, "job", "state", "UPDATE", 0},
        {PG_DISPATCH, "job", "holder", "UPDATE", 0},
        {PG_DISPATCH, "tenant", "name", "SELECT", 0},
        {PG_DISPATCH, "message", "id", "SELECT", 0},
        {PG_DISPATCH, "inbound", "text", "SELECT", 0},
    };
    PGconn *super = pg_open(PG_SUPER);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (pg_count(super, "SELECT has_column_privilege('%s', '%s', '%s', '%s')::int",
                     pg_name(rows[i].role), rows[i].table, rows[i].column,
                     rows[i].privilege) != rows[i].may)
            fail_msg("%s %s.%s %s", pg_name(rows[i].role), rows[i].table, rows[i].column,
                     rows[i].privilege);
    /* Whatever tables there are: the dispatcher reads two and writes one column. */
    assert_int_equal(
        pg_count(super,
                 "SELECT count(DISTINCT table_name) FROM information_schema.column_privileges"
                 " WHERE grantee = 'konstruct_dispatch'"),
        2);
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM information_schema.column_privileges"
                        " WHERE grantee = 'konstruct_dispatch' AND privilege_type <> 'SELECT'"),
        1);
    PQfinish(super);
}

/* The same with real statements: SELECT * counts as reading all columns. */
static void real_statements_are_refused(void **state)
{
    static const struct {
        enum pg_role role;
        const char *sql;
    } rows[] = {
        {PG_WEB, "SELECT * FROM connection"},
        {PG_WEB, "SELECT bot_token FROM connection"},
        {PG_WEB, "SELECT private_sealed FROM tenant_key"},
        {PG_WEB, "SELECT count(*) FROM person"},
        {PG_WEB, "UPDATE connection SET employee_id = employee_id"},
        {PG_WEB, "SELECT tenant_list()"},
        {PG_WEB, "INSERT INTO template VALUES ('k', 'n', 'r', 'a', 'p', '{}', true)"},
        {PG_WEB, "SET ROLE konstruct_worker"},
        {PG_WEB, "SET ROLE konstruct_lookup"},
        {PG_WEB, "CREATE TABLE mine (id int)"},
        {PG_WEB, "ALTER TABLE message DISABLE ROW LEVEL SECURITY"},
        {PG_WORKER, "SELECT * FROM person"},
        {PG_WORKER, "SELECT login_find('x')"},
        {PG_WORKER, "SELECT session_find('x')"},
        {PG_WORKER, "DELETE FROM message"},
        {PG_WORKER, "TRUNCATE job"},
        {PG_WORKER, "SET ROLE konstruct_owner"},
        {PG_DISPATCH, "SELECT * FROM job"},
        {PG_DISPATCH, "UPDATE job SET state = 'done'"},
        {PG_DISPATCH, "SELECT name FROM tenant"},
        {PG_DISPATCH, "SELECT hook_secrets('slack', NULL)"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        PGconn *conn = pg_open(rows[i].role);

        if (strcmp(pg_try(conn, "%s", rows[i].sql), "42501") != 0)
            fail_msg("%s: %s %s", pg_name(rows[i].role), rows[i].sql, pg_why());
        PQfinish(conn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_roles_are_accepted),
        cmocka_unit_test_setup_teardown(strong_roles_are_refused, bad_role_new, bad_role_end),
        cmocka_unit_test_setup_teardown(programs_refuse_to_start, bad_role_new, bad_role_end),
        cmocka_unit_test(columns_are_granted_narrowly),
        cmocka_unit_test(real_statements_are_refused),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
