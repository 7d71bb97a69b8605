/* See pool_bench.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "flow/pool_loop.h"
#include "pool_bench.h"

const struct tiny_step bench_whole = {WHOLE(" Hello. \\n"), 0, TINY_CLOSE};
const struct tiny_step bench_streamed = {
    SSE_HEAD CHUNK("Hel", "null") CHUNK("lo.", "\"stop\"") USAGE DONE, 0, TINY_CLOSE};
const struct tiny_step bench_torn = {SSE_HEAD CHUNK("Half an ans", "null"), 0, TINY_CLOSE};
const struct tiny_step bench_broken = {HEAD("500 No", "text/plain") "\r\noops", 0, TINY_CLOSE};
const struct tiny_step bench_hangs = {NULL, 0, TINY_HANG};

static void on_delta(void *arg, struct bytes piece)
{
    struct seen *s = arg;

    assert_true(text_utf8(piece));
    buf_add(&s->text, piece.data, piece.len);
    s->deltas++;
}

static void on_restart(void *arg)
{
    struct seen *s = arg;

    s->text.len = 0;
    s->restarts++;
}

static void on_began(void *arg)
{
    struct seen *s = arg;

    s->began++;
}

static bool is_gone(void *arg)
{
    const struct seen *s = arg;

    return s->gone;
}

int bench_setup(void **state)
{
    struct ctx *c = ctx_new(MIB(16), NULL);
    struct bench *b = arena_take(c->mem, sizeof(*b));

    b->c = c;
    b->seen.text = buf_new(c->mem, KIB(64));
    b->sink = (struct pool_sink){.delta = on_delta,
                                 .restart = on_restart,
                                 .began = on_began,
                                 .cancelled = is_gone,
                                 .arg = &b->seen};
    *state = b;
    return 0;
}

int bench_teardown(void **state)
{
    struct bench *b = *state;

    for (size_t i = 0; i < COUNT_OF(b->servers); i++)
        if (b->servers[i] != NULL)
            tiny_stop(b->servers[i]);
    ctx_end(b->c);
    return 0;
}

void bench_serve(struct bench *b, const struct tiny_step *steps, size_t count)
{
    size_t i = b->route.count++;

    b->servers[i] = tiny_start(steps, count);
    b->route.candidates[i] = (struct pool_candidate){
        .llm = llm_find("openai"),
        .account = {.base_url = tiny_url(b->servers[i]), .key = BENCH_KEY},
        .model = "asked",
        .purpose = i == 0 ? "primary" : "fallback"};
}

void bench_add_starter(struct bench *b)
{
    b->route.candidates[b->route.count++] = (struct pool_candidate){
        .llm = llm_find("starter"), .model = "starter", .purpose = "local"};
}

const struct llm_message bench_talk[1] = {LLM_SAYS(LLM_PERSON, "Hello there")};

bool bench_by_loop;

struct end {
    bool over;
    rc_t rc;
    struct pool_outcome *out;
};

static void on_end(void *arg, rc_t rc, const struct pool_outcome *out)
{
    struct end *end = arg;

    end->over = true;
    end->rc = rc;
    *end->out = *out;
}

static rc_t ask_by_loop(struct ctx *c, const struct pool_route *route, const struct llm_ask *ask,
                        const struct pool_sink *sink, struct pool_outcome *out)
{
    struct loop *loop = loop_new();
    struct pool_loop *pool = pool_loop_new(loop, NULL);
    struct end end = {.out = out};
    struct pool_question q = {.c = c, .route = route, .ask = ask, .ended = on_end, .arg = &end};
    struct pool_call *call;

    if (sink != NULL)
        q.sink = *sink;
    call = pool_start(pool, &q);
    assert_false(end.over);
    while (!end.over) {
        if (q.sink.cancelled != NULL && q.sink.cancelled(q.sink.arg))
            pool_leave(call);
        loop_turn(loop, 10);
    }
    assert_int_equal(pool_loop_count(pool), 0);
    pool_loop_free(pool);
    loop_free(loop);
    return end.rc;
}

rc_t bench_pool(struct ctx *c, const struct pool_route *route, const struct llm_ask *ask,
                const struct pool_sink *sink, struct pool_outcome *out)
{
    return bench_by_loop ? ask_by_loop(c, route, ask, sink, out)
                         : pool_ask(c, route, ask, sink, out);
}

rc_t bench_ask(struct bench *b, bool stream)
{
    struct llm_ask question = {.system = "Be kind.",
                               .name = "Mara",
                               .messages = bench_talk,
                               .count = 1,
                               .max_tokens = 100,
                               .stream = stream};

    rc_t rc = bench_pool(b->c, &b->route, &question, &b->sink, &b->out);

    /* The first token comes before the end, also where both come within a millisecond. */
    assert_true(b->out.first_ms <= b->out.ms);
    for (size_t i = 0; i < b->out.try_count; i++)
        assert_true(b->out.tries[i].first_ms <= b->out.tries[i].ms);
    return rc;
}

void bench_expect(const struct bench *b, size_t i, const char *code, int status)
{
    assert_true(i < b->out.try_count);
    assert_string_equal(b->out.tries[i].code, code);
    assert_int_equal(b->out.tries[i].status, status);
    assert_non_null(b->out.tries[i].detail);
}

/* The function behind cmocka's macro, which wants the array itself. */
static int run_as(const char *driver, const struct CMUnitTest *tests, size_t count)
{
    return _cmocka_run_group_tests(driver, tests, count, NULL, NULL);
}

int bench_run(const struct CMUnitTest *tests, size_t count)
{
    int failed;

    http_start();
    failed = run_as("by waiting", tests, count);
    bench_by_loop = true;
    failed += run_as("by a loop", tests, count);
    http_stop();
    return failed;
}
