/*
 * Places for vectors of texts: whose company waited longest is next, however many another one asks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "flow/embed_places.h"

#include <cmocka.h>

#define PATIENCE_MS 60000

static char order[16];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Takes a place, notes that it has one, gives it back. */
static void *caller(void *arg)
{
    if (!embed_place_take(arg, PATIENCE_MS))
        return NULL;
    pthread_mutex_lock(&lock);
    strncat(order, arg, 1);
    pthread_mutex_unlock(&lock);
    embed_place_leave();
    return arg;
}

static void companies_take_turns(void **state)
{
    static char names[][2] = {"a", "a", "a", "b", "c", "b"};
    pthread_t threads[6];

    (void)state;
    embed_places_set(1);
    assert_true(embed_place_take("a", 0));
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, caller, names[i]), 0);
        while (embed_places_wanted() != i + 1)
            usleep(1000);
    }
    embed_place_leave();
    for (size_t i = 0; i < 6; i++) {
        void *served;

        pthread_join(threads[i], &served);
        assert_ptr_equal(served, names[i]);
    }
    /* Each in its turn, and who is alone has all the turns. */
    assert_string_equal(order, "bcabaa");
}

static void nobody_waits_for_ever(void **state)
{
    (void)state;
    assert_true(embed_place_take(NULL, 0));
    assert_false(embed_place_take("a", 10));
    assert_int_equal(embed_places_wanted(), 0);
    embed_place_leave();
    assert_true(embed_place_take("a", 0));
    embed_place_leave();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(companies_take_turns),
        cmocka_unit_test(nobody_waits_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
