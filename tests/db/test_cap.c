/*
 * Caps: what is spent, leased and lost never passes a limit, whoever asks at once and whoever dies;
 * the sums of a cap are those of the ledger.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "core/cap.h"
#include "core/usage.h"
#include "fixture.h"
#include "flow/purse_tenants.h"

#include <cmocka.h>

#define DOLLAR 1000000
#define TEAM "0192f3a0-0000-7000-8000-000000000001"

static void limit(struct fixture *f, const char *period, int64_t micros)
{
    pg_do(f->super, "UPDATE cap SET limit_micros = %lld WHERE tenant_id = '%s' AND period = '%s'",
          (long long)micros, f->at.tenant_id, period);
}

static int64_t sum_of(struct fixture *f, const char *column, const char *table, const char *where)
{
    return pg_count(f->super, "SELECT coalesce(sum(%s), 0) FROM %s WHERE tenant_id = '%s' %s",
                    column, table, f->at.tenant_id, where);
}

static int64_t of_day(struct fixture *f, const char *column)
{
    return pg_count(f->super,
                    "SELECT %s FROM cap_period p JOIN cap c ON c.tenant_id = p.tenant_id AND"
                    " c.id = p.cap_id WHERE p.tenant_id = '%s' AND c.period = 'day' AND"
                    " c.scope = 'tenant'",
                    column, f->at.tenant_id);
}

/* A holder's call for so much at worst: whether it may be made, and what the day's cap lends. */
static enum cap_taken take(struct fixture *f, const char *holder, int64_t need, int64_t *granted)
{
    const struct payer payer = {.employee_id = f->at.employee_id,
                                .conversation_id = f->conversation_id};
    struct cap_slice slices[CAPS_MAX];
    enum cap_taken how;
    size_t count;

    ok(f->c, cap_take(f->c, holder, &payer, need, 60, slices, &count, &how));
    ok(f->c, db_commit(f->c));
    assert_true(count > 0);
    /* They come in no order. */
    for (size_t i = 0; granted != NULL && i < count; i++)
        if (text_is(slices[i].period, "day"))
            *granted = slices[i].granted;
    return how;
}

static void a_tenant_has_caps_from_its_first_minute(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(pg_get(f->mem, f->super,
                               "SELECT string_agg(period || ' ' || limit_micros, ', ' ORDER BY "
                               "period) FROM cap WHERE tenant_id = '%s' AND scope = 'tenant'",
                               f->at.tenant_id),
                        "day 10000000, month 100000000");
}

static void a_slice_is_never_more_than_is_left(void **state)
{
    struct fixture *f = *state;
    int64_t first, granted, total;

    limit(f, "day", DOLLAR);
    assert_int_equal(take(f, id_new(f->mem), 10000, &first), CAP_TAKEN);
    assert_int_equal(first, DOLLAR / 8); /* not 16 times the need: it leaves something to others */
    total = first;
    while (take(f, id_new(f->mem), 10000, &granted) == CAP_TAKEN) {
        assert_true(granted >= 10000);
        total += granted;
        assert_true(total <= DOLLAR);
    }
    assert_true(total > DOLLAR - 10000);
    assert_int_equal(of_day(f, "leased_micros"), total);
    /* All of it may come back. */
    assert_int_equal(take(f, id_new(f->mem), 10000, NULL), CAP_WAIT);
}

static void a_limit_of_nothing_refuses_at_once(void **state)
{
    struct fixture *f = *state;

    limit(f, "day", 0);
    assert_int_equal(take(f, id_new(f->mem), 1, NULL), CAP_REFUSED);
    assert_int_equal(of_day(f, "leased_micros"), 0);
    /* And the other cap, which would have had enough, has leased nothing. */
    assert_int_equal(sum_of(f, "leased_micros", "cap_period", ""), 0);
}

/* Of several caps that would be passed it is told of the one that nothing can come back to. */
static void the_cap_that_is_used_up_is_named(void **state)
{
    struct fixture *f = *state;
    const struct payer payer = {.employee_id = f->at.employee_id,
                                .conversation_id = f->conversation_id};
    struct cap_slice slices[CAPS_MAX];
    enum cap_taken how;
    size_t count;

    limit(f, "day", DOLLAR);
    assert_int_equal(take(f, id_new(f->mem), DOLLAR, NULL), CAP_TAKEN);
    pg_do(f->super,
          "INSERT INTO cap (tenant_id, id, scope, scope_id, period, limit_micros)"
          " VALUES ('%s', gen_random_uuid(), 'conversation', '%s', 'ever', 0)",
          f->at.tenant_id, f->conversation_id);
    ok(f->c, cap_take(f->c, id_new(f->mem), &payer, 1, 60, slices, &count, &how));
    assert_int_equal(how, CAP_REFUSED);
    assert_int_equal(count, 2);
    assert_string_equal(slices[0].scope, "conversation");
    assert_string_equal(slices[1].scope, "tenant");
}

/* Callers at once through one purse. */
struct callers {
    struct fixture *f;
    atomic_llong spent, made, refused;
    bool dear; /* each costs all that was held */
};

static void call_once(struct callers *all, struct ctx *c, unsigned *seed)
{
    const struct payer payer = {.employee_id = all->f->at.employee_id,
                                .conversation_id = all->f->conversation_id};
    int64_t worst = 2000 + rand_r(seed) % 20000;
    int64_t cost = all->dear ? worst : rand_r(seed) % (worst + 1);
    struct purse_hold hold;
    rc_t rc = purse_hold(c, &payer, worst, &hold);
    const struct usage u = {.id = id_new(c->mem),
                            .step_no = -1,
                            .provider = "acme",
                            .model = "big",
                            .cost_micros = cost,
                            .counted = true,
                            .outcome = "answered"};

    if (rc == E_LIMIT) {
        atomic_fetch_add(&all->refused, 1);
        ctx_forgive(c);
        return;
    }
    ok(c, rc);
    purse_spent(&hold, cost);
    ok(c, usage_add(c, &u));
    ok(c, purse_book(c, &hold, cost));
    ok(c, db_commit(c));
    atomic_fetch_add(&all->spent, cost);
    atomic_fetch_add(&all->made, 1);
}

static void *caller(void *arg)
{
    struct callers *all = arg;
    unsigned seed = (unsigned)(uintptr_t)&seed;
    struct ctx *c = ctx_new(MIB(4), pg_pool(PG_WORKER));

    c->tenant_id = all->f->at.tenant_id;
    for (int i = 0; i < 20; i++)
        call_once(all, c, &seed);
    ctx_end(c);
    return NULL;
}

static void many_at_once(struct fixture *f, bool dear)
{
    struct callers all = {.f = f, .dear = dear};
    pthread_t threads[50];

    limit(f, "day", DOLLAR);
    purse_start(pg_pool(PG_WORKER));
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, caller, &all), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    purse_stop();
    assert_int_equal(all.made + all.refused, 1000);
    assert_true(all.refused > 0 && all.made > 40);
    assert_true(all.spent <= DOLLAR);
    assert_int_equal(of_day(f, "spent_micros"), all.spent);
    assert_int_equal(sum_of(f, "cost_micros", "usage", ""), all.spent);
    assert_int_equal(sum_of(f, "leased_micros", "cap_period", ""), 0);
    assert_int_equal(sum_of(f, "left_micros", "cap_lease", ""), 0);
}

/* A thousand calls against a cap of one dollar: at most one dollar, and the books agree. */
static void a_thousand_calls_and_one_dollar(void **state)
{
    many_at_once(*state, false);
}

static void not_even_when_each_costs_its_worst(void **state)
{
    struct fixture *f = *state;

    many_at_once(f, true);
    /* And what is left would not have paid for the next one. */
    assert_true(of_day(f, "spent_micros") > DOLLAR - 22000);
}

static void each_threshold_is_told_once(void **state)
{
    struct fixture *f = *state;
    const struct payer payer = {.employee_id = f->at.employee_id};
    struct purse_hold hold;

    limit(f, "day", DOLLAR);
    purse_start(pg_pool(PG_WORKER));
    for (int i = 0; i < 10; i++) {
        ok(f->c, purse_hold(f->c, &payer, DOLLAR / 10, &hold));
        purse_spent(&hold, DOLLAR / 10);
        ok(f->c, purse_book(f->c, &hold, DOLLAR / 10));
        ok(f->c, db_commit(f->c));
    }
    assert_int_equal(purse_hold(f->c, &payer, DOLLAR / 10, &hold), E_LIMIT);
    assert_string_equal(f->c->fault.code, "cap_day");
    ctx_forgive(f->c);
    purse_stop();
    assert_string_equal(pg_get(f->mem, f->super,
                               "SELECT string_agg(percent || ':' || spent_micros, ' ' ORDER BY "
                               "percent) FROM cap_alert WHERE tenant_id = '%s'",
                               f->at.tenant_id),
                        "50:500000 80:800000 100:1000000");
    assert_int_equal(sum_of(f, "1", "job", "AND kind = 'cap_alert'"), 3);
}

/* A worker with a call under way, as it lies in the database. */
static const char *dead_worker(struct fixture *f, int64_t held)
{
    const char *holder = id_new(f->mem);
    const struct call_open call = {.id = id_new(f->mem),
                                   .holder = holder,
                                   .provider = "acme",
                                   .model = "big",
                                   .payer = {.employee_id = f->at.employee_id, .team_id = TEAM},
                                   .account_id = TEAM,
                                   .held = held};

    assert_int_equal(take(f, holder, held, NULL), CAP_TAKEN);
    ok(f->c, call_open_add(f->c, &call));
    ok(f->c, db_commit(f->c));
    return holder;
}

static int64_t swept(struct fixture *f)
{
    struct ctx *c = pg_ctx(PG_WORKER, NULL);
    int64_t settled;

    pg_do(f->super, "UPDATE cap_lease SET ends_at = now() - interval '1 s' WHERE tenant_id = '%s'",
          f->at.tenant_id);
    ok(c, cap_sweep(c, &settled));
    ctx_end(c);
    return sum_of(f, "1", "usage", "AND outcome = 'unknown'");
}

/* Companies whose calls can't be settled stand in nobody else's way, whoever comes first. */
static void one_stands_in_nobodys_way(void **state)
{
    static const char *const nobodies[] = {"00000000-0000-4000-8000-000000000001",
                                           "ffffffff-ffff-4fff-bfff-fffffffffff1"};
    struct fixture *f = *state;

    dead_worker(f, 20000);
    for (size_t i = 0; i < COUNT_OF(nobodies); i++)
        pg_do(f->super,
              "BEGIN; SET LOCAL session_replication_role = replica; INSERT INTO call_open"
              " (tenant_id, id, holder, provider, model, held_micros, started_at) VALUES ('%s',"
              " gen_random_uuid(), gen_random_uuid(), 'acme', 'big', 1, now() - interval '3 h');"
              " COMMIT",
              nobodies[i]);
    assert_int_equal(swept(f), 1);
    for (size_t i = 0; i < COUNT_OF(nobodies); i++) {
        assert_int_equal(pg_count(f->super, "SELECT count(*) FROM call_open WHERE tenant_id = '%s'",
                                  nobodies[i]),
                         1);
        pg_do(f->super, "DELETE FROM call_open WHERE tenant_id = '%s'", nobodies[i]);
    }
}

/* What it had under way is settled at what was held, flagged; the rest of its slice is free. */
static void a_dead_workers_calls_are_settled(void **state)
{
    struct fixture *f = *state;

    dead_worker(f, 20000);
    /* Alive as long as it renews. */
    assert_int_equal(sum_of(f, "1", "call_open", ""), 1);
    assert_int_equal(swept(f), 1);
    assert_int_equal(sum_of(f, "1", "call_open", ""), 0);
    assert_int_equal(of_day(f, "spent_micros"), 20000);
    assert_int_equal(of_day(f, "leased_micros"), 0);
    assert_int_equal(of_day(f, "lost_micros"), 0);
    assert_int_equal(sum_of(f, "cost_micros", "usage", "AND NOT counted"), 20000);
    assert_int_equal(sum_of(f, "1", "usage", "AND team_id = '" TEAM "' AND account_id = team_id"),
                     1);
    assert_int_equal(swept(f), 1); /* once */
}

/*
 * A day that ended with the call under way: its worker had slices of two days, and the call comes
 * out of one.
 */
static void over_midnight_it_is_settled_once(void **state)
{
    struct fixture *f = *state;
    const char *holder = dead_worker(f, 20000);

    pg_do(f->super,
          "INSERT INTO cap_period (tenant_id, cap_id, starts, leased_micros) SELECT tenant_id, id,"
          " cap_starts('day') - 1, 50000 FROM cap WHERE tenant_id = '%s' AND period = 'day'",
          f->at.tenant_id);
    pg_do(f->super,
          "INSERT INTO cap_lease (tenant_id, cap_id, starts, holder, left_micros, ends_at) SELECT"
          " tenant_id, cap_id, starts, '%s', 50000, now() FROM cap_period WHERE tenant_id = '%s'"
          " AND starts = cap_starts('day') - 1",
          holder, f->at.tenant_id);
    assert_int_equal(swept(f), 1);
    assert_int_equal(sum_of(f, "spent_micros", "cap_period", "AND starts = cap_starts('day')"),
                     20000);
    assert_int_equal(sum_of(f, "spent_micros", "cap_period", "AND starts = cap_starts('day') - 1"),
                     0);
    assert_int_equal(sum_of(f, "leased_micros", "cap_period", ""), 0);
}

/* With the database restarted since, nobody knows what was under way: all of it counts as used. */
static void after_a_restart_the_slice_counts_as_lost(void **state)
{
    struct fixture *f = *state;
    int64_t leased;

    dead_worker(f, 20000);
    leased = of_day(f, "leased_micros");
    assert_true(leased > 20000);
    pg_do(f->super, "UPDATE cap_lease SET taken_at = '2020-01-01' WHERE tenant_id = '%s'",
          f->at.tenant_id);
    assert_int_equal(swept(f), 1);
    assert_int_equal(of_day(f, "spent_micros"), 20000);
    assert_int_equal(of_day(f, "lost_micros"), leased - 20000);
    assert_int_equal(of_day(f, "leased_micros"), 0);
}

/*
 * A bill that comes in after the slice was taken away, or is higher than was held, is still a bill.
 */
static void a_late_bill_is_still_booked(void **state)
{
    struct fixture *f = *state;
    const struct payer payer = {.employee_id = f->at.employee_id};
    struct purse_hold hold;

    limit(f, "day", DOLLAR);
    purse_start(pg_pool(PG_WORKER));
    ok(f->c, purse_hold(f->c, &payer, 1000, &hold));
    assert_int_equal(swept(f), 0);
    purse_spent(&hold, 1500);
    ok(f->c, purse_book(f->c, &hold, 1500));
    ok(f->c, db_commit(f->c));
    purse_stop();
    assert_int_equal(of_day(f, "spent_micros"), 1500);
    assert_int_equal(of_day(f, "leased_micros"), 0);
}

static void long_ago(struct purse_tenant *t, void *arg)
{
    if (strcmp(t->id, arg) == 0)
        t->renewed_ms -= PURSE_SURE_MS + 1000;
}

/*
 * A process that stood still longer than its slices last does not go on spending them: they are
 * somebody else's by now, and renewing what is gone must not make them look alive.
 */
static void slices_that_ended_are_not_spent(void **state)
{
    struct fixture *f = *state;
    const struct payer payer = {.employee_id = f->at.employee_id};
    struct purse_hold hold;

    limit(f, "day", DOLLAR);
    purse_start(pg_pool(PG_WORKER));
    ok(f->c, purse_hold(f->c, &payer, 1000, &hold));
    purse_spent(&hold, 0);
    pthread_mutex_lock(&purse_lock);
    purse_each(long_ago, (void *)(uintptr_t)f->at.tenant_id);
    pthread_mutex_unlock(&purse_lock);
    assert_int_equal(swept(f), 0);
    usleep(1200 * 1000); /* the purse's thread has looked at least once */
    assert_int_equal(of_day(f, "leased_micros"), 0);
    ok(f->c, purse_hold(f->c, &payer, 1000, &hold));
    assert_true(of_day(f, "leased_micros") >= 1000);
    purse_spent(&hold, 0);
    purse_stop();
}

/* Nobody's cap but one's own is touched. */
static void another_tenants_caps_stay(void **state)
{
    struct fixture *f = *state;
    struct place other = place_new(f->mem);

    dead_worker(f, 20000);
    assert_int_equal(pg_count(f->super, "SELECT count(*) FROM cap_period WHERE tenant_id = '%s'",
                              other.tenant_id),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_tenant_has_caps_from_its_first_minute),
        FIXTURE_TEST(a_slice_is_never_more_than_is_left),
        FIXTURE_TEST(a_limit_of_nothing_refuses_at_once),
        FIXTURE_TEST(the_cap_that_is_used_up_is_named),
        FIXTURE_TEST(a_thousand_calls_and_one_dollar),
        FIXTURE_TEST(not_even_when_each_costs_its_worst),
        FIXTURE_TEST(each_threshold_is_told_once),
        FIXTURE_TEST(one_stands_in_nobodys_way),
        FIXTURE_TEST(a_dead_workers_calls_are_settled),
        FIXTURE_TEST(over_midnight_it_is_settled_once),
        FIXTURE_TEST(after_a_restart_the_slice_counts_as_lost),
        FIXTURE_TEST(a_late_bill_is_still_booked),
        FIXTURE_TEST(slices_that_ended_are_not_spent),
        FIXTURE_TEST(another_tenants_caps_stay),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
