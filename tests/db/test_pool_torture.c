/*
 * Thousands of questions on one thread: caps hold, the ledger has each of them once, and what was
 * held is free again, whoever leaves, breaks or dies.
 */
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "desk.h"
#include "lib/proxy.h"

#include <cmocka.h>

/* A thousand calls against a cap of one dollar: at most one dollar, and the books agree. */
static void a_thousand_calls_and_one_dollar(void **state)
{
    struct desk *f = *state;

    desk_limit(f, DESK_DOLLAR);
    for (int i = 0; i < 1000; i++)
        desk_ask(f, (struct desk_asked){.ask = {.max_tokens = 20 + i % 100, .stream = i % 2 == 0}});
    desk_run(f, 1000);
    assert_int_equal(f->failed, 0);
    assert_true(f->refused > 0 && f->answered > 300);
    assert_true(f->cost <= DESK_DOLLAR);
    assert_int_equal(f->model->asked, f->answered);
    assert_int_equal(f->cost, 20 * f->model->input_tokens + 40 * f->model->output_tokens);
    assert_int_equal(desk_sum(f, "1", "usage", ""), f->answered);
    desk_agrees(f);
}

/* The same at the company's own gateway, whose price nobody but the company knows. */
static void a_thousand_calls_at_a_price_of_ones_own(void **state)
{
    static const struct price price = {.input = 10000000,
                                       .cached = 10000000,
                                       .cache_write = 10000000,
                                       .output = 80000000,
                                       .from = "2025-06-01",
                                       .own = true};
    struct desk *f = *state;

    desk_limit(f, DESK_DOLLAR);
    for (int i = 0; i < 1000; i++)
        desk_ask(f, (struct desk_asked){.ask = {.max_tokens = 20 + i % 100, .stream = i % 2 == 0},
                                        .price = &price});
    desk_run(f, 1000);
    assert_int_equal(f->failed, 0);
    assert_true(f->refused > 0 && f->answered > 300);
    assert_true(f->cost <= DESK_DOLLAR);
    assert_int_equal(f->model->asked, f->answered);
    assert_int_equal(f->cost, 10 * f->model->input_tokens + 80 * f->model->output_tokens);
    assert_int_equal(desk_sum(f, "1", "usage", "AND price_own AND price_from = '2025-06-01'"),
                     f->answered);
    desk_agrees(f);
}

/*
 * Ten thousand streams, four thousand at once, of which a third is left by its client: each is in
 * the ledger once, those that were read to the end as the provider counts, the others by our own
 * count and flagged.
 */
static void ten_thousand_streams_a_third_left(void **state)
{
    struct desk *f = *state;

    desk_limit(f, 1000000000);
    f->model->way = (struct model_way){.pieces = 20, .first_ms = 50, .piece_ms = 20};
    for (size_t i = 0; i < 10000; i++) {
        while (i - f->ended >= 4000)
            loop_turn(f->loop, 100);
        desk_ask(f, (struct desk_asked){.ask = DESK_STREAM(20),
                                        .leaves_at = i % 3 == 0 ? 1 + rand() % 19 : 0});
    }
    desk_run(f, 10000);
    assert_int_equal(f->refused, 0);
    assert_int_equal(f->model->asked, 10000);
    assert_int_equal(desk_sum(f, "1", "usage", ""), 10000);
    /* Who stayed, and who left so late that the rest was read. */
    assert_int_equal(desk_sum(f, "1", "usage", "AND ended = 'whole'"), 10000 - 3334);
    assert_int_equal(desk_sum(f, "1", "usage",
                              "AND ended <> 'cancelled' AND (output_tokens <> 20 OR NOT counted)"),
                     0);
    assert_true(desk_sum(f, "1", "usage", "AND ended = 'drained'") > 0);
    /* Who left in the middle: never nothing, never more than there was, and flagged. */
    assert_true(desk_sum(f, "1", "usage", "AND ended = 'cancelled'") > 0);
    assert_int_equal(desk_sum(f, "1", "usage",
                              "AND ended = 'cancelled' AND (counted OR input_tokens = 0 OR"
                              " output_tokens NOT BETWEEN 1 AND 20 OR cost_micros = 0)"),
                     0);
    assert_true(desk_sum(f, "output_tokens", "usage", "AND ended <> 'whole'") >= f->pieces_of_left);
    desk_agrees(f);
}

/*
 * Connections to the database break all the time, commits under way among them: each call is booked
 * once all the same, and comes out of the cap once.
 */
static void the_database_breaks_again_and_again(void **state)
{
    struct desk *f = *state;
    struct proxy *proxy = proxy_new();
    struct db_pool *db = db_pool_new(proxy_address(f->mem, proxy, PG_WORKER), 4);
    int64_t next_ms = 0;
    size_t begun = 0;
    bool held = false;

    desk_limit(f, 1000 * DESK_DOLLAR);
    pool_loop_free(f->pool);
    f->pool = pool_loop_new(f->loop, db);
    f->model->way = (struct model_way){.pieces = 20, .first_ms = 60};
    while (f->answered < 800 || f->ended < begun) {
        for (; f->answered < 800 && begun - f->ended < 50; begun++)
            desk_ask(f, (struct desk_asked){.ask = DESK_STREAM(20)});
        loop_turn(f->loop, 10);
        if (clock_mono_ms() < next_ms)
            continue;
        /* First no answer comes, to commits neither; then the connections break. */
        held = !held;
        if (!held)
            proxy_cut(proxy);
        proxy_hold(proxy, held);
        /* Some last for longer than a round, and get rows. */
        f->model->way.piece_ms = held ? 25 : 0;
        next_ms = clock_mono_ms() + (held ? 100 : 200 + rand() % 300);
    }
    proxy_hold(proxy, false);
    pool_loop_flush(f->pool);
    assert_int_equal(desk_sum(f, "1", "usage", ""), f->answered);
    assert_int_equal(desk_sum(f, "cost_micros", "usage", ""), f->cost);
    assert_int_equal(desk_of_day(f, "spent_micros"), f->cost);
    pool_loop_free(f->pool);
    f->pool = pool_loop_new(f->loop, pg_pool(PG_WORKER));
    db_pool_free(db);
    proxy_free(proxy);
}

/* A call that is booked and whose row came late is not settled once more. */
static void a_late_row_is_only_taken_away(void **state)
{
    struct desk *f = *state;
    struct ctx *c = pg_ctx(PG_WORKER, NULL);
    int64_t settled;

    desk_limit(f, DESK_DOLLAR);
    desk_ask(f, (struct desk_asked){.ask = DESK_STREAM(100)});
    desk_run(f, 1);
    pg_do(f->super,
          "INSERT INTO call_open (tenant_id, id, holder, provider, model, held_micros, started_at)"
          " SELECT tenant_id, id, gen_random_uuid(), provider, model, 5000, now() - interval"
          " '1 day' FROM usage WHERE tenant_id = '%s'",
          f->at.tenant_id);
    if (cap_sweep(c, &settled) != OK)
        fail_msg("%s", c->fault.detail);
    ctx_end(c);
    assert_int_equal(desk_sum(f, "1", "usage", ""), 1);
    desk_agrees(f);
}

/* A worker of its own that asks and asks, until it is killed. */
static int worker(const char *tenant_id, const char *employee_id, const char *url)
{
    struct desk f = {.at = {.tenant_id = tenant_id, .employee_id = employee_id}, .url = url};

    if (pg_start(NULL) != 0)
        return 1;
    http_start();
    purse_start(pg_pool(PG_WORKER));
    f.loop = loop_new();
    f.pool = pool_loop_new(f.loop, pg_pool(PG_WORKER));
    for (;;) {
        while (pool_loop_count(f.pool) < 100)
            desk_ask(&f, (struct desk_asked){.ask = DESK_STREAM(20 + rand() % 40),
                                             .leaves_at = rand() % 3 == 0 ? 1 + rand() % 19 : 0});
        loop_turn(f.loop, 100);
    }
}

static pid_t start_worker(const struct desk *f)
{
    char *const args[] = {
        (char *)(uintptr_t) "/proc/self/exe",   (char *)(uintptr_t) "worker",
        (char *)(uintptr_t)f->at.tenant_id,     (char *)(uintptr_t)f->at.employee_id,
        (char *)(uintptr_t)model_url(f->model), NULL};
    pid_t pid;

    assert_int_equal(posix_spawn(&pid, args[0], NULL, NULL, args, environ), 0);
    return pid;
}

/* What stands against the cap: in the ledger, and lost. */
static int64_t counted(struct desk *f)
{
    return desk_of_day(f, "spent_micros") + desk_of_day(f, "lost_micros");
}

static int64_t billed(struct desk *f)
{
    return 20 * f->model->input_tokens + 40 * f->model->output_tokens;
}

/*
 * Lets a worker work until so many more were asked, and, with `told`, until calls under way have
 * rows; kills it, and sweeps up behind it.
 */
static void kill_one(struct desk *f, int asked, bool told, unsigned wait_us)
{
    struct ctx *c = pg_ctx(PG_WORKER, NULL);
    const int until = f->model->asked + asked;
    pid_t pid = start_worker(f);
    int64_t settled;

    while (f->model->asked < until)
        usleep(1000);
    while (told && desk_sum(f, "1", "call_open", "") == 0)
        usleep(1000);
    usleep(wait_us);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    while (f->model->open > 0)
        usleep(1000);
    pg_do(f->super, "UPDATE cap_lease SET ends_at = now() - interval '1 s' WHERE tenant_id = '%s'",
          f->at.tenant_id);
    if (cap_sweep(c, &settled) != OK)
        fail_msg("%s", c->fault.detail);
    ctx_end(c);
}

/*
 * Workers that are killed with a hundred streams under way, some at once, before any of them has a
 * row, some later: what the provider bills is never more than what stands against the cap, and that
 * is never more than the cap.
 */
static void workers_are_killed(void **state)
{
    struct desk *f = *state;

    desk_limit(f, 20 * DESK_DOLLAR);
    for (int round = 0; round < 9; round++) {
        const int64_t stood = counted(f), before = billed(f);
        const bool told = round % 3 == 2;

        /* Only calls that last longer than a round of the ledger get rows. */
        f->model->way = (struct model_way){.pieces = 20, .first_ms = 20, .piece_ms = told ? 50 : 5};
        if (round % 3 == 0)
            kill_one(f, 90, false, 0);
        else
            kill_one(f, 150 + rand() % 400, told, (unsigned)(rand() % 100000));
        assert_int_equal(desk_of_day(f, "leased_micros"), 0);
        assert_int_equal(desk_sum(f, "1", "call_open", ""), 0);
        assert_int_equal(desk_sum(f, "cost_micros", "usage", ""), desk_of_day(f, "spent_micros"));
        assert_true(billed(f) - before <= counted(f) - stood);
        assert_true(counted(f) <= 20 * DESK_DOLLAR);
        if (told)
            assert_true(desk_sum(f, "1", "usage", "AND outcome = 'unknown'") > 0);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_thousand_calls_and_one_dollar, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(a_thousand_calls_at_a_price_of_ones_own, desk_open,
                                        desk_close),
        cmocka_unit_test_setup_teardown(ten_thousand_streams_a_third_left, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(the_database_breaks_again_and_again, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(a_late_row_is_only_taken_away, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(workers_are_killed, desk_open, desk_close),
    };

    if (argc == 5 && strcmp(argv[1], "worker") == 0)
        return worker(argv[2], argv[3], argv[4]);
    setenv("KONSTRUCT_DRAIN_TOKENS", "5", 1);
    http_start();

    int failed = cmocka_run_group_tests(tests, pg_start, pg_stop);

    http_stop();
    return failed;
}
