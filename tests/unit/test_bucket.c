/* Token buckets, with a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bucket.h"
#include "base/rc.h"

#define SECOND 1000000
#define NOON (INT64_C(1800000000) * SECOND)

/* A bucket with its clock. */
struct own {
    struct bucket_rate rate;
    int64_t full, now;
};

static struct own own(int64_t per_minute, int64_t at_once)
{
    return (struct own){.rate = bucket_rate(per_minute, at_once), .now = NOON};
}

static bool take(struct own *b)
{
    if (bucket_wait(b->rate, &b->full, b->now, 1) > 0)
        return false;
    b->full = bucket_after(b->rate, b->full, b->now, 1);
    return true;
}

static int taken_of(struct own *b, int tries)
{
    int taken = 0;

    for (int i = 0; i < tries; i++)
        taken += take(b);
    return taken;
}

static void full_bucket_gives_what_it_holds(void **state)
{
    struct own b = own(60, 5);

    (void)state;
    assert_int_equal(taken_of(&b, 20), 5);
}

static void fills_one_by_one(void **state)
{
    struct own b = own(60, 5);

    (void)state;
    taken_of(&b, 5);
    assert_int_equal(bucket_wait(b.rate, &b.full, b.now, 1), SECOND);
    b.now += SECOND - 1;
    assert_int_equal(bucket_wait(b.rate, &b.full, b.now, 1), 1);
    assert_false(take(&b));
    b.now += 1;
    assert_int_equal(taken_of(&b, 5), 1);
    b.now += 3 * SECOND;
    assert_int_equal(taken_of(&b, 5), 3);
}

/* However long nobody came, it holds no more than it can. */
static void long_gap_fills_it_once(void **state)
{
    static const int64_t gaps[] = {5 * SECOND, 3600ll * SECOND, 100ll * 365 * 86400 * SECOND};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(gaps); i++) {
        struct own b = own(60, 5);

        taken_of(&b, 5);
        b.now += gaps[i];
        assert_int_equal(taken_of(&b, 20), 5);
    }
}

/* Rates that divide no second, and less than one in a second. */
static void fractions_add_up(void **state)
{
    static const struct {
        int64_t per_minute, hours, taken;
    } rows[] = {{7, 1, 420}, {1, 3, 180}, {90, 1, 5400}, {13, 10, 7800}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct own b = own(rows[i].per_minute, 2);
        int64_t end = b.now + rows[i].hours * 3600 * SECOND, taken = 0;

        for (; b.now < end; b.now += SECOND / 4)
            taken += take(&b);
        assert_in_range(taken, rows[i].taken, rows[i].taken + 2);
    }
}

static void clock_going_back_costs_at_most_a_full_bucket(void **state)
{
    struct own b = own(60, 5);

    (void)state;
    taken_of(&b, 5);
    b.now -= 86400ll * SECOND;
    assert_int_equal(bucket_wait(b.rate, &b.full, b.now, 1), SECOND);
    b.now += 5 * SECOND;
    assert_int_equal(taken_of(&b, 20), 5);
}

static void given_back_is_there_again(void **state)
{
    struct own b = own(60, 5);

    (void)state;
    taken_of(&b, 5);
    b.full = bucket_after(b.rate, b.full, b.now, -1);
    assert_int_equal(taken_of(&b, 5), 1);
    for (int i = 0; i < 50; i++)
        b.full = bucket_after(b.rate, b.full, b.now, -1);
    assert_int_equal(taken_of(&b, 20), 5);
}

/* Over any span no more than the burst and what has come since. */
static void never_more_than_promised(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 50; round++) {
        struct own b = own(1 + rand() % 1000, 1 + rand() % 50);
        int64_t start = b.now, taken = 0;

        for (int i = 0; i < 2000; i++) {
            b.now += rand() % SECOND;
            taken += taken_of(&b, rand() % 4);
            assert_true(taken * b.rate.step_us <= b.rate.depth_us + (b.now - start));
        }
    }
}

static void fastest_and_deepest_do_not_overflow(void **state)
{
    struct own b = own(60000000, 1000000), slow = own(1, 1000000);

    (void)state;
    assert_int_equal(taken_of(&b, 2000000), 1000000);
    assert_int_equal(taken_of(&slow, 2000000), 1000000);
    assert_int_equal(bucket_wait(slow.rate, &slow.full, slow.now, 1), 60 * SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_bucket_gives_what_it_holds),
        cmocka_unit_test(fills_one_by_one),
        cmocka_unit_test(long_gap_fills_it_once),
        cmocka_unit_test(fractions_add_up),
        cmocka_unit_test(clock_going_back_costs_at_most_a_full_bucket),
        cmocka_unit_test(given_back_is_there_again),
        cmocka_unit_test(never_more_than_promised),
        cmocka_unit_test(fastest_and_deepest_do_not_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
