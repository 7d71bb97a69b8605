/*
 * The pool and the one statement path: a connection goes back only when it is clean, a dead one is
 * replaced, and while the database is away nobody hammers it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "lib/pg.h"
#include "lib/proxy.h"

#include <cmocka.h>

static const struct stmt q_pid = {"test_pid", "SELECT pg_backend_pid()"};
static const struct stmt q_tenant = {"test_tenant",
                                     "SELECT current_setting('app.tenant_id', true)"};
static const struct stmt q_rename = {"test_rename",
                                     "UPDATE tenant SET name = $1 WHERE tenant_id = tenant_now()"};
static const struct stmt q_fail = {"test_fail", "SELECT 1 / $1::int"};
static const struct stmt q_late[] = {{"test_late", "SELECT $1::text"},
                                     {"test_later", "SELECT $1::text"}};

struct fixture {
    struct arena *mem;
    PGconn *super;
    struct proxy *proxy;
    struct db_pool *pool; /* as the worker, of one connection, through the proxy */
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->mem = arena_new(MIB(8));
    f->super = pg_open(PG_SUPER);
    f->proxy = proxy_new();
    f->pool = db_pool_new(proxy_address(f->mem, f->proxy, PG_WORKER), 1);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    db_pool_free(f->pool);
    proxy_free(f->proxy);
    PQfinish(f->super);
    arena_free(f->mem);
    free(f);
    return 0;
}

static int64_t pid_of(struct ctx *c)
{
    struct db_rows rows;

    if (db_rows(c, &q_pid, NO_ARGS, &rows) != OK)
        fail_msg("%s: %s", c->fault.code, c->fault.detail);
    return db_int(&rows, 0, 0);
}

/* The server process behind the pool's one connection, which is idle again afterwards. */
static int64_t idle_pid(struct fixture *f)
{
    struct ctx *c = ctx_new(MIB(1), f->pool);
    int64_t pid = pid_of(c);

    assert_int_equal(db_commit(c), OK);
    ctx_end(c);
    return pid;
}

static int64_t idle_in_transaction(struct fixture *f, int64_t pid)
{
    return pg_count(
        f->super,
        "SELECT count(*) FROM pg_stat_activity WHERE pid = %lld AND xact_start IS NOT NULL",
        (long long)pid);
}

static void a_connection_is_used_again(void **state)
{
    struct fixture *f = *state;
    int64_t pid = idle_pid(f);

    for (int i = 0; i < 10; i++)
        assert_int_equal(idle_pid(f), pid);
    assert_int_equal(proxy_made(f->proxy), 1);
}

/* However a request ends, the next one finds no transaction and no tenant of it. */
static void nothing_of_a_request_is_left(void **state)
{
    enum ending { COMMITTED, ROLLED_BACK, FORGOTTEN, FAILED, FAILED_AND_COMMITTED, ENDINGS };
    struct fixture *f = *state;
    struct place at = place_new(f->mem);

    for (int how = 0; how < ENDINGS; how++) {
        struct ctx *c = ctx_new(MIB(1), f->pool);
        struct db_rows rows;

        c->tenant_id = at.tenant_id;
        assert_int_equal(db_rows(c, &q_tenant, NO_ARGS, &rows), OK);
        assert_string_equal(db_text(&rows, 0, 0), at.tenant_id);

        int64_t pid = pid_of(c);

        assert_int_equal(idle_in_transaction(f, pid), 1);
        if (how >= FAILED)
            assert_int_equal(db_exec(c, &q_fail, ARGS(A(0)), NULL), E_INVALID);
        if (how == COMMITTED)
            assert_int_equal(db_commit(c), OK);
        if (how == FAILED_AND_COMMITTED)
            assert_int_equal(db_commit(c), E_INTERNAL);
        if (how == ROLLED_BACK)
            db_rollback(c);
        ctx_end(c);
        assert_int_equal(idle_in_transaction(f, pid), 0);

        c = ctx_new(MIB(1), f->pool);
        assert_int_equal(db_rows(c, &q_tenant, NO_ARGS, &rows), OK);
        assert_true(text_is(db_text(&rows, 0, 0), ""));
        ctx_end(c);
    }
}

/* A statement that was to be prepared behind a failing one is prepared again later. */
static void a_failed_opening_forgets_what_was_prepared(void **state)
{
    struct fixture *f = *state;
    struct db_rows rows;

    for (int commit = 0; commit < 2; commit++) {
        struct ctx *c = ctx_new(MIB(1), f->pool);

        assert_int_equal(db_exec(c, &q_fail, ARGS(A(0)), NULL), E_INVALID);
        ctx_forgive(c);
        assert_int_not_equal(db_exec(c, &q_late[commit], ARGS(A("x")), NULL), OK);
        if (commit)
            assert_int_not_equal(db_commit(c), OK);
        ctx_end(c);

        c = ctx_new(MIB(1), f->pool);
        if (db_rows(c, &q_late[commit], ARGS(A("again")), &rows) != OK)
            fail_msg("%s", c->fault.detail);
        assert_string_equal(db_text(&rows, 0, 0), "again");
        assert_int_equal(db_commit(c), OK);
        ctx_end(c);
    }
}

static void a_connection_that_died_is_replaced(void **state)
{
    struct fixture *f = *state;
    struct fixture direct = {.super = f->super, .pool = db_pool_new(pg_address(PG_WORKER), 1)};

    for (int i = 0; i < 10; i++) {
        int64_t pid = idle_pid(f);

        proxy_cut(f->proxy);
        assert_int_not_equal(idle_pid(f), pid);

        /* Ended with a last word, as by an administrator; its end is on the socket by then. */
        pid = idle_pid(&direct);
        pg_do(f->super, "SELECT pg_terminate_backend(%lld, 5000)", (long long)pid);
        assert_int_not_equal(idle_pid(&direct), pid);
    }
    db_pool_free(direct.pool);
}

static void a_transaction_whose_connection_dies_is_unavailable(void **state)
{
    struct fixture *f = *state;
    struct place at = place_new(f->mem);
    struct ctx *c = ctx_new(MIB(1), f->pool);

    c->tenant_id = at.tenant_id;

    int64_t pid = pid_of(c);

    pg_do(f->super, "SELECT pg_terminate_backend(%lld, 5000)", (long long)pid);
    assert_int_equal(db_exec(c, &q_pid, NO_ARGS, NULL), E_UNAVAILABLE);
    assert_int_equal(db_commit(c), E_UNAVAILABLE);
    ctx_end(c);
    assert_int_not_equal(idle_pid(f), pid);
}

/* The commit arrives and its answer does not: nobody knows, so nobody says that it worked. */
static void a_commit_without_an_answer_is_unavailable(void **state)
{
    struct fixture *f = *state;
    struct place at = place_new(f->mem);
    struct ctx *c = ctx_new(MIB(1), f->pool);

    c->tenant_id = at.tenant_id;
    pid_of(c);
    proxy_cut(f->proxy);
    assert_int_equal(db_commit(c), E_UNAVAILABLE);
    assert_string_equal(c->fault.code, "db_away");
    ctx_end(c);
    idle_pid(f);
}

static rc_t try_once(struct fixture *f)
{
    struct ctx *c = ctx_new(MIB(1), f->pool);
    rc_t rc = db_exec(c, &q_pid, NO_ARGS, NULL);

    if (rc != OK)
        assert_string_equal(c->fault.code, "db_away");
    else
        rc = db_commit(c);
    ctx_end(c);
    return rc;
}

static void away_and_back(void **state)
{
    struct fixture *f = *state;

    idle_pid(f);
    proxy_down(f->proxy);
    for (int i = 0; i < 50; i++)
        assert_int_equal(try_once(f), E_UNAVAILABLE);
    proxy_up(f->proxy);

    /*
     * It comes back by itself, after a wait that grows with the failures: not at once, not never.
     */
    int made = proxy_made(f->proxy);
    rc_t rc = E_UNAVAILABLE;

    for (int64_t until = clock_mono_ms() + 20000; rc != OK && clock_mono_ms() < until;) {
        rc = try_once(f);
        usleep(2000);
    }
    assert_int_equal(rc, OK);
    assert_int_equal(proxy_made(f->proxy), made + 1);
}

/*
 * Many tries while it is away, few connections attempted: the socket that is there but closes at
 * once counts them.
 */
static void a_database_that_is_away_is_not_hammered(void **state)
{
    struct fixture *f = *state;
    int made;

    idle_pid(f);
    proxy_hold(f->proxy, true); /* connects, and never a word */
    proxy_cut(f->proxy);
    made = proxy_made(f->proxy);
    for (int i = 0; i < 3; i++)
        assert_int_equal(try_once(f), E_UNAVAILABLE);
    /* The first waited for its connection's time limit, the others were told at once. */
    assert_int_equal(proxy_made(f->proxy), made + 1);
    proxy_hold(f->proxy, false);
}

static void a_full_pool_says_so(void **state)
{
    struct fixture *f = *state;
    struct ctx *first = ctx_new(MIB(1), f->pool), *second = ctx_new(MIB(1), f->pool);

    pid_of(first);
    assert_int_equal(db_exec(second, &q_pid, NO_ARGS, NULL), E_UNAVAILABLE);
    assert_string_equal(second->fault.code, "db_busy");
    ctx_end(second);
    ctx_end(first);
    idle_pid(f);
}

static void faults_have_their_meaning(void **state)
{
    static const struct stmt statements[] = {
        {"test_duplicate",
         "INSERT INTO tenant (tenant_id, name) SELECT tenant_id, name FROM tenant LIMIT 1"},
        {"test_check", "INSERT INTO tenant (tenant_id, name) SELECT tenant_now(), ''"},
        {"test_reference", "INSERT INTO employee_fact VALUES (tenant_now(), tenant_now(), 1, 'x')"},
        {"test_value", "SELECT 'x'::uuid"},
        {"test_denied", "SELECT * FROM person"},
        {"test_syntax", "SELEC 1"},
        {"test_slow", "SELECT set_config('statement_timeout', '50', true), pg_sleep(0)"},
    };
    static const struct {
        rc_t rc;
        const char *code;
    } want[] = {{E_CONFLICT, "duplicate"}, {E_INVALID, "constraint"}, {E_NOT_FOUND, "not_found"},
                {E_INVALID, "bad_value"},  {E_INTERNAL, "db_error"},  {E_INTERNAL, "db_error"}};
    struct fixture *f = *state;
    struct place at = place_new(f->mem);

    for (size_t i = 0; i < COUNT_OF(want); i++) {
        struct ctx *c = ctx_new(MIB(1), f->pool);

        c->tenant_id = at.tenant_id;
        assert_int_equal(db_exec(c, &statements[i], NO_ARGS, NULL), want[i].rc);
        assert_string_equal(c->fault.code, want[i].code);
        ctx_end(c);
    }
    static const struct stmt q_sleep = {"test_sleep", "SELECT pg_sleep(10)"};
    struct ctx *c = ctx_new(MIB(1), f->pool);

    assert_int_equal(db_exec(c, &statements[6], NO_ARGS, NULL), OK);
    assert_int_equal(db_exec(c, &q_sleep, NO_ARGS, NULL), E_TIMEOUT);
    assert_string_equal(c->fault.code, "db_slow");
    ctx_end(c);
}

static void becoming_a_tenant_on_the_way(void **state)
{
    struct fixture *f = *state;
    struct place at = place_new(f->mem);
    struct ctx *c = pg_ctx(PG_OWNER, NULL);
    int64_t affected = -1;

    assert_int_equal(db_exec(c, &q_rename, ARGS(A("nobody's")), &affected), OK);
    assert_int_equal(affected, 0);
    assert_int_equal(db_tenant(c, at.tenant_id), OK);
    assert_int_equal(db_exec(c, &q_rename, ARGS(A("its own")), &affected), OK);
    assert_int_equal(affected, 1);
    assert_int_equal(db_tenant(c, NULL), OK);
    assert_int_equal(db_exec(c, &q_rename, ARGS(A("nobody's")), &affected), OK);
    assert_int_equal(affected, 0);
    assert_int_equal(db_commit(c), OK);
    assert_int_equal(db_commit(c), OK); /* nothing open: nothing to do */
    db_rollback(c);
    ctx_end(c);
    assert_string_equal(
        pg_get(f->mem, f->super, "SELECT name FROM tenant WHERE tenant_id = '%s'", at.tenant_id),
        "its own");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_connection_is_used_again, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_of_a_request_is_left, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_opening_forgets_what_was_prepared, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_connection_that_died_is_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_transaction_whose_connection_dies_is_unavailable, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_commit_without_an_answer_is_unavailable, setup, teardown),
        cmocka_unit_test_setup_teardown(away_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_database_that_is_away_is_not_hammered, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_pool_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(faults_have_their_meaning, setup, teardown),
        cmocka_unit_test_setup_teardown(becoming_a_tenant_on_the_way, setup, teardown),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
