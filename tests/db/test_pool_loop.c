/*
 * Questions on an event loop: what is booked of those whose client leaves, reads slowly, or whose
 * model breaks off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "desk.h"

#include <cmocka.h>

static void an_answer_is_booked(void **state)
{
    struct desk *f = *state;

    desk_limit(f, DESK_DOLLAR);
    desk_ask(f, (struct desk_asked){.ask = DESK_STREAM(100)});
    desk_run(f, 1);
    assert_int_equal(f->answered, 1);
    assert_int_equal(desk_sum(f, "1", "usage",
                              "AND outcome = 'answered' AND counted AND ended = 'whole'"
                              " AND first_ms >= 5 AND output_tokens = 20 AND model = 'real'"),
                     1);
    assert_int_equal(f->cost, 20 * f->model->input_tokens + 40 * 20);
    desk_agrees(f);
}

/* Who leaves before anything was sent pays nothing, and nothing is asked. */
static void who_leaves_at_once_pays_nothing(void **state)
{
    struct desk *f = *state;
    const char *code = NULL;
    struct desk_asked *a;

    desk_limit(f, DESK_DOLLAR);
    a = desk_ask(f, (struct desk_asked){.ask = DESK_STREAM(100), .code = &code});
    pool_leave(a->call);
    desk_run(f, 1);
    a = desk_ask(f, (struct desk_asked){.ask = DESK_STREAM(100)});
    loop_turn(f->loop, 0); /* it waits for money */
    pool_leave(a->call);
    desk_run(f, 2);
    assert_string_equal(code, "llm_cancelled");
    assert_int_equal(f->failed, 2);
    assert_int_equal(f->model->asked, 0);
    assert_int_equal(desk_sum(f, "1", "usage", ""), 0);
    desk_agrees(f);
}

/* The question went out and no word came back: what it says is counted. */
static void a_question_that_was_left_counts(void **state)
{
    struct desk *f = *state;
    struct desk_asked *a;

    desk_limit(f, DESK_DOLLAR);
    f->model->way.first_ms = 60000;
    a = desk_ask(f, (struct desk_asked){.ask = DESK_STREAM(1000)});
    while (f->model->asked == 0)
        loop_turn(f->loop, 10);
    pool_leave(a->call);
    desk_run(f, 1);
    assert_int_equal(desk_sum(f, "1", "usage",
                              "AND NOT counted AND input_tokens > 0 AND output_tokens = 0 AND"
                              " ended = 'cancelled' AND cost_micros > 0"),
                     1);
    desk_agrees(f);
}

/* A rest that is small but does not come is not waited for. */
static void a_drain_ends(void **state)
{
    struct desk *f = *state;
    struct desk_asked *a;

    desk_limit(f, DESK_DOLLAR);
    f->model->way.first_ms = 60000;
    a = desk_ask(f, (struct desk_asked){.ask = DESK_STREAM(5)});
    while (f->model->asked == 0)
        loop_turn(f->loop, 10);
    pool_leave(a->call);
    desk_run(f, 1);
    assert_int_equal(desk_sum(f, "1", "usage", "AND ended = 'cancelled' AND input_tokens > 0"), 1);
    desk_agrees(f);
}

/* Before the first piece the next one is asked; after it the end is said as it is. */
static void a_stream_that_breaks(void **state)
{
    struct desk *f = *state;
    const char *code = NULL;

    desk_limit(f, DESK_DOLLAR);
    f->model->way.status = 500;
    desk_ask(f, (struct desk_asked){.ask = DESK_STREAM(100), .route = {.count = 2}});
    desk_run(f, 1);
    assert_int_equal(f->answered, 1);
    assert_int_equal(f->second->answered, 1);
    assert_int_equal(desk_sum(f, "jsonb_array_length(tries)", "usage", ""), 2);
    f->model->way = (struct model_way){.pieces = 20, .breaks = 7};
    desk_ask(f, (struct desk_asked){.ask = DESK_STREAM(100), .route = {.count = 2}, .code = &code});
    desk_run(f, 2);
    assert_string_equal(code, "llm_broke_off");
    assert_int_equal(f->second->asked, 1);
    assert_int_equal(
        desk_sum(f, "1", "usage", "AND outcome = 'failed' AND NOT counted AND output_tokens = 7"),
        1);
    desk_agrees(f);
}

/* A reader who stops holds the model back, and goes on where he stopped. */
static void a_slow_reader_holds_the_model_back(void **state)
{
    struct desk *f = *state;
    struct desk_asked *a;
    int64_t until;

    desk_limit(f, 100 * DESK_DOLLAR);
    f->model->way = (struct model_way){.pieces = 40000};
    a = desk_ask(f, (struct desk_asked){.ask = DESK_STREAM(40000), .stops_at = 10});
    while (a->pieces < 10)
        loop_turn(f->loop, 10);
    until = clock_mono_ms() + 1500;
    while (clock_mono_ms() < until)
        loop_turn(f->loop, 10);
    assert_true(f->model->output_tokens < 20000);
    pool_hold_back(a->call, false);
    desk_run(f, 1);
    assert_int_equal(f->answered, 1);
    assert_int_equal(desk_sum(f, "1", "usage", "AND output_tokens = 40000 AND counted"), 1);
    desk_agrees(f);
}

/* Connections are used again: as many as there were calls at once, and no more. */
static void connections_are_kept(void **state)
{
    struct desk *f = *state;

    desk_limit(f, 100 * DESK_DOLLAR);
    for (size_t round = 1; round <= 20; round++) {
        for (int i = 0; i < 10; i++)
            desk_ask(f, (struct desk_asked){.ask = DESK_STREAM(100)});
        desk_run(f, 10 * round);
    }
    assert_int_equal(f->answered, 200);
    assert_true(f->model->opened <= 20);
    desk_agrees(f);
}

/*
 * A cap with room for one or two calls at a time: whoever lacks it waits until those before are
 * booked, which is done at once then, and none is refused.
 */
static void a_small_cap_serves_one_after_the_other(void **state)
{
    struct desk *f = *state;

    desk_limit(f, DESK_DOLLAR / 4);
    for (size_t i = 0; i < 100; i++) {
        desk_ask(f, (struct desk_asked){.ask = DESK_STREAM(1000)});
        while (f->ended <= i)
            loop_turn(f->loop, 100);
        assert_int_equal(f->answered, i + 1);
    }
    desk_run(f, 100);
    desk_agrees(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_is_booked, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(who_leaves_at_once_pays_nothing, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(a_question_that_was_left_counts, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(a_drain_ends, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(a_stream_that_breaks, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(a_slow_reader_holds_the_model_back, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(connections_are_kept, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(a_small_cap_serves_one_after_the_other, desk_open,
                                        desk_close),
    };

    setenv("KONSTRUCT_DRAIN_TOKENS", "5", 1);
    http_start();

    int failed = cmocka_run_group_tests(tests, pg_start, pg_stop);

    http_stop();
    return failed;
}
