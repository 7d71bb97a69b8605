/* What an answer costs, and the table of prices that we ship. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "billing/price.h"

static void cost(void **state)
{
    static const struct price p = {"openai", "m", "2025-01-01", 2500000, 1250000, 10000000};
    static const struct price tiny = {"openai", "m", "2025-01-01", 1, 0, 1};
    static const struct price huge = {"openai",   "m",        "2025-01-01",
                                      1000000000, 1000000000, 1000000000};
    static const struct {
        const struct price *price;
        int64_t input, cached, output, cost;
    } rows[] = {
        {&p, 1000000, 0, 0, 2500000},
        {&p, 1000000, 1000000, 0, 1250000},
        {&p, 0, 0, 1000000, 10000000},
        {&p, 1000, 400, 200, 1500 + 500 + 2000},
        {&p, 1, 0, 0, 3}, /* 2.5 rounded up */
        {&p, 0, 0, 0, 0},
        {&tiny, 1, 0, 0, 1},
        {&tiny, 0, 0, 1, 1},
        {&tiny, 1000000, 0, 0, 1},
        {&tiny, 1000001, 0, 0, 2},
        {&p, -5, -5, -5, 0},
        {&p, 10, 50, 0, 13}, /* no more can be cached than was read */
        {&huge, INT64_MAX, 0, INT64_MAX, 2000000000000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(
            price_cost_micros(rows[i].price, rows[i].input, rows[i].cached, rows[i].output),
            rows[i].cost);
}

static void best_price_wins(void **state)
{
    static const struct price list[] = {
        {"openai", "gpt-4o*", "2024-01-01", 1, 0, 0},
        {"openai", "gpt-4o-mini*", "2024-01-01", 2, 0, 0},
        {"openai", "gpt-4o-mini*", "2025-01-01", 3, 0, 0},
        {"openai", "gpt-4o-mini", "2026-01-01", 4, 0, 0},
        {"ollama", "*", "2024-01-01", 0, 0, 0},
    };
    static const struct {
        const char *provider, *model, *day;
        int index;
    } rows[] = {
        {"openai", "gpt-4o", "2025-06-01", 0},
        {"openai", "gpt-4o-mini-2024-07-18", "2024-06-01", 1},
        {"openai", "gpt-4o-mini-2024-07-18", "2025-01-01", 2},
        {"openai", "gpt-4o-mini", "2025-12-31", 2},
        {"openai", "gpt-4o-mini", "2027-01-01", 2}, /* the longer pattern, though older */
        {"openai", "gpt-4", "2025-06-01", -1},
        {"openai", "gpt-4o", "2023-12-31", -1},
        {"ollama", "anything", "2025-06-01", 4},
        {"ollama", "", "2025-06-01", 4},
        {"acme", "gpt-4o", "2025-06-01", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct price *found = price_find(list, COUNT_OF(list), rows[i].provider,
                                               rows[i].model, rows[i].day);

        if (rows[i].index < 0)
            assert_null(found);
        else
            assert_ptr_equal(found, &list[rows[i].index]);
    }
}

static void bad_lines(void **state)
{
    static const char *const lines[] = {
        "openai",
        "openai\tm\t2025-01-01\t1\t1",
        "openai\tm\t2025-01-01\t1\t1\t1\t1",
        "openai\tm\t2025-01-01\t1\t1\t",
        "openai\tm\t2025-1-1\t1\t1\t1",
        "openai\tm\ttoday\t1\t1\t1",
        "openai\tm\t2025-01-01\t-1\t1\t1",
        "openai\tm\t2025-01-01\t1.5\t1\t1",
        "openai\tm\t2025-01-01\t1\t1\t1 ",
        "openai\tm\t2025-01-01\t99999999999\t1\t1",
        "\tm\t2025-01-01\t1\t1\t1",
        "openai\t\t2025-01-01\t1\t1\t1",
        "openai\tg*t\t2025-01-01\t1\t1\t1",
        "openai\tm\t2025-01-01\t1\t1\t1\r",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct ctx *c = ctx_new(MIB(1), NULL);
        struct price *list;
        size_t count;

        assert_int_equal(
            price_read(c, bytes_of(text_printf(c->mem, "# x\n\n%s\n", lines[i])), &list, &count),
            E_INVALID);
        assert_string_equal(c->fault.code, "price_line");
        assert_non_null(strstr(c->fault.detail, "line 3"));
        ctx_end(c);
    }
}

static const char *file_text(struct ctx *c, const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = arena_take(c->mem, KIB(256));

    assert_non_null(file);
    assert_true(fread(text, 1, KIB(256) - 1, file) > 0);
    fclose(file);
    return text;
}

/* Run from the top of the repository, as all suites are. */
static void shipped_table(void **state)
{
    struct ctx *c = ctx_new(MIB(2), NULL);
    const char *text = file_text(c, "seed/prices.tsv");
    struct price *list;
    size_t count;

    (void)state;
    assert_int_equal(price_read(c, bytes_of(text), &list, &count), OK);
    assert_true(count > 20);
    for (size_t i = 0; i < count; i++) {
        assert_true(list[i].cached <= list[i].input);
        assert_true(list[i].input <= list[i].output);
        for (size_t k = 0; k < i; k++)
            assert_false(text_is(list[i].provider, list[k].provider) &&
                         text_is(list[i].model, list[k].model) &&
                         text_is(list[i].valid_from, list[k].valid_from));
    }
    assert_int_equal(
        price_find(list, count, "openai", "gpt-4o-mini-2024-07-18", "2026-01-01")->input, 150000);
    assert_int_equal(price_find(list, count, "openai", "gpt-4o-2024-08-06", "2026-01-01")->output,
                     10000000);
    assert_int_equal(
        price_find(list, count, "anthropic", "claude-sonnet-4-5-20250929", "2026-01-01")->cached,
        300000);
    assert_int_equal(price_find(list, count, "starter", "starter", "2026-01-01")->output, 0);
    assert_null(price_find(list, count, "openai", "my-own-model", "2026-01-01"));
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cost),
        cmocka_unit_test(best_price_wins),
        cmocka_unit_test(bad_lines),
        cmocka_unit_test(shipped_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
