/*
 * Employees who ask each other come to an end: nobody asks in circles, no chain and no turn grows
 * for ever, and whoever waits for an answer keeps a step in which to give his own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "flow/turn_guard.h"
#include "team.h"

#include <cmocka.h>

/* Mara asks Ben, and Ben asks Mara: he is told that she waits for him, and both answer. */
static void nobody_is_asked_who_waits_for_the_answer(void **state)
{
    const struct tiny_step steps[] = {ASKS("Ben", "Ask the team: what is left?"),
                                      COLLEAGUE_ASKS("Mara", "What is left?"),
                                      COLLEAGUE_SAYS("Nobody knows."), SAYS("We don't know.")};
    struct chat *f = *state;

    TEAM(f, steps, "Ben");
    chat_ask(f, "Ask your team what is left.");
    chat_run(f);
    team_said(f, "answered", "We don't know.");
    assert_int_equal(tiny_requests(f->model), 4);
    assert_true(team_asked(f, 2, "You can't ask Mara, who waits for your answer"));
    assert_string_equal(chat_get(f, "count(*)", "audit WHERE action = 'colleague.asked'"), "1");
    assert_string_equal(chat_get(f, "count(*)", "usage"), "4");
}

/* The same of a longer circle: Mara, Ben, Cleo, and to Ben again. */
static void nor_is_anybody_before_in_the_chain(void **state)
{
    const struct tiny_step steps[] = {
        ASKS("Ben", "Ask Cleo."),     COLLEAGUE_ASKS("Cleo", "Ask Ben."),
        COLLEAGUE_ASKS("Ben", "Hm?"), COLLEAGUE_SAYS("I don't know."),
        COLLEAGUE_SAYS("Nor do I."),  SAYS("We don't know.")};
    struct chat *f = *state;

    TEAM(f, steps, "Ben", "Cleo");
    chat_ask(f, "Ask your team.");
    chat_run(f);
    team_said(f, "answered", "We don't know.");
    assert_int_equal(tiny_requests(f->model), 6);
    assert_true(team_asked(f, 3, "You can't ask Ben, who waits for your answer"));
    assert_string_equal(chat_get(f, "string_agg(step_no::text, ' ' ORDER BY step_no)",
                                 text_printf(f->in.mem, "usage WHERE employee_id = '%s'",
                                             team_of(f, "Cleo", "id"))),
                        "3 4");
}

static void a_chain_has_five_at_most(void **state)
{
    const struct tiny_step steps[] = {ASKS("Ben", "Ask Cleo."),
                                      COLLEAGUE_ASKS("Cleo", "Ask Dan."),
                                      COLLEAGUE_ASKS("Dan", "Ask Eve."),
                                      COLLEAGUE_ASKS("Eve", "Ask Fay."),
                                      COLLEAGUE_ASKS("Fay", "Well?"),
                                      COLLEAGUE_SAYS("E"),
                                      COLLEAGUE_SAYS("D"),
                                      COLLEAGUE_SAYS("C"),
                                      COLLEAGUE_SAYS("B"),
                                      SAYS("Nobody knows.")};
    struct chat *f = *state;

    TEAM(f, steps, "Ben", "Cleo", "Dan", "Eve", "Fay");
    chat_ask(f, "Ask your team.");
    chat_run(f);
    team_said(f, "answered", "Nobody knows.");
    assert_int_equal(tiny_requests(f->model), 10);
    assert_true(team_asked(f, 5, "5 of you wait for one answer already"));
    assert_string_equal(chat_get(f, "count(*)", "audit WHERE action = 'colleague.asked'"), "4");
    assert_string_equal(chat_get(f, "count(DISTINCT employee_id)", "usage"), "5");
}

/* Ben never comes to an end: he loses his last steps, and Mara keeps one to answer in. */
static void steps_are_counted_over_all(void **state)
{
#define ONE_MORE(n)                                                                         \
    ASKS("Ben", "Ask the team " n), COLLEAGUE_ASKS("Cleo", "What " n), COLLEAGUE_SAYS("C"), \
        COLLEAGUE_SAYS("B")
    const struct tiny_step steps[] = {ONE_MORE("1"),       ONE_MORE("2"),
                                      ONE_MORE("3"),       ASKS("Ben", "Ask the team 4"),
                                      COLLEAGUE_SAYS("B"), ASKS("Ben", "Ask the team 5"),
                                      SAYS("That is all.")};
    struct chat *f = *state;

    TEAM(f, steps, "Ben", "Cleo");
    chat_ask(f, "Ask your team.");
    chat_run(f);
    team_said(f, "answered", "That is all.");
    assert_int_equal(tiny_requests(f->model), TURN_ALL_STEPS_MAX);
    /*
     * Ben's fourth is for his answer alone, as Mara needs the one behind it; then nobody is asked.
     */
    assert_false(team_asked(f, 12, "\"tool_choice\":\"none\""));
    assert_true(team_asked(f, 15, "too much was asked for this one message"));
    assert_true(team_asked(f, 15, "\"tool_choice\":\"none\""));
    assert_string_equal(chat_get(f, "max(step_no) || ' ' || count(*)", "usage"), "16 16");
}

/* Mara's model wants so many questions to be put at once. */
static struct tiny_step asks_at_once(struct chat *f, int count, bool same)
{
    struct buf b = buf_new(f->in.mem, KIB(64));

    for (int i = 0; i < count; i++)
        buf_printf(&b,
                   "%s{\"index\":%d,\"id\":\"call_%d\",\"type\":\"function\",\"function\":{"
                   "\"name\":\"ask_colleague\",\"arguments\":\"{\\\"colleague\\\":"
                   "\\\"Ben\\\",\\\"question\\\":\\\"Number %d?\\\"}\"}}",
                   i == 0 ? "" : ",", i, i, same ? 0 : i);
    return (struct tiny_step){
        text_printf(f->in.mem, EVENTS("%s"),
                    text_printf(f->in.mem,
                                CHUNK("{\"role\":\"assistant\",\"tool_calls\":[%s]}", "null")
                                    CHUNK("{}", "\"tool_calls\"") USAGE,
                                buf_str(&b))),
        0, TINY_CLOSE};
}

/* Each is asked as long as there are steps, the others are refused, and she answers. */
static void questions_beside_each_other_are_counted_too(void **state)
{
    struct tiny_step steps[TURN_ALL_STEPS_MAX + 1];
    struct chat *f = *state;

    steps[0] = asks_at_once(f, 40, false);
    for (size_t i = 1; i < TURN_ALL_STEPS_MAX - 1; i++)
        steps[i] = (struct tiny_step)COLLEAGUE_SAYS("B");
    steps[TURN_ALL_STEPS_MAX - 1] = steps[TURN_ALL_STEPS_MAX] = (struct tiny_step)SAYS("All.");
    team_open(f, steps, COUNT_OF(steps), (const char *const[]){"Ben"}, 1);
    chat_ask(f, "Ask your team.");
    chat_run(f);
    team_said(f, "answered", "All.");
    assert_int_equal(tiny_requests(f->model), TURN_ALL_STEPS_MAX);
}

static void equal_questions_at_once_are_a_loop(void **state)
{
    struct chat *f = *state;
    const struct tiny_step steps[] = {asks_at_once(f, 3, true), SAYS("Never said.")};

    TEAM(f, steps, "Ben");
    chat_ask(f, "Ask your team.");
    chat_run(f);
    team_said(f, "failed", "going round in circles");
    assert_int_equal(tiny_requests(f->model), 1);
}

static void the_same_question_a_third_time_is_a_loop(void **state)
{
    const struct tiny_step steps[] = {ASKS("Ben", "Well?"), COLLEAGUE_SAYS("No."),
                                      ASKS("Ben", "Well?"), COLLEAGUE_SAYS("No."),
                                      ASKS("Ben", "Well?"), SAYS("Never said.")};
    struct chat *f = *state;

    TEAM(f, steps, "Ben");
    chat_ask(f, "Ask your team.");
    chat_run(f);
    team_said(f, "failed", "going round in circles");
    assert_int_equal(tiny_requests(f->model), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHAT_TEST(nobody_is_asked_who_waits_for_the_answer),
        CHAT_TEST(nor_is_anybody_before_in_the_chain),
        CHAT_TEST(a_chain_has_five_at_most),
        CHAT_TEST(steps_are_counted_over_all),
        CHAT_TEST(questions_beside_each_other_are_counted_too),
        CHAT_TEST(equal_questions_at_once_are_a_loop),
        CHAT_TEST(the_same_question_a_third_time_is_a_loop),
    };

    return cmocka_run_group_tests(tests, team_start, team_stop);
}
