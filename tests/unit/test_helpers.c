/* Helpers beside a loop: of one lane only some are at work, so that others need not wait for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <semaphore.h>
#include <stdatomic.h>

#include "flow/helpers.h"

#include <cmocka.h>

#define COUNT 6
#define PATIENCE_TURNS 300

struct bench {
    struct loop *loop;
    struct helpers *helpers;
    struct errand errands[COUNT + 1];
    atomic_int begun[COUNT + 1];
    sem_t go;
    int done;
    bool other_done;
};

static struct one {
    struct bench *b;
    size_t number;
} ones[COUNT + 1];

static void wait_to_go(void *arg)
{
    struct one *o = arg;

    atomic_store(&o->b->begun[o->number], 1);
    sem_wait(&o->b->go);
}

static void at_once(void *arg)
{
    struct one *o = arg;

    atomic_store(&o->b->begun[o->number], 1);
}

static void done(void *arg)
{
    ((struct one *)arg)->b->done++;
}

static void other_done(void *arg)
{
    ((struct one *)arg)->b->other_done = true;
}

static int begun(struct bench *b)
{
    int count = 0;

    for (size_t i = 0; i < COUNT; i++)
        count += atomic_load(&b->begun[i]);
    return count;
}

static void others_pass_who_has_its_most(void **state)
{
    struct bench b = {.loop = loop_new()};

    (void)state;
    b.helpers = helpers_new(b.loop, 4, 2);
    sem_init(&b.go, 0, 0);
    for (size_t i = 0; i <= COUNT; i++) {
        const bool other = i == COUNT;

        ones[i] = (struct one){&b, i};
        b.errands[i] = (struct errand){.work = other ? at_once : wait_to_go,
                                       .arg = &ones[i],
                                       .done = {.fn = other ? other_done : done, .arg = &ones[i]},
                                       .lane = other ? "other" : "full"};
        helpers_send(b.helpers, &b.errands[i]);
    }
    for (int turns = 0; turns < PATIENCE_TURNS && !b.other_done; turns++)
        loop_turn(b.loop, 100);
    assert_true(b.other_done);
    assert_true(begun(&b) <= 2);
    assert_int_equal(b.done, 0);
    for (size_t i = 0; i < COUNT; i++)
        sem_post(&b.go);
    while (b.done < COUNT)
        loop_turn(b.loop, 100);
    helpers_free(b.helpers);
    sem_destroy(&b.go);
    loop_free(b.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_pass_who_has_its_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
