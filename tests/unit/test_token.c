/* Secrets of programs: what is whole, what is not, and that logs never hold one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/log.h"
#include "core/token.h"
#include "io/crypto.h"

#include <cmocka.h>

static void a_new_one_is_whole_and_masked(void **state)
{
    struct arena *mem = arena_new(MIB(1));
    const char *a = token_new(mem, "kst"), *b = token_new(mem, "kst");

    (void)state;
    assert_int_equal(strlen(a), 53);
    assert_memory_equal(a, "kst_", 4);
    assert_string_not_equal(a, b);
    assert_true(token_whole(a, "kst"));
    assert_string_equal(token_hint(mem, a), a + 49);
    assert_int_equal(token_hash(mem, a).len, 32);
    assert_false(bytes_eq(token_hash(mem, a), token_hash(mem, b)));
    assert_string_equal(log_mask(mem, text_printf(mem, "key=%s!", a)), "key=[secret]!");
    arena_free(mem);
}

/* Each character changed, each cut, another prefix: told apart without a look at any database. */
static void a_mistyped_one_is_told_apart(void **state)
{
    struct arena *mem = arena_new(MIB(1));
    const char *good = token_new(mem, "kst");

    (void)state;
    for (size_t i = 0; i < strlen(good); i++) {
        char *bad = text_dup(mem, good);

        bad[i] = bad[i] == 'x' ? 'y' : 'x';
        assert_false(token_whole(bad, "kst"));
        assert_false(token_whole(text_copy(mem, good, i), "kst"));
        assert_false(token_whole(good + i + 1, "kst"));
    }
    assert_false(token_whole(text_printf(mem, "%s ", good), "kst"));
    assert_false(token_whole(good, "ksu"));
    assert_false(token_whole(good, "ks"));
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_one_is_whole_and_masked),
        cmocka_unit_test(a_mistyped_one_is_told_apart),
    };

    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
