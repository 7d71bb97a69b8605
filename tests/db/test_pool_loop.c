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
#include "base/id.h"
#include "flow/pool_loop.h"
#include "lib/model.h"
#include "lib/pg.h"

#include <cmocka.h>

#define DOLLAR 1000000
#define MODEL "loop-model" /* 20 and 40 dollars for a million tokens */

struct fixture {
    struct arena *mem;
    PGconn *super;
    struct place at;
    struct model *model, *second;
    const char *url; /* NULL: model's */
    struct loop *loop;
    struct pool_loop *pool;
    size_t ended, answered, refused, failed;
    int64_t cost;
    int64_t pieces_of_left; /* that clients had seen who left */
};

static int setup(void **state)
{
    static const struct model_way way = {.pieces = 20, .first_ms = 5};
    struct fixture *f = calloc(1, sizeof(*f));

    f->mem = arena_new(MIB(16));
    f->super = pg_open(PG_SUPER);
    f->at = place_new(f->mem);
    pg_do(f->super, "INSERT INTO price (provider, model, valid_from, input, cached, output) VALUES"
                    " ('openai', '" MODEL "', '2024-01-01', 20000000, 20000000, 40000000)"
                    " ON CONFLICT DO NOTHING");
    f->model = model_start(&way);
    f->second = model_start(&way);
    purse_start(pg_pool(PG_WORKER));
    f->loop = loop_new();
    f->pool = pool_loop_new(f->loop, pg_pool(PG_WORKER));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    pool_loop_free(f->pool);
    loop_free(f->loop);
    purse_stop();
    model_stop(f->model);
    model_stop(f->second);
    pg_do(f->super, "UPDATE job SET state = 'done' WHERE tenant_id = '%s'", f->at.tenant_id);
    PQfinish(f->super);
    arena_free(f->mem);
    free(f);
    return 0;
}

static void limit(struct fixture *f, int64_t micros)
{
    pg_do(f->super, "UPDATE cap SET limit_micros = %lld WHERE tenant_id = '%s'", (long long)micros,
          f->at.tenant_id);
}

static int64_t sum_of(struct fixture *f, const char *what, const char *table, const char *where)
{
    return pg_count(f->super, "SELECT coalesce(sum(%s), 0) FROM %s WHERE tenant_id = '%s' %s", what,
                    table, f->at.tenant_id, where);
}

static int64_t of_day(struct fixture *f, const char *column)
{
    return pg_count(f->super,
                    "SELECT coalesce(sum(%s), 0) FROM cap_period p JOIN cap c ON c.tenant_id ="
                    " p.tenant_id AND c.id = p.cap_id WHERE p.tenant_id = '%s' AND"
                    " c.period = 'day' AND c.scope = 'tenant'",
                    column, f->at.tenant_id);
}

/* A question with all that it points to. */
struct asked {
    struct fixture *f;
    struct ctx *c;
    struct payer payer;
    struct pool_route route;
    struct llm_message message;
    struct llm_ask ask;
    struct pool_call *call;
    struct buf seen;
    int pieces, leaves_at; /* the client goes away behind so many pieces; 0: never */
    int stops_at;          /* it reads no more behind so many; 0: never */
    const char **code;     /* what it ended in; or NULL */
};

static void on_delta(void *arg, struct bytes piece)
{
    struct asked *a = arg;

    buf_add(&a->seen, piece.data, piece.len);
    if (++a->pieces == a->leaves_at)
        pool_leave(a->call);
    if (a->pieces == a->stops_at)
        pool_hold_back(a->call, true);
}

static void on_end(void *arg, rc_t rc, const struct pool_outcome *out)
{
    struct asked *a = arg;
    struct fixture *f = a->f;

    f->ended++;
    f->answered += rc == OK;
    f->refused += rc == E_LIMIT;
    f->failed += rc != OK && rc != E_LIMIT;
    if (rc == OK)
        f->cost += out->cost.micros;
    for (size_t i = 0; i < out->try_count; i++)
        f->cost += out->tries[i].cost.micros;
    if (a->leaves_at > 0)
        f->pieces_of_left += a->pieces;
    if (a->code != NULL)
        *a->code = rc == OK ? "" : a->c->fault.code;
    ctx_end(a->c);
}

#define STREAM(tokens)                         \
    {                                          \
        .max_tokens = (tokens), .stream = true \
    }

/* One more question, as `like` says. */
static struct asked *ask(struct fixture *f, struct asked like)
{
    struct ctx *c = ctx_new(MIB(4), pg_pool(PG_WORKER));
    struct asked *a = arena_take(c->mem, sizeof(*a));
    struct pool_question q = {
        .c = c, .route = &a->route, .ask = &a->ask, .ended = on_end, .arg = a};

    c->tenant_id = f->at.tenant_id;
    *a = like;
    a->f = f;
    a->c = c;
    a->payer = (struct payer){.employee_id = f->at.employee_id};
    a->message = (struct llm_message)LLM_SAYS(LLM_PERSON, "Hello there");
    a->seen = buf_new(c->mem, KIB(64));
    a->ask.messages = &a->message;
    a->ask.count = 1;
    a->route = (struct pool_route){.payer = &a->payer, .count = like.route.count};
    for (size_t i = 0; i < (like.route.count == 0 ? 1 : like.route.count); i++)
        a->route.candidates[i] = (struct pool_candidate){
            .llm = llm_find("openai"),
            .account = {.base_url = f->url != NULL ? f->url
                                                   : model_url(i == 0 ? f->model : f->second),
                        .key = "sk-test-0123456789"},
            .model = MODEL,
            .purpose = i == 0 ? "primary" : "fallback"};
    a->route.count = like.route.count == 0 ? 1 : like.route.count;
    if (a->ask.stream)
        q.sink = (struct pool_sink){.delta = on_delta, .arg = a};
    a->call = pool_start(f->pool, &q);
    return a;
}

static void run_until(struct fixture *f, size_t ended)
{
    while (f->ended < ended)
        loop_turn(f->loop, 100);
    pool_loop_flush(f->pool);
}

/* What was spent is what the ledger says, and nothing is held any more. */
static void books_agree(struct fixture *f)
{
    assert_int_equal(sum_of(f, "1", "call_open", ""), 0);
    assert_int_equal(sum_of(f, "cost_micros", "usage", ""), f->cost);
    assert_int_equal(of_day(f, "spent_micros"), f->cost);
    assert_int_equal(of_day(f, "lost_micros"), 0);
    for (int64_t until = clock_mono_ms() + 20000;
         of_day(f, "leased_micros") > 0 && clock_mono_ms() < until;)
        loop_turn(f->loop, 100);
    assert_int_equal(of_day(f, "leased_micros"), 0);
}

static void an_answer_is_booked(void **state)
{
    struct fixture *f = *state;

    limit(f, DOLLAR);
    ask(f, (struct asked){.ask = STREAM(100)});
    run_until(f, 1);
    assert_int_equal(f->answered, 1);
    assert_int_equal(sum_of(f, "1", "usage",
                            "AND outcome = 'answered' AND counted AND ended = 'whole'"
                            " AND first_ms >= 5 AND output_tokens = 20 AND model = 'real'"),
                     1);
    assert_int_equal(f->cost, 20 * f->model->input_tokens + 40 * 20);
    books_agree(f);
}

/* A thousand calls against a cap of one dollar: at most one dollar, and the books agree. */
static void a_thousand_calls_and_one_dollar(void **state)
{
    struct fixture *f = *state;

    limit(f, DOLLAR);
    for (int i = 0; i < 1000; i++)
        ask(f, (struct asked){.ask = {.max_tokens = 20 + i % 100, .stream = i % 2 == 0}});
    run_until(f, 1000);
    assert_int_equal(f->failed, 0);
    assert_true(f->refused > 0 && f->answered > 300);
    assert_true(f->cost <= DOLLAR);
    assert_int_equal(f->model->asked, f->answered);
    assert_int_equal(f->cost, 20 * f->model->input_tokens + 40 * f->model->output_tokens);
    assert_int_equal(sum_of(f, "1", "usage", ""), f->answered);
    books_agree(f);
}

/*
 * Ten thousand streams, four thousand at once, of which a third is left by its client: each is in
 * the ledger once, those that were read to the end as the provider counts, the others by our own
 * count and flagged.
 */
static void ten_thousand_streams_a_third_left(void **state)
{
    struct fixture *f = *state;

    limit(f, 1000000000);
    f->model->way = (struct model_way){.pieces = 20, .first_ms = 50, .piece_ms = 20};
    for (size_t i = 0; i < 10000; i++) {
        while (i - f->ended >= 4000)
            loop_turn(f->loop, 100);
        ask(f, (struct asked){.ask = STREAM(20), .leaves_at = i % 3 == 0 ? 1 + rand() % 19 : 0});
    }
    run_until(f, 10000);
    assert_int_equal(f->refused, 0);
    assert_int_equal(f->model->asked, 10000);
    assert_int_equal(sum_of(f, "1", "usage", ""), 10000);
    /* Who stayed, and who left so late that the rest was read. */
    assert_int_equal(sum_of(f, "1", "usage", "AND ended = 'whole'"), 10000 - 3334);
    assert_int_equal(sum_of(f, "1", "usage",
                            "AND ended <> 'cancelled' AND (output_tokens <> 20 OR NOT counted)"),
                     0);
    assert_true(sum_of(f, "1", "usage", "AND ended = 'drained'") > 0);
    /* Who left in the middle: never nothing, never more than there was, and flagged. */
    assert_true(sum_of(f, "1", "usage", "AND ended = 'cancelled'") > 0);
    assert_int_equal(sum_of(f, "1", "usage",
                            "AND ended = 'cancelled' AND (counted OR input_tokens = 0 OR"
                            " output_tokens NOT BETWEEN 1 AND 20 OR cost_micros = 0)"),
                     0);
    assert_true(sum_of(f, "output_tokens", "usage", "AND ended <> 'whole'") >= f->pieces_of_left);
    books_agree(f);
}

/* Who leaves before anything was sent pays nothing, and nothing is asked. */
static void who_leaves_at_once_pays_nothing(void **state)
{
    struct fixture *f = *state;
    const char *code = NULL;
    struct asked *a;

    limit(f, DOLLAR);
    a = ask(f, (struct asked){.ask = STREAM(100), .code = &code});
    pool_leave(a->call);
    run_until(f, 1);
    a = ask(f, (struct asked){.ask = STREAM(100)});
    loop_turn(f->loop, 0); /* it waits for money */
    pool_leave(a->call);
    run_until(f, 2);
    assert_string_equal(code, "llm_cancelled");
    assert_int_equal(f->failed, 2);
    assert_int_equal(f->model->asked, 0);
    assert_int_equal(sum_of(f, "1", "usage", ""), 0);
    books_agree(f);
}

/* The question went out and no word came back: what it says is counted. */
static void a_question_that_was_left_counts(void **state)
{
    struct fixture *f = *state;
    struct asked *a;

    limit(f, DOLLAR);
    f->model->way.first_ms = 60000;
    a = ask(f, (struct asked){.ask = STREAM(1000)});
    while (f->model->asked == 0)
        loop_turn(f->loop, 10);
    pool_leave(a->call);
    run_until(f, 1);
    assert_int_equal(sum_of(f, "1", "usage",
                            "AND NOT counted AND input_tokens > 0 AND output_tokens = 0 AND"
                            " ended = 'cancelled' AND cost_micros > 0"),
                     1);
    books_agree(f);
}

/* Before the first piece the next one is asked; after it the end is said as it is. */
static void a_stream_that_breaks(void **state)
{
    struct fixture *f = *state;
    const char *code = NULL;

    limit(f, DOLLAR);
    f->model->way.status = 500;
    ask(f, (struct asked){.ask = STREAM(100), .route = {.count = 2}});
    run_until(f, 1);
    assert_int_equal(f->answered, 1);
    assert_int_equal(f->second->answered, 1);
    assert_int_equal(sum_of(f, "jsonb_array_length(tries)", "usage", ""), 2);
    f->model->way = (struct model_way){.pieces = 20, .breaks = 7};
    ask(f, (struct asked){.ask = STREAM(100), .route = {.count = 2}, .code = &code});
    run_until(f, 2);
    assert_string_equal(code, "llm_broke_off");
    assert_int_equal(f->second->asked, 1);
    assert_int_equal(
        sum_of(f, "1", "usage", "AND outcome = 'failed' AND NOT counted AND output_tokens = 7"), 1);
    books_agree(f);
}

/* A reader who stops holds the model back, and goes on where he stopped. */
static void a_slow_reader_holds_the_model_back(void **state)
{
    struct fixture *f = *state;
    struct asked *a;
    int64_t until;

    limit(f, 100 * DOLLAR);
    f->model->way = (struct model_way){.pieces = 40000};
    a = ask(f, (struct asked){.ask = STREAM(40000), .stops_at = 10});
    while (a->pieces < 10)
        loop_turn(f->loop, 10);
    until = clock_mono_ms() + 1500;
    while (clock_mono_ms() < until)
        loop_turn(f->loop, 10);
    assert_true(f->model->output_tokens < 20000);
    pool_hold_back(a->call, false);
    run_until(f, 1);
    assert_int_equal(f->answered, 1);
    assert_int_equal(sum_of(f, "1", "usage", "AND output_tokens = 40000 AND counted"), 1);
    books_agree(f);
}

/* Connections are used again: as many as there were calls at once, and no more. */
static void connections_are_kept(void **state)
{
    struct fixture *f = *state;

    limit(f, 100 * DOLLAR);
    for (size_t round = 1; round <= 20; round++) {
        for (int i = 0; i < 10; i++)
            ask(f, (struct asked){.ask = STREAM(100)});
        run_until(f, 10 * round);
    }
    assert_int_equal(f->answered, 200);
    assert_true(f->model->opened <= 20);
    books_agree(f);
}

/* A worker of its own that asks and asks, until it is killed. */
static int worker(const char *tenant_id, const char *employee_id, const char *url)
{
    struct fixture f = {.at = {.tenant_id = tenant_id, .employee_id = employee_id}, .url = url};

    if (pg_start(NULL) != 0)
        return 1;
    http_start();
    purse_start(pg_pool(PG_WORKER));
    f.loop = loop_new();
    f.pool = pool_loop_new(f.loop, pg_pool(PG_WORKER));
    for (;;) {
        while (pool_loop_count(f.pool) < 100)
            ask(&f, (struct asked){.ask = STREAM(20 + rand() % 40),
                                   .leaves_at = rand() % 3 == 0 ? 1 + rand() % 19 : 0});
        loop_turn(f.loop, 100);
    }
}

static pid_t start_worker(const struct fixture *f)
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
static int64_t counted(struct fixture *f)
{
    return of_day(f, "spent_micros") + of_day(f, "lost_micros");
}

static int64_t billed(struct fixture *f)
{
    return 20 * f->model->input_tokens + 40 * f->model->output_tokens;
}

/* Lets a worker work until so many more were asked, kills it, and sweeps up behind it. */
static void kill_one(struct fixture *f, int asked, unsigned wait_us)
{
    struct ctx *c = pg_ctx(PG_WORKER, NULL);
    const int until = f->model->asked + asked;
    pid_t pid = start_worker(f);
    int64_t settled;

    while (f->model->asked < until)
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
    struct fixture *f = *state;

    limit(f, 20 * DOLLAR);
    f->model->way = (struct model_way){.pieces = 20, .first_ms = 20, .piece_ms = 5};
    for (int round = 0; round < 8; round++) {
        const int64_t stood = counted(f), before = billed(f);

        if (round % 2 == 0)
            kill_one(f, 90, 0);
        else
            kill_one(f, 150 + rand() % 400, (unsigned)(rand() % 100000));
        assert_int_equal(of_day(f, "leased_micros"), 0);
        assert_int_equal(sum_of(f, "1", "call_open", ""), 0);
        assert_int_equal(sum_of(f, "cost_micros", "usage", ""), of_day(f, "spent_micros"));
        assert_true(billed(f) - before <= counted(f) - stood);
        assert_true(counted(f) <= 20 * DOLLAR);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_is_booked, setup, teardown),
        cmocka_unit_test_setup_teardown(a_thousand_calls_and_one_dollar, setup, teardown),
        cmocka_unit_test_setup_teardown(ten_thousand_streams_a_third_left, setup, teardown),
        cmocka_unit_test_setup_teardown(who_leaves_at_once_pays_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_question_that_was_left_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stream_that_breaks, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_reader_holds_the_model_back, setup, teardown),
        cmocka_unit_test_setup_teardown(connections_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(workers_are_killed, setup, teardown),
    };

    if (argc == 5 && strcmp(argv[1], "worker") == 0)
        return worker(argv[2], argv[3], argv[4]);

    setenv("KONSTRUCT_DRAIN_TOKENS", "5", 1);
    http_start();

    int failed = cmocka_run_group_tests(tests, pg_start, pg_stop);

    http_stop();
    return failed;
}
