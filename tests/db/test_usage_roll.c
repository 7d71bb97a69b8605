/*
 * The hours of the ledger and what is in none yet are together the ledger, at every moment: with
 * writers and several who roll up at once, with rows that are committed long after their hour, and
 * whatever time is asked for.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "core/usage.h"
#include "core/usage_sum.h"
#include "fixture.h"

#include <cmocka.h>

#define WRITERS 3
#define CALLS 60 /* of each writer */

/* A call at some time, by SQL, as only a test may write the ledger. */
static void call_at(PGconn *conn, const struct place *at, const char *when, const char *model,
                    int cost)
{
    pg_do(conn,
          "INSERT INTO usage (tenant_id, id, employee_id, provider, model, input_tokens,"
          " cached_tokens, output_tokens, counted, cost_micros, created_at)"
          " VALUES ('%s', gen_random_uuid(), '%s', 'openai', '%s', 100, 0, 10, true, %d, %s)",
          at->tenant_id, at->employee_id, model, cost, when);
}

static void roll(struct ctx *c)
{
    bool more = true;

    while (more)
        ok(c, usage_roll(c, &more));
    c->tenant_id = NULL;
}

struct sums {
    int64_t groups, calls, cost;
};

static struct sums sums_of(struct ctx *c, const char *by, int64_t from, int64_t to)
{
    struct page page = {.most = PAGE_MOST};
    struct sums s = {.groups = 0};
    struct usage_sum *items;
    size_t count;

    do {
        ok(c, usage_sums(c, by, from, to, &page, &items, &count));
        for (size_t i = 0; i < count; i++) {
            s.calls += items[i].calls;
            s.cost += items[i].cost_micros;
        }
        s.groups += (int64_t)count;
    } while (page.more);
    return s;
}

static int64_t fresh(struct fixture *f)
{
    return pg_count(f->super, "SELECT count(*) FROM usage_fresh WHERE tenant_id = '%s'",
                    f->at.tenant_id);
}

static void late_calls_are_in_their_hour(void **state)
{
    struct fixture *f = *state;
    PGconn *late = pg_open(PG_SUPER);
    struct ctx *roller = pg_ctx(PG_WORKER, NULL), *reader = pg_ctx(PG_WEB, f->at.tenant_id);
    struct sums s;

    call_at(f->super, &f->at, "now() - interval '3 hours'", "gpt-4o", 100);
    pg_do(late, "BEGIN");
    call_at(late, &f->at, "now() - interval '3 hours'", "gpt-4o", 7);
    roll(roller);
    assert_int_equal(fresh(f), 0);
    s = sums_of(reader, "hour", 0, 0);
    assert_int_equal(s.cost, 100); /* the other one is not committed */
    ok(reader, db_commit(reader));
    pg_do(late, "COMMIT");
    s = sums_of(reader, "hour", 0, 0);
    assert_int_equal(s.cost, 107);
    assert_int_equal(s.groups, 1);
    ok(reader, db_commit(reader));
    roll(roller);
    roll(roller);
    assert_int_equal(fresh(f), 0);
    s = sums_of(reader, "hour", 0, 0);
    assert_int_equal(s.cost, 107);
    assert_int_equal(s.calls, 2);
    assert_int_equal(pg_count(f->super, "SELECT count(*) FROM usage_hour WHERE tenant_id = '%s'",
                              f->at.tenant_id),
                     1);
    ctx_end(reader);
    ctx_end(roller);
    PQfinish(late);
}

struct all {
    struct fixture *f;
    atomic_int writing;
};

static void *write_calls(void *arg)
{
    struct all *all = arg;
    struct fixture *f = all->f;
    struct ctx *c = pg_ctx(PG_WORKER, f->at.tenant_id);

    for (int i = 0; i < CALLS; i++) {
        struct usage u = {.id = id_new(c->mem),
                          .step_no = -1,
                          .employee_id = i % 3 == 0 ? NULL : f->at.employee_id,
                          .key_id = i % 3 == 0 ? f->at.person_id : NULL,
                          .provider = "openai",
                          .model = i % 2 == 0 ? "gpt-4o" : "gpt-4o-mini",
                          .tokens = {.input = 10, .output = 1},
                          .counted = i % 5 != 0,
                          .cost_micros = i + 1,
                          .outcome = "answered"};

        ok(c, usage_add(c, &u));
        ok(c, db_commit(c));
    }
    ctx_end(c);
    atomic_fetch_sub(&all->writing, 1);
    return NULL;
}

static void *roll_calls(void *arg)
{
    struct all *all = arg;
    struct ctx *c = pg_ctx(PG_WORKER, NULL);

    while (atomic_load(&all->writing) > 0)
        roll(c);
    ctx_end(c);
    return NULL;
}

static const struct stmt q_frozen = {
    "test_frozen", "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ"};
static const struct stmt q_usual = {
    "test_usual", "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED"};
static const struct stmt q_ledger = {
    "test_ledger", "SELECT count(*), coalesce(sum(cost_micros), 0)::bigint FROM usage"
                   " WHERE tenant_id = tenant_now()"};

/* In one snapshot the sums are those of the ledger, whoever writes and rolls up meanwhile. */
static void at_every_moment_the_sums_are_the_ledgers(void **state)
{
    struct fixture *f = *state;
    struct all all = {.f = f, .writing = WRITERS};
    pthread_t threads[WRITERS + 2];
    struct ctx *c = pg_ctx(PG_WEB, f->at.tenant_id);
    struct db_rows rows;
    struct sums s;

    ok(c, db_exec(c, &q_frozen, NO_ARGS, NULL));
    ok(c, db_commit(c));
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, i < WRITERS ? write_calls : roll_calls, &all), 0);
    do {
        s = sums_of(c, "model", 0, 0);
        ok(c, db_rows(c, &q_ledger, NO_ARGS, &rows));
        assert_int_equal(s.calls, db_int(&rows, 0, 0));
        assert_int_equal(s.cost, db_int(&rows, 0, 1));
        ok(c, db_commit(c));
    } while (atomic_load(&all.writing) > 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    s = sums_of(c, "hour", 0, 0);
    assert_int_equal(s.calls, WRITERS * CALLS);
    assert_int_equal(s.cost, WRITERS * CALLS * (CALLS + 1) / 2);
    ok(c, db_commit(c));
    ok(c, db_exec(c, &q_usual, NO_ARGS, NULL));
    ok(c, db_commit(c));
    ctx_end(c);
}

/* Times that begin and end within hours, the same hour too, rolled up or not. */
static void any_time_is_summed_to_the_second(void **state)
{
    static const char *const by[] = {"hour", "day", "employee", "model"};
    struct fixture *f = *state;
    struct ctx *roller = pg_ctx(PG_WORKER, NULL), *reader = pg_ctx(PG_WEB, f->at.tenant_id);
    const int64_t start = 1700000000 / 3600 * 3600;

    for (int i = 0; i < 24; i++)
        call_at(f->super, &f->at,
                text_printf(f->mem, "to_timestamp(%lld)", (long long)(start + (int64_t)i * 600)),
                i % 2 == 0 ? "gpt-4o" : "o3", 1 << i);
    for (int rolled = 0; rolled < 2; rolled++) {
        for (int64_t a = 0; a < 24; a += 5)
            for (int64_t z = a; z <= 24; z += 3) {
                struct sums s = sums_of(reader, by[(a + z) % 4], start + a * 600 - 1,
                                        start + z * 600 - 1);

                assert_int_equal(s.calls, z - a);
                assert_int_equal(s.cost, (1 << z) - (1 << a));
            }
        ok(reader, db_commit(reader));
        roll(roller);
    }
    assert_int_equal(fresh(f), 0);
    ctx_end(reader);
    ctx_end(roller);
}

/* What is added in one statement is noted in one sum for each model, whoever rolls up later. */
static void calls_of_one_statement_leave_sums(void **state)
{
    struct fixture *f = *state;
    struct ctx *roller = pg_ctx(PG_WORKER, NULL), *reader = pg_ctx(PG_WEB, f->at.tenant_id);
    struct usage calls[100];
    const struct usage *rows[COUNT_OF(calls)];
    struct sums s;

    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        calls[i] = (struct usage){.id = id_new(f->mem),
                                  .step_no = -1,
                                  .key_id = f->at.person_id,
                                  .provider = "openai",
                                  .model = i % 2 == 0 ? "gpt-4o" : "o3",
                                  .counted = true,
                                  .cost_micros = (int64_t)i,
                                  .outcome = "answered"};
        rows[i] = &calls[i];
    }
    ok(f->c, usage_add_many(f->c, rows, COUNT_OF(calls)));
    ok(f->c, db_commit(f->c));
    for (int rolled = 0; rolled < 2; rolled++) {
        assert_int_equal(fresh(f), rolled == 0 ? 2 : 0);
        s = sums_of(reader, "key", 0, 0);
        assert_int_equal(s.calls, 100);
        assert_int_equal(s.cost, 99 * 100 / 2);
        ok(reader, db_commit(reader));
        roll(roller);
    }
    ctx_end(reader);
    ctx_end(roller);
}

/* A company whose sums can't be added up stands in nobody else's way. */
static void one_stands_in_nobodys_way(void **state)
{
    static const char add[] =
        "INSERT INTO usage_fresh (tenant_id, hour, provider, model, calls, failed, unknown,"
        " estimated, input_tokens, cached_tokens, cache_written_tokens, output_tokens,"
        " reasoning_tokens, images, cost_micros) VALUES ('%s', date_trunc('hour', now()), "
        "'openai', 'gpt-4o',"
        " 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, %s)";
    static const char fresh[] = "SELECT count(*) FROM usage_fresh WHERE tenant_id = '%s'";
    struct fixture *f = *state;
    const char *others[] = {place_new(f->mem).tenant_id, place_new(f->mem).tenant_id};
    struct ctx *c = pg_ctx(PG_WORKER, NULL);

    pg_do(f->super, add, f->at.tenant_id, "9000000000000000000");
    pg_do(f->super, add, f->at.tenant_id, "9000000000000000000");
    for (size_t i = 0; i < COUNT_OF(others); i++)
        pg_do(f->super, add, others[i], "1");
    roll(c);
    ctx_end(c);
    assert_int_equal(pg_count(f->super, fresh, f->at.tenant_id), 2);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_int_equal(pg_count(f->super, fresh, others[i]), 0);
    pg_do(f->super, "DELETE FROM usage_fresh WHERE tenant_id = '%s'", f->at.tenant_id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(late_calls_are_in_their_hour),
        FIXTURE_TEST(at_every_moment_the_sums_are_the_ledgers),
        FIXTURE_TEST(any_time_is_summed_to_the_second),
        FIXTURE_TEST(one_stands_in_nobodys_way),
        FIXTURE_TEST(calls_of_one_statement_leave_sums),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
