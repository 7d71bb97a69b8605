/* What a message is taken for, by its words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "flow/task.h"

#include <cmocka.h>

#include "bare.h"

static void words_tell_the_task(void **state)
{
    static const struct {
        const char *text, *task;
    } rows[] = {
        {"Hello!", "small-talk"},
        {"good morning :)", "small-talk"},
        {"Danke!", "small-talk"},
        {"Hello, where is my parcel?", "chat"},
        {"invoice 4711", "chat"},
        {"Please summarize this thread for me", "summarise"},
        {"tl;dr? Or better: a summary.", "summarise"},
        {"Kannst du das zusammenfassen?", "summarise"},
        {"Classify this ticket: my invoice is wrong", "classify"},
        {"Compare the two contracts and tell which one is cheaper", "reason"},
        {"Bitte vergleiche beide Angebote", "reason"},
        {"Why is the order so late?", "chat"},
        /* Of two, the one that takes more. */
        {"Analyse the figures and give me a summary", "reason"},
        {"", "small-talk"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_string_equal(task_name(task_guess(ctx, rows[i].text)), rows[i].task);
}

/* What stands in the middle of a long text is what the text is about, not what is wanted of it. */
static void of_a_long_message_its_ends_count(void **state)
{
    char *text = arena_take(ctx->mem, KIB(4));

    (void)state;
    memset(text, 'x', KIB(4) - 1);
    for (size_t i = 9; i < KIB(4) - 1; i += 10)
        text[i] = ' ';
    text[KIB(4) - 1] = '\0';
    memcpy(text + 2000, " compare ", 9);
    assert_int_equal(task_guess(ctx, text), TASK_CHAT);
    memcpy(text + 4000, " summary ", 9);
    assert_int_equal(task_guess(ctx, text), TASK_SUMMARISE);
    memcpy(text, "classify ", 9);
    assert_int_equal(task_guess(ctx, text), TASK_SUMMARISE);
    memcpy(text + 4000, " xxxxxxx ", 9);
    assert_int_equal(task_guess(ctx, text), TASK_CLASSIFY);
}

static void tasks_have_names(void **state)
{
    enum task task;

    (void)state;
    assert_true(task_find("reason", &task));
    assert_int_equal(task, TASK_REASON);
    assert_int_equal(task_size(task), MODEL_LARGE);
    assert_false(task_find("Reason", &task));
    assert_false(task_find("", &task));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_tell_the_task),
        cmocka_unit_test(of_a_long_message_its_ends_count),
        cmocka_unit_test(tasks_have_names),
    };

    return cmocka_run_group_tests(tests, bare_setup, bare_teardown);
}
