/*
 * Log-ins to one account from one address at the same time: each locks what counts the account and
 * what counts the address, and must do so in one order, else two of them wait for each other and
 * one is turned away.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <unistd.h>

#include "core/login_limit.h"
#include "lib/pg.h"

#include <cmocka.h>

#define EMAIL "ann@limits.example"
#define REMOTE "203.0.113.7"

static void *say_right(void *arg)
{
    struct ctx *c = pg_ctx(PG_WEB, NULL);
    rc_t *rc = arg;

    *rc = login_right(c, EMAIL, REMOTE);
    if (*rc == OK)
        *rc = db_commit(c);
    ctx_end(c);
    return NULL;
}

static void a_try_and_a_right_one_do_not_wait_in_a_ring(void **state)
{
    PGconn *super = pg_open(PG_SUPER);
    struct ctx *before = pg_ctx(PG_WEB, NULL), *c = pg_ctx(PG_WEB, NULL);
    rc_t other = E_INTERNAL;
    pthread_t thread;

    (void)state;
    assert_int_equal(login_try(before, EMAIL, REMOTE), OK);
    assert_int_equal(db_commit(before), OK);

    assert_int_equal(login_try(c, NULL, REMOTE), OK);
    assert_int_equal(pthread_create(&thread, NULL, say_right, &other), 0);
    while (pg_count(super, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                           "AND query LIKE '%%login_right%%'") == 0)
        usleep(1000);
    assert_int_equal(login_try(c, EMAIL, NULL), OK);
    assert_int_equal(db_commit(c), OK);
    pthread_join(thread, NULL);
    assert_int_equal(other, OK);
    ctx_end(before);
    ctx_end(c);
    PQfinish(super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_try_and_a_right_one_do_not_wait_in_a_ring),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
