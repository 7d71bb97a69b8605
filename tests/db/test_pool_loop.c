/*
 * Thousands of questions on one thread: caps hold, the ledger has each of them once, and what was
 * held is free again, whoever leaves, breaks or dies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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
    struct model *model;
    struct loop *loop;
    struct pool_loop *pool;
    size_t ended, answered, refused, failed;
    int64_t cost;
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
    const char *code;
};

static void on_delta(void *arg, struct bytes piece)
{
    struct asked *a = arg;

    buf_add(&a->seen, piece.data, piece.len);
    if (++a->pieces == a->leaves_at)
        pool_leave(a->call);
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
    ctx_end(a->c);
}

static struct asked *begin(struct fixture *f, bool stream, int64_t max_tokens, int leaves_at)
{
    struct ctx *c = ctx_new(MIB(4), pg_pool(PG_WORKER));
    struct asked *a = arena_take(c->mem, sizeof(*a));
    struct pool_question q = {
        .c = c, .route = &a->route, .ask = &a->ask, .ended = on_end, .arg = a};

    c->tenant_id = f->at.tenant_id;
    *a = (struct asked){.f = f,
                        .c = c,
                        .payer = {.employee_id = f->at.employee_id},
                        .message = LLM_SAYS(LLM_PERSON, "Hello there"),
                        .seen = buf_new(c->mem, KIB(64)),
                        .leaves_at = leaves_at};
    a->route = (struct pool_route){
        .count = 1,
        .payer = &a->payer,
        .candidates = {{.llm = llm_find("openai"),
                        .account = {.base_url = model_url(f->model), .key = "sk-test-0123456789"},
                        .model = MODEL,
                        .purpose = "primary"}}};
    a->ask = (struct llm_ask){
        .messages = &a->message, .count = 1, .max_tokens = max_tokens, .stream = stream};
    if (stream)
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
    begin(f, true, 100, 0);
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
        begin(f, i % 2 == 0, 20 + i % 100, 0);
    run_until(f, 1000);
    assert_int_equal(f->failed, 0);
    assert_true(f->refused > 0 && f->answered > 300);
    assert_true(f->cost <= DOLLAR);
    assert_int_equal(f->model->asked, f->answered);
    assert_int_equal(f->cost, 20 * f->model->input_tokens + 40 * f->model->output_tokens);
    assert_int_equal(sum_of(f, "1", "usage", ""), f->answered);
    books_agree(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_is_booked, setup, teardown),
        cmocka_unit_test_setup_teardown(a_thousand_calls_and_one_dollar, setup, teardown),
    };

    http_start();

    int failed = cmocka_run_group_tests(tests, pg_start, pg_stop);

    http_stop();
    return failed;
}
