/* Of what a question is made: a prefix that stays, and no more than is needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "flow/turn_prompt.h"

#include <cmocka.h>

#include "bare.h"

static struct turn *turn_of(const char *const *facts, size_t fact_count, const char *text)
{
    struct turn *t = arena_take(ctx->mem, sizeof(*t));
    struct llm_message *said = arena_take(ctx->mem, sizeof(*said));

    *said = (struct llm_message){.author = LLM_PERSON, .text = text};
    t->who = (struct employee_brain){.name = "Mara", .role = "Support", .persona = "Be kind."};
    t->asked.text = text;
    t->ask = (struct llm_ask){
        .facts = facts, .fact_count = fact_count, .messages = said, .count = 1};
    turn_prompt(ctx, t);
    return t;
}

static void few_facts_stand_in_every_question(void **state)
{
    static const char *const facts[] = {"We open at nine.", "Parcels leave at noon."};
    const struct turn *t = turn_of(facts, COUNT_OF(facts), "When do parcels leave?");

    (void)state;
    assert_string_equal(t->ask.system, "You are Mara, Support.\n\nBe kind.\n\nWhat you know:"
                                       "\n- We open at nine.\n- Parcels leave at noon.");
    assert_int_equal(t->ask.stable_count, 1);
    assert_true(t->prompt.persona > 0 && t->prompt.knowledge > 0 && t->prompt.history > 0);
    assert_int_equal(t->prompt.tools, 0);
    /* The parts are what the whole is. */
    assert_in_range(t->prompt.persona + t->prompt.knowledge + t->prompt.history,
                    llm_estimate_ask(&t->ask) - 4, llm_estimate_ask(&t->ask) + 4);
}

/* Of many, those that have something to do with the question, at most PROMPT_FACTS. */
static void of_many_facts_those_that_fit(void **state)
{
    const char *facts[200];
    const struct turn *t;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(facts); i++)
        facts[i] = text_printf(ctx->mem, "Shelf number %zu holds the spare parts of kind %zu.", i,
                               i);
    facts[77] = "Parcels to Norway leave on Fridays.";
    t = turn_of(facts, COUNT_OF(facts), "When do parcels to Norway leave?");
    assert_non_null(strstr(t->ask.system, "Parcels to Norway leave on Fridays."));
    assert_null(strstr(t->ask.system, "Shelf number 5 "));
    assert_int_equal(t->ask.stable_count, 0);
    assert_true(t->prompt.knowledge < 60);
    t = turn_of(facts, COUNT_OF(facts), "hello");
    assert_string_equal(t->ask.system, "You are Mara, Support.\n\nBe kind.");
    assert_int_equal(t->prompt.knowledge, 0);
    /* The built-in brain searches by itself, and gets them all. */
    assert_int_equal(t->ask.fact_count, COUNT_OF(facts));
}

static size_t first_of(int64_t last_seq, size_t count, const char *text)
{
    struct message *items = arena_take(ctx->mem, count * sizeof(*items));

    for (size_t i = 0; i < count; i++)
        items[i] = (struct message){.seq = last_seq - (int64_t)(count - 1 - i), .text = text};
    return (size_t)items[turn_prompt_first(items, count)].seq;
}

/* The beginning of a long conversation's window moves once in ten messages, not with each. */
static void the_window_moves_in_steps(void **state)
{
    size_t moves = 0, before = 0;

    (void)state;
    assert_int_equal(first_of(1, 1, "x"), 1);
    assert_int_equal(first_of(39, 39, "x"), 1);
    for (int64_t seq = 100; seq < 200; seq++) {
        size_t first = first_of(seq, TURN_WINDOW, "x");

        assert_in_range((size_t)seq - first + 1, TURN_WINDOW - 10, TURN_WINDOW);
        moves += first != before;
        before = first;
    }
    assert_in_range(moves, 10, 11);
}

static void long_messages_make_the_window_shorter(void **state)
{
    char *text = arena_take(ctx->mem, KIB(10) + 1);

    (void)state;
    memset(text, 'x', KIB(10));
    assert_int_equal(first_of(35, 35, text), 32);
    /* The message that is asked is always there, however long. */
    text = arena_take(ctx->mem, KIB(60) + 1);
    memset(text, 'x', KIB(60));
    assert_int_equal(first_of(35, 35, text), 35);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_facts_stand_in_every_question),
        cmocka_unit_test(of_many_facts_those_that_fit),
        cmocka_unit_test(the_window_moves_in_steps),
        cmocka_unit_test(long_messages_make_the_window_shorter),
    };

    return cmocka_run_group_tests(tests, bare_setup, bare_teardown);
}
