/* Ids, the clock and the counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/metric.h"

#include <cmocka.h>

static int setup(void **state)
{
    *state = arena_new(MIB(4));
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static void new_ids_are_uuids_of_version_7(void **state)
{
    const char *before = id_new(*state);

    for (int i = 0; i < 1000; i++) {
        const char *id = id_new(*state);

        assert_true(id_valid(id));
        assert_int_equal(id[14], '7');
        assert_non_null(strchr("89ab", id[19]));
        assert_string_not_equal(id, before);
        assert_true(strncmp(before, id, 13) <= 0); /* the milliseconds never go back */
        before = id;
    }
}

static void ids_of_parts(void **state)
{
    struct arena *mem = *state;
    const char *id = ID_OF(mem, BYTES("ab"), BYTES("c"));

    assert_true(id_valid(id));
    assert_int_equal(id[14], '8');
    assert_string_equal(id, ID_OF(mem, BYTES("ab"), BYTES("c")));
    assert_string_not_equal(id, ID_OF(mem, BYTES("a"), BYTES("bc")));
    assert_string_not_equal(id, ID_OF(mem, BYTES("abc")));
    assert_string_not_equal(id, ID_OF(mem, BYTES("c"), BYTES("ab")));
    assert_string_not_equal(id, ID_OF(mem, BYTES("ab"), BYTES("c"), BYTES("")));
}

static void valid_ids(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"01234567-89ab-cdef-0123-456789abcdef", true},
        {"00000000-0000-0000-0000-000000000000", true},
        {"01234567-89AB-cdef-0123-456789abcdef", false},
        {"01234567-89ab-cdef-0123-456789abcde", false},
        {"01234567-89ab-cdef-0123-456789abcdef0", false},
        {"0123456789abcdef0123456789abcdef0123", false},
        {"01234567_89ab-cdef-0123-456789abcdef", false},
        {"0123456-789ab-cdef-0123-456789abcdef", false},
        {"g1234567-89ab-cdef-0123-456789abcdef", false},
        {"{1234567-89ab-cdef-0123-456789abcde}", false},
        {" 1234567-89ab-cdef-0123-456789abcdef", false},
        {"", false},
        {NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(id_valid(rows[i].text), rows[i].valid);
}

static void clocks_agree(void **state)
{
    int64_t s = clock_s(), ms = clock_ms(), mono = clock_mono_us();

    (void)state;
    assert_true(s > 1700000000);
    assert_true(ms / 1000 - s >= 0 && ms / 1000 - s < 60);
    assert_true(clock_mono_us() >= mono);
    assert_true(clock_mono_ms() >= mono / 1000);
}

static void counters_are_shared_with_children(void **state)
{
    struct buf out = buf_new(*state, KIB(64));
    int status;

    metric_add(METRIC_hook_accepted, 5);
    assert_int_equal(metric_get(METRIC_hook_accepted), 5);
    metric_share();
    assert_int_equal(metric_get(METRIC_hook_accepted), 0);

    pid_t child = fork();

    if (child == 0) {
        metric_add(METRIC_hook_accepted, 40);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    metric_add(METRIC_hook_accepted, 2);
    assert_int_equal(metric_get(METRIC_hook_accepted), 42);
    metric_print(&out);
    assert_non_null(strstr(buf_str(&out), "# TYPE konstruct_hook_accepted_total counter\n"
                                          "konstruct_hook_accepted_total 42\n"));
    for (const char *line = buf_str(&out); *line != '\0'; line = strchr(line, '\n') + 1)
        assert_true(line[0] == '#' || strncmp(line, "konstruct_", 10) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_ids_are_uuids_of_version_7),
        cmocka_unit_test(ids_of_parts),
        cmocka_unit_test(valid_ids),
        cmocka_unit_test(clocks_agree),
        cmocka_unit_test(counters_are_shared_with_children),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
