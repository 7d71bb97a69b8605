/* Dollars as people type them, and that no sum of a call passes what is counted in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/account_model.h"
#include "core/dollars.h"
#include "llm/llm.h"

#include <cmocka.h>

static void amounts_are_read_to_the_millionth(void **state)
{
    static const struct {
        const char *text;
        int64_t micros;
    } rows[] = {{"0", 0},
                {"0.15", 150000},
                {"2", 2000000},
                {"2.50", 2500000},
                {"0.000001", 1},
                {"007.5", 7500000},
                {"10000", ACCOUNT_PRICE_MOST},
                {"10000.000000", ACCOUNT_PRICE_MOST}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t micros = -1;

        if (!dollars_read(rows[i].text, ACCOUNT_PRICE_MOST, &micros) || micros != rows[i].micros)
            fail_msg("%s: %lld", rows[i].text, (long long)micros);
    }
}

static void what_is_no_amount_is_refused(void **state)
{
    static const char *const texts[] = {"",         " ",
                                        "-0.1",     "+1",
                                        ".5",       "5.",
                                        "1,5",      "1.0000001",
                                        "1e2",      "$1",
                                        "0x10",     "nan",
                                        "Infinity", "10000.000001",
                                        "1 0",      "1.2.3",
                                        "\xd9\xa1", "99999999999999999999999999999999"};
    int64_t micros;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (dollars_read(texts[i], ACCOUNT_PRICE_MOST, &micros))
            fail_msg("%s: %lld", texts[i], (long long)micros);
}

static void amounts_are_shown_without_idle_zeros(void **state)
{
    struct arena *mem = arena_new(KIB(4));

    (void)state;
    assert_string_equal(dollars_text(mem, 0), "0");
    assert_string_equal(dollars_text(mem, 1), "0.000001");
    assert_string_equal(dollars_text(mem, 150000), "0.15");
    assert_string_equal(dollars_text(mem, 10000000), "10");
    assert_string_equal(dollars_text(mem, ACCOUNT_PRICE_MOST), "10000");
    for (int64_t micros = 0; micros < 3000000; micros += 999) {
        int64_t again = -1;
        struct arena *own = arena_new(KIB(1));

        assert_true(dollars_read(dollars_text(own, micros), ACCOUNT_PRICE_MOST, &again));
        assert_int_equal(again, micros);
        arena_free(own);
    }
    arena_free(mem);
}

/* The dearest price of the largest counts that are believed. */
static void the_dearest_call_can_be_counted(void **state)
{
    const struct price dear = {.input = ACCOUNT_PRICE_MOST,
                               .cached = ACCOUNT_PRICE_MOST,
                               .cache_write = ACCOUNT_PRICE_MOST,
                               .output = ACCOUNT_PRICE_MOST};
    const struct tokens most = {.input = LLM_TOKENS_MAX,
                                .cached = LLM_TOKENS_MAX,
                                .cache_written = LLM_TOKENS_MAX,
                                .output = LLM_TOKENS_MAX};

    (void)state;
    assert_int_equal(price_cost(&dear, &most), INT64_C(2000000000000));
    assert_int_equal(price_worst(&dear, LLM_TOKENS_MAX, LLM_TOKENS_MAX), INT64_C(2000000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_are_read_to_the_millionth),
        cmocka_unit_test(what_is_no_amount_is_refused),
        cmocka_unit_test(amounts_are_shown_without_idle_zeros),
        cmocka_unit_test(the_dearest_call_can_be_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
