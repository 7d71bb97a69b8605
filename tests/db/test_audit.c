/*
 * The audit chain: gapless, each entry bound to the one before it, and never changed by any
 * program.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/audit.h"
#include "io/crypto.h"
#include "lib/pg.h"

#include <cmocka.h>

#define THREADS 6
#define EACH 20

static int setup(void **state)
{
    *state = arena_new(MIB(16));
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static void add(const char *tenant_id, enum pg_role role, const char *action, const char *body)
{
    struct ctx *c = pg_ctx(role, tenant_id);

    if (audit_add(c, "person:somebody \xe2\x82\xac", action, "object", body) != OK ||
        db_commit(c) != OK)
        fail_msg("%s", c->fault.detail);
    ctx_end(c);
}

/*
 * Walks the chain of a tenant and works each hash out by the documented encoding: SHA-256 of the
 * previous hash and each field preceded by its length in bytes and a colon. Returns the number of
 * entries, or -1 for the first that does not fit.
 */
static int chain(struct arena *mem, PGconn *super, const char *tenant_id)
{
    PGresult *r;
    const char *sql = text_printf(
        mem,
        "SELECT encode(prev, 'hex'), tenant_id, seq, to_char(at AT TIME ZONE 'UTC',"
        " 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), actor, action, object, body,"
        " encode(hash, 'hex') FROM audit WHERE tenant_id = '%s' ORDER BY seq",
        tenant_id);
    const char *before = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    int fits;

    r = PQexec(super, sql);
    assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
    for (fits = 0; fits < PQntuples(r); fits++) {
        struct buf content = buf_new(mem, KIB(64));
        unsigned char hash[32];
        struct bytes prev;

        if (strcmp(PQgetvalue(r, fits, 0), before) != 0 ||
            strtoll(PQgetvalue(r, fits, 2), NULL, 10) != fits + 1 ||
            text_unhex(mem, bytes_of(before), &prev) != OK)
            break;
        buf_add(&content, prev.data, prev.len);
        for (int column = 1; column <= 7; column++)
            buf_printf(&content, "%d:%s", PQgetlength(r, fits, column),
                       PQgetvalue(r, fits, column));
        crypto_sha256(buf_bytes(&content), hash);
        before = text_hex(mem, (struct bytes){(const char *)hash, 32});
        if (strcmp(PQgetvalue(r, fits, 8), before) != 0)
            break;
    }

    bool whole = fits == PQntuples(r) &&
                 text_is(pg_get(mem, super,
                                "SELECT encode(hash, 'hex') FROM audit_head WHERE tenant_id = '%s'"
                                " AND seq = %d",
                                tenant_id, fits),
                         before);

    PQclear(r);
    return whole ? fits : -1;
}

static void hashes_follow_the_documented_encoding(void **state)
{
    static const char *const bodies[] = {"{}", "{\"a\":1}", "", "1:x", "\xe2\x82\xac\n\t'\"\\"};
    struct place at = place_new(*state);
    PGconn *super = pg_open(PG_SUPER);

    for (size_t i = 0; i < COUNT_OF(bodies); i++)
        add(at.tenant_id, i % 2 == 0 ? PG_WEB : PG_WORKER, "thing.done", bodies[i]);
    assert_int_equal(chain(*state, super, at.tenant_id), 1 + (int)COUNT_OF(bodies));
    PQfinish(super);
}

/* Whoever gets round the trigger and the rights is found by the chain. */
static void tampering_breaks_the_chain(void **state)
{
    static const char *const tampers[] = {
        "UPDATE audit SET body = '{\"x\":1}' WHERE seq = 3",
        "UPDATE audit SET actor = 'person:another' WHERE seq = 2",
        "UPDATE audit SET at = at + interval '1 second' WHERE seq = 4",
        "UPDATE audit SET actor = actor || left(action, 1), action = substr(action, 2) WHERE seq = "
        "3",
        "DELETE FROM audit WHERE seq = 3",
        "DELETE FROM audit WHERE seq = 5",
        "UPDATE audit SET seq = 100 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4;"
        " UPDATE audit SET seq = 4 WHERE seq = 100",
        "UPDATE audit SET seq = seq + 100 WHERE seq > 2; UPDATE audit SET seq = seq - 99 WHERE seq "
        "> 100;"
        " INSERT INTO audit SELECT tenant_id, 3, at, actor, action, object, body, prev, hash FROM "
        "audit WHERE seq = 2",
    };
    struct place at = place_new(*state);
    PGconn *super = pg_open(PG_SUPER);

    for (int i = 0; i < 4; i++)
        add(at.tenant_id, PG_WEB, "thing.done", "{}");
    assert_int_equal(chain(*state, super, at.tenant_id), 5);
    for (size_t i = 0; i < COUNT_OF(tampers); i++) {
        pg_do(super,
              "BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL ROLE konstruct_owner;"
              " SET LOCAL app.tenant_id = '%s'",
              at.tenant_id);
        pg_do(super, "%s", tampers[i]);
        pg_do(super, "RESET ROLE");
        if (chain(*state, super, at.tenant_id) != -1)
            fail_msg("not noticed: %s", tampers[i]);
        pg_do(super, "ROLLBACK");
    }
    PQfinish(super);
}

static void no_role_changes_or_removes_entries(void **state)
{
    static const struct {
        const char *sql, *owners; /* the state that the owner gets: the trigger's */
    } rows[] = {{"UPDATE audit SET body = 'x'", "P0001"},
                {"DELETE FROM audit", "P0001"},
                {"TRUNCATE audit", "P0001"}};
    static const enum pg_role roles[] = {PG_WEB, PG_WORKER, PG_DISPATCH, PG_OWNER};
    struct place at = place_new(*state);

    for (size_t r = 0; r < COUNT_OF(roles); r++) {
        PGconn *conn = pg_open(roles[r]);

        pg_do(conn, "BEGIN; SET LOCAL app.tenant_id = '%s'", at.tenant_id);
        for (size_t i = 0; i < COUNT_OF(rows); i++)
            assert_string_equal(pg_try(conn, "%s", rows[i].sql),
                                roles[r] == PG_OWNER ? rows[i].owners : "42501");
        PQfinish(conn);
    }
}

static void *adder(void *arg)
{
    for (int i = 0; i < EACH; i++)
        add(arg, i % 2 == 0 ? PG_WEB : PG_WORKER, "thing.done", "{}");
    return NULL;
}

static void numbers_have_no_gap_under_concurrency(void **state)
{
    struct place at = place_new(*state);
    PGconn *super = pg_open(PG_SUPER);
    pthread_t threads[THREADS];

    /* The pools are made before the threads share them. */
    add(at.tenant_id, PG_WEB, "thing.done", "{}");
    add(at.tenant_id, PG_WORKER, "thing.done", "{}");
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, adder, (void *)(uintptr_t)at.tenant_id),
                         0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(chain(*state, super, at.tenant_id), 3 + THREADS * EACH);
    PQfinish(super);
}

/* What is rolled back leaves no number out. */
static void a_rolled_back_entry_leaves_no_gap(void **state)
{
    struct place at = place_new(*state);
    PGconn *super = pg_open(PG_SUPER);
    struct ctx *c = pg_ctx(PG_WEB, at.tenant_id);

    assert_int_equal(audit_add(c, "a", "b", "c", "d"), OK);
    db_rollback(c);
    ctx_end(c);
    add(at.tenant_id, PG_WEB, "thing.done", "{}");
    assert_int_equal(chain(*state, super, at.tenant_id), 2);
    PQfinish(super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hashes_follow_the_documented_encoding, setup, teardown),
        cmocka_unit_test_setup_teardown(tampering_breaks_the_chain, setup, teardown),
        cmocka_unit_test_setup_teardown(no_role_changes_or_removes_entries, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_have_no_gap_under_concurrency, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rolled_back_entry_leaves_no_gap, setup, teardown),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
