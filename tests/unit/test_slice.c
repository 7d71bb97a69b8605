/* The kernel is asked for short slices, and nothing else of a thread's scheduling changes. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/slice.h"

static void short_where_the_kernel_grants_slices(void **state)
{
    const int64_t before = slice_now();

    (void)state;
    slice_short();
    assert_int_equal(slice_now(), before == 0 ? 0 : SLICE_SHORT_NS);
}

static void priority_stays(void **state)
{
    (void)state;
    assert_int_equal(setpriority(PRIO_PROCESS, 0, 7), 0);
    slice_short();
    assert_int_equal(getpriority(PRIO_PROCESS, 0), 7);
    assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_where_the_kernel_grants_slices),
        cmocka_unit_test(priority_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
