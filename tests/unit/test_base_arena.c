/*
 * Arenas and contexts: what they hand out, in which order they end, and that their limit is hard.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ctx.h"
#include "base/id.h"

#include <cmocka.h>

static void pieces_are_zeroed_and_aligned(void **state)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 1000, KIB(1), KIB(4), KIB(5), KIB(64), 3};
    struct arena *mem = arena_new(MIB(4));

    (void)state;
    for (int round = 0; round < 20; round++)
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            unsigned char *piece = arena_take(mem, sizes[i]);

            assert_int_equal((uintptr_t)piece % 16, 0);
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(piece[k], 0);
            memset(piece, 0xff, sizes[i]);
        }
    arena_free(mem);
}

static char order[8];

static void note(void *thing)
{
    strncat(order, thing, 1);
}

static void endings_run_newest_first(void **state)
{
    static char a[] = "a", b[] = "b", c[] = "c";
    struct arena *mem = arena_new(KIB(4));

    (void)state;
    order[0] = '\0';
    arena_on_end(mem, note, a);
    arena_on_end(mem, note, b);
    arena_on_end(mem, note, c);
    assert_string_equal(order, "");
    arena_free(mem);
    assert_string_equal(order, "cba");
    arena_free(NULL);
}

static void use_is_counted(void **state)
{
    struct arena *mem = arena_new(KIB(64));

    (void)state;
    assert_int_equal(arena_used(mem), 0);
    arena_take(mem, 1600);
    assert_in_range(arena_used(mem), 1600, 1616);
    arena_take(mem, KIB(32));
    assert_in_range(arena_used(mem), 1600 + KIB(32), 1640 + KIB(32));
    arena_free(mem);
}

/* What `take` does is done in a child; true when that child was aborted. */
static bool aborts(void (*take)(struct arena *mem))
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};

        setrlimit(RLIMIT_CORE, &none);
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        take(arena_new(KIB(8)));
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == 6;
}

static void fills_it(struct arena *mem)
{
    arena_take(mem, KIB(4));
    arena_take(mem, KIB(4));
}

static void one_too_many(struct arena *mem)
{
    fills_it(mem);
    arena_take(mem, 1);
}

static void much_too_large(struct arena *mem)
{
    arena_take(mem, KIB(9));
}

static void wraps_around(struct arena *mem)
{
    arena_take(mem, SIZE_MAX - 3);
}

static void passing_the_limit_aborts(void **state)
{
    static const struct {
        void (*take)(struct arena *);
        bool dies;
    } rows[] = {
        {fills_it, false}, {one_too_many, true}, {much_too_large, true}, {wraps_around, true}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(aborts(rows[i].take), rows[i].dies);
}

static void the_first_fault_stays(void **state)
{
    struct ctx *c = ctx_new(KIB(64), NULL);

    (void)state;
    assert_true(id_valid(c->reference));
    assert_int_equal(c->fault.rc, OK);
    assert_int_equal(ctx_bad(c, "name", "missing", "%s is missing", "name"), E_INVALID);
    assert_int_equal(ctx_fail(c, E_INTERNAL, "later", "never seen"), E_INTERNAL);
    assert_int_equal(c->fault.rc, E_INVALID);
    assert_string_equal(c->fault.code, "missing");
    assert_string_equal(c->fault.field, "name");
    assert_string_equal(c->fault.detail, "name is missing");
    ctx_forgive(c);
    assert_int_equal(c->fault.rc, OK);
    assert_null(c->fault.code);
    assert_int_equal(ctx_fail(c, E_TIMEOUT, "slow", "%d s", 3), E_TIMEOUT);
    assert_null(c->fault.field);
    assert_string_equal(c->fault.detail, "3 s");
    /* What a vendor said goes into JSON and into columns of text: it is UTF-8 by then. */
    ctx_forgive(c);
    assert_int_equal(ctx_fail(c, E_UPSTREAM, "odd", "said %s", "\xff\xe2\x82"), E_UPSTREAM);
    assert_string_equal(c->fault.detail, "said ???");
    ctx_end(c);
    ctx_end(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_and_aligned),
        cmocka_unit_test(endings_run_newest_first),
        cmocka_unit_test(use_is_counted),
        cmocka_unit_test(passing_the_limit_aborts),
        cmocka_unit_test(the_first_fault_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
