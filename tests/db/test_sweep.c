/*
 * The dispatcher: a sweep that is fair over tenants, and leases that are renewed for who still
 * holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "core/job.h"
#include "lib/pg.h"

#include <cmocka.h>

#define BACKLOG 500
#define OTHERS 5

static int setup(void **state)
{
    struct arena *mem = arena_new(MIB(16));
    PGconn *super = pg_open(PG_SUPER);

    /* Jobs of other tests would stand between ours. */
    pg_do(super,
          "UPDATE job SET state = 'done', lease_until = NULL WHERE state IN ('ready', 'running')");
    PQfinish(super);
    *state = mem;
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

/* `count` ready jobs of a tenant, each in a lane of its own unless `lane` is given. */
static void add_jobs(PGconn *super, const char *tenant_id, int count, const char *lane,
                     const char *values)
{
    pg_do(super,
          "INSERT INTO job (tenant_id, id, kind, lane_id, subject_id, state, run_at, lease_until)"
          " SELECT '%s', gen_random_uuid(), 'turn', coalesce(%s, gen_random_uuid()), "
          "gen_random_uuid(), %s"
          " FROM generate_series(1, %d)",
          tenant_id, lane, values, count);
}

#define READY "'ready', now() - interval '1 s', NULL"

static size_t sweep(struct ctx *c, int64_t per_tenant, int64_t most, struct job_hint **hints)
{
    size_t count;

    if (job_sweep(c, per_tenant, false, most, hints, &count) != OK)
        fail_msg("%s", c->fault.detail);
    return count;
}

static int count_of(const struct job_hint *hints, size_t count, const char *tenant_id)
{
    int n = 0;

    for (size_t i = 0; i < count; i++)
        n += strcmp(hints[i].tenant_id, tenant_id) == 0;
    return n;
}

static void a_backlog_does_not_hold_up_others(void **state)
{
    struct arena *mem = *state;
    PGconn *super = pg_open(PG_SUPER);
    struct ctx *c = pg_ctx(PG_DISPATCH, NULL);
    struct place busy = place_new(mem), others[OTHERS];
    struct job_hint *hints;

    pg_do(super, "DELETE FROM job WHERE kind = 'tenant_key'");
    add_jobs(super, busy.tenant_id, BACKLOG, "NULL::uuid", READY);
    for (int i = 0; i < OTHERS; i++) {
        others[i] = place_new(mem);
        pg_do(super, "DELETE FROM job WHERE kind = 'tenant_key'");
        add_jobs(super, others[i].tenant_id, 2, "NULL::uuid", READY);
    }

    /* Few places: the first of each tenant, then the second of each, and so on. */
    size_t count = sweep(c, 32, 12, &hints);

    assert_int_equal(count, 12);
    assert_int_equal(count_of(hints, 6, busy.tenant_id), 1);
    assert_int_equal(count_of(hints, 12, busy.tenant_id), 2);
    for (int i = 0; i < OTHERS; i++)
        assert_int_equal(count_of(hints, 12, others[i].tenant_id), 2);

    /* Many places: nobody gets more than his share. */
    count = sweep(c, 32, 256, &hints);
    assert_int_equal(count, 32 + 2 * OTHERS);
    assert_int_equal(count_of(hints, count, busy.tenant_id), 32);
    assert_int_equal(sweep(c, 600, 5, &hints), 5);
    ctx_end(c);
    PQfinish(super);
}

static void only_what_may_run_is_found(void **state)
{
    static const struct {
        const char *values;
        int found;
    } rows[] = {
        {READY, 1},
        {"'ready', now() + interval '1 hour', NULL", 0},    /* not due */
        {"'running', now(), now() + interval '1 hour'", 0}, /* held */
        {"'running', now(), now() - interval '1 s'", 1},    /* abandoned */
        {"'done', now(), NULL", 0},
        {"'dead', now(), NULL", 0},
    };
    struct arena *mem = *state;
    PGconn *super = pg_open(PG_SUPER);
    struct ctx *c = pg_ctx(PG_DISPATCH, NULL);
    struct job_hint *hints;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct place at = place_new(mem);

        pg_do(super, "DELETE FROM job WHERE tenant_id = '%s'", at.tenant_id);
        add_jobs(super, at.tenant_id, 1, "NULL::uuid", rows[i].values);

        size_t count = sweep(c, 32, 1000, &hints);

        if (count_of(hints, count, at.tenant_id) != rows[i].found)
            fail_msg("%s", rows[i].values);
    }
    /* A lane shows its first only, and nothing while one of it runs. */
    struct place at = place_new(mem);
    const char *lane = text_printf(mem, "'%s'::uuid", id_new(mem));

    pg_do(super, "DELETE FROM job WHERE tenant_id = '%s'", at.tenant_id);
    add_jobs(super, at.tenant_id, 3, lane, READY);

    size_t count = sweep(c, 32, 1000, &hints);

    assert_int_equal(count_of(hints, count, at.tenant_id), 1);
    add_jobs(super, at.tenant_id, 1, lane, "'running', now(), now() + interval '1 hour'");
    count = sweep(c, 32, 1000, &hints);
    assert_int_equal(count_of(hints, count, at.tenant_id), 0);
    ctx_end(c);
    PQfinish(super);
}

/*
 * Where jobs that run count against the cap, a tenant at its cap gets none, and others are not held
 * up.
 */
static void running_jobs_may_count_against_the_cap(void **state)
{
    static const struct {
        int running, found;
    } rows[] = {{0, 8}, {3, 5}, {8, 0}, {9, 0}};
    struct arena *mem = *state;
    PGconn *super = pg_open(PG_SUPER);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = pg_ctx(PG_DISPATCH, NULL);
        struct place at = place_new(mem);
        struct job_hint *hints;
        size_t count;

        pg_do(super, "DELETE FROM job WHERE tenant_id = '%s'", at.tenant_id);
        add_jobs(super, at.tenant_id, 20, "NULL::uuid", READY);
        add_jobs(super, at.tenant_id, rows[i].running, "NULL::uuid",
                 "'running', now(), now() + interval '1 hour'");
        assert_int_equal(job_sweep(c, 8, true, 1000, &hints, &count), OK);
        assert_int_equal(count_of(hints, count, at.tenant_id), rows[i].found);
        assert_int_equal(job_sweep(c, 8, false, 1000, &hints, &count), OK);
        assert_int_equal(count_of(hints, count, at.tenant_id), 8);
        ctx_end(c);
    }
    PQfinish(super);
}

static void abandoned_jobs_come_first(void **state)
{
    struct arena *mem = *state;
    PGconn *super = pg_open(PG_SUPER);
    struct ctx *c = pg_ctx(PG_DISPATCH, NULL);
    struct place at = place_new(mem), other = place_new(mem);
    struct job_hint *hints;

    pg_do(super, "DELETE FROM job WHERE kind = 'tenant_key'");
    add_jobs(super, at.tenant_id, 10, "NULL::uuid", READY);
    add_jobs(super, other.tenant_id, 1, "NULL::uuid", "'running', now(), now() - interval '1 s'");
    assert_int_equal(sweep(c, 32, 1, &hints), 1);
    assert_string_equal(hints[0].tenant_id, other.tenant_id);
    ctx_end(c);
    PQfinish(super);
}

static const char *lease_of(struct arena *mem, PGconn *super, const char *id)
{
    return pg_get(mem, super, "SELECT lease_until FROM job WHERE id = '%s'", id);
}

static void leases_are_renewed_for_who_still_holds(void **state)
{
    enum { HELD, TAKEN_OVER, ENDED, UNKNOWN, COUNT };
    struct arena *mem = *state;
    PGconn *super = pg_open(PG_SUPER);
    struct ctx *c = pg_ctx(PG_DISPATCH, NULL);
    struct place at = place_new(mem);
    const char *ids[COUNT], *holders[COUNT], *before[COUNT];
    bool held[COUNT] = {false};

    for (int i = 0; i < COUNT; i++) {
        ids[i] = id_new(mem);
        holders[i] = id_new(mem);
        if (i != UNKNOWN)
            pg_do(super,
                  "INSERT INTO job (tenant_id, id, kind, lane_id, subject_id, state, holder, "
                  "lease_until)"
                  " VALUES ('%s', '%s', 'turn', gen_random_uuid(), gen_random_uuid(), '%s', '%s', "
                  "now() +"
                  " interval '1 s')",
                  at.tenant_id, ids[i], i == ENDED ? "done" : "running",
                  i == TAKEN_OVER ? id_new(mem) : holders[i]);
        before[i] = lease_of(mem, super, ids[i]);
    }
    if (job_renew(c, ids, holders, held, COUNT) != OK)
        fail_msg("%s", c->fault.detail);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(held[i], i == HELD);
        if (i != HELD)
            assert_true(text_is(lease_of(mem, super, ids[i]), before[i]));
    }
    assert_string_equal(
        pg_get(mem, super,
               "SELECT (lease_until > now() + interval '20 s')::text FROM job WHERE id = '%s'",
               ids[HELD]),
        "true");
    assert_int_equal(job_renew(c, NULL, NULL, NULL, 0), OK);
    ctx_end(c);
    PQfinish(super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_backlog_does_not_hold_up_others, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_may_run_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(running_jobs_may_count_against_the_cap, setup, teardown),
        cmocka_unit_test_setup_teardown(abandoned_jobs_come_first, setup, teardown),
        cmocka_unit_test_setup_teardown(leases_are_renewed_for_who_still_holds, setup, teardown),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
