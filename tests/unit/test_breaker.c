/*
 * Circuit breakers with a clock of the test's own: when they open, who probes, and when they close.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/text.h"
#include "flow/breaker.h"

#include <cmocka.h>

#define URL "https://api.example"
#define NOON 1000000
#define PAUSE_MS 5000

static int64_t open_ms;

static bool allows(int64_t at)
{
    return breaker_allows(URL, "key", "model", NOON + at, &open_ms);
}

static void end(int64_t at, enum breaker_end how)
{
    breaker_ended(URL, "key", "model", NOON + at, how, PAUSE_MS);
}

static int closed(void **state)
{
    (void)state;
    breaker_reset();
    return 0;
}

static void opened(void)
{
    for (int i = 0; i < BREAKER_FAILURES; i++) {
        assert_true(allows(i));
        end(i, BREAKER_FAILED);
    }
}

static void failures_in_a_row_open_it(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        /* One that works in between starts the count anew. */
        assert_true(allows(i));
        end(i, i % BREAKER_FAILURES == 0 ? BREAKER_WORKED : BREAKER_FAILED);
    }
    breaker_reset();
    opened();
    assert_false(allows(10));
    assert_in_range(open_ms, PAUSE_MS - 20, PAUSE_MS);
}

static void what_says_nothing_does_not_count(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_true(allows(i));
        end(i, BREAKER_NOTHING);
    }
}

static void one_probe_after_the_pause(void **state)
{
    int64_t at = PAUSE_MS + 10;

    (void)state;
    opened();
    assert_true(allows(at));
    assert_false(allows(at));
    assert_int_equal(open_ms, 0);
    end(at + 1, BREAKER_WORKED);
    assert_true(allows(at + 2));
    assert_true(allows(at + 2));
}

static void a_probe_that_fails_doubles_the_pause(void **state)
{
    int64_t at = PAUSE_MS + 10, pause = PAUSE_MS;

    (void)state;
    opened();
    for (int i = 0; i < 10; i++) {
        assert_true(allows(at));
        end(at, BREAKER_FAILED);
        pause = pause * 2 < BREAKER_PAUSE_MAX_MS ? pause * 2 : BREAKER_PAUSE_MAX_MS;
        assert_false(allows(at + pause - 1));
        assert_int_equal(open_ms, 1);
        at += pause;
    }
    assert_int_equal(pause, BREAKER_PAUSE_MAX_MS);
}

/*
 * Calls that were under way when it opened fail as well: that is the same outage, not a longer one.
 */
static void stragglers_do_not_lengthen_the_pause(void **state)
{
    (void)state;
    opened();
    for (int i = 0; i < 20; i++)
        end(100 + i, BREAKER_FAILED);
    assert_true(allows(PAUSE_MS + 10));
}

/* The provider's own time holds, up to our longest; then one call tries. */
static void who_wants_to_rest_does(void **state)
{
    (void)state;
    breaker_reset();
    breaker_rests(URL, "key", "model", NOON, 20000);
    assert_false(allows(19999));
    assert_int_equal(open_ms, 1);
    breaker_rests(URL, "key", "model", NOON + 1, 100); /* a straggler that would have less */
    assert_false(allows(19999));
    assert_true(allows(20000));
    assert_false(allows(20001));
    end(20002, BREAKER_WORKED);
    assert_true(allows(20003));
    breaker_rests(URL, "key", "model", NOON + 20004, 86400000);
    assert_false(allows(20003 + BREAKER_PAUSE_MAX_MS));
    assert_true(allows(20004 + BREAKER_PAUSE_MAX_MS));
}

static void a_probe_that_never_ends_is_forgotten(void **state)
{
    int64_t at = PAUSE_MS + 10;

    (void)state;
    opened();
    assert_true(allows(at));
    assert_false(allows(at + BREAKER_PROBE_MS - 1));
    assert_true(allows(at + BREAKER_PROBE_MS));
}

static void each_has_its_own(void **state)
{
    (void)state;
    opened();
    assert_false(allows(10));
    assert_true(breaker_allows(URL, "key", "other", NOON + 10, &open_ms));
    assert_true(breaker_allows(URL, "another key", "model", NOON + 10, &open_ms));
    assert_true(breaker_allows("https://else.example", "key", "model", NOON + 10, &open_ms));
    assert_true(breaker_allows(NULL, NULL, "model", NOON + 10, &open_ms));
}

/* There is room for many; the least used make place. */
static void thousands_of_models_do_no_harm(void **state)
{
    char model[16];

    (void)state;
    for (int i = 0; i < 3000; i++) {
        snprintf(model, sizeof(model), "m%d", i);
        assert_true(breaker_allows(URL, "key", model, NOON + i, &open_ms));
        breaker_ended(URL, "key", model, NOON + i, BREAKER_FAILED, PAUSE_MS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(failures_in_a_row_open_it, closed),
        cmocka_unit_test_setup(what_says_nothing_does_not_count, closed),
        cmocka_unit_test_setup(one_probe_after_the_pause, closed),
        cmocka_unit_test_setup(a_probe_that_fails_doubles_the_pause, closed),
        cmocka_unit_test_setup(stragglers_do_not_lengthen_the_pause, closed),
        cmocka_unit_test_setup(who_wants_to_rest_does, closed),
        cmocka_unit_test_setup(a_probe_that_never_ends_is_forgotten, closed),
        cmocka_unit_test_setup(each_has_its_own, closed),
        cmocka_unit_test_setup(thousands_of_models_do_no_harm, closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
