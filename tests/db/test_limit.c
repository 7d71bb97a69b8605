/*
 * Limits against a real Redis: the script is the arithmetic of base/bucket.c, a request takes from
 * all its buckets or from none, and a Redis that is away, hangs or comes back changes no more than
 * who keeps the buckets.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/id.h"
#include "base/metric.h"
#include "core/limit_local.h"
#include "core/limit_redis.h"
#include "lib/own_redis.h"
#include "lib/pg.h"

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define NOON (INT64_C(1800000000) * SECOND)

struct fixture {
    struct ctx *c;
    struct own_redis *redis;
    struct limit_use tenant, channel;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->c = ctx_new(MIB(64), NULL);
    f->redis = own_redis_new();
    f->tenant = (struct limit_use){LIMIT_messages, id_new(f->c->mem)};
    f->channel = (struct limit_use){LIMIT_channel, id_new(f->c->mem)};
    conf_set(CONF_limit_messages, "20"); /* 5 at once */
    conf_set(CONF_limit_channel, "12");  /* 3 at once */
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    limit_stop();
    own_redis_free(f->redis);
    ctx_end(f->c);
    free(f);
    return 0;
}

/* How many of `tries` were let through. */
static int let_through(struct fixture *f, const struct limit_use *uses, size_t count, int tries)
{
    int taken = 0;

    for (int i = 0; i < tries; i++) {
        ctx_forgive(f->c);
        taken += limit_take(f->c, uses, count) == OK;
    }
    return taken;
}

/* The same takes, one by one, in both. */
static void script_is_the_same_arithmetic(void **state)
{
    struct fixture *f = *state;
    struct redis *redis = redis_new_brisk(own_redis_url(f->redis));
    struct limit_bucket buckets[3];
    int64_t full[3] = {0}, now = NOON;
    int refused = 0;

    srand(11);
    for (int i = 0; i < 3; i++)
        buckets[i] = (struct limit_bucket){text_printf(f->c->mem, "test:%d", i),
                                           bucket_rate(1 + rand() % 3, 1 + rand() % 9)};
    for (int round = 0; round < 3000; round++) {
        size_t first = (size_t)rand() % 3, count = 1 + (size_t)rand() % (3 - first), worst = 0;
        int64_t n = rand() % 8 == 0 ? -1 : 1, wait = 0, wait_here = 0;
        size_t worst_here = 0;

        /* Mostly on, sometimes far on, sometimes back. */
        now += (rand() % 12) * SECOND + rand() % SECOND;
        if (rand() % 100 == 0)
            now += (rand() % 3 - 1) * 3600 * SECOND;
        for (size_t i = 0; i < count; i++) {
            int64_t one = bucket_wait(buckets[first + i].rate, &full[first + i], now, n);

            if (one > wait_here) {
                wait_here = one;
                worst_here = i;
            }
        }
        for (size_t i = first; i < first + count && wait_here == 0; i++)
            full[i] = bucket_after(buckets[i].rate, full[i], now, n);
        assert_true(limit_redis_take(f->c, redis, buckets + first, count, now, n, &worst, &wait));
        assert_int_equal(wait, wait_here);
        assert_int_equal(worst, worst_here);
        refused += wait > 0;
    }
    assert_in_range(refused, 300, 2700); /* both ways were gone often */
    redis_free(redis);
}

static void refusal_names_limit_and_wait(void **state)
{
    struct fixture *f = *state;

    limit_start(own_redis_url(f->redis));
    assert_int_equal(let_through(f, &f->tenant, 1, 20), 5);
    assert_int_equal(f->c->fault.rc, E_LIMIT);
    assert_string_equal(f->c->fault.code, "limit_reached");
    assert_string_equal(f->c->fault.limit, "messages");
    assert_in_range(f->c->fault.wait_s, 1, 3);
}

/*
 * Ten messages through one connection empty it; the company loses only those that it let through.
 */
static void all_or_none(void **state)
{
    struct fixture *f = *state;
    const struct limit_use both[] = {f->tenant, f->channel};
    uint64_t taken = metric_get(METRIC_limit_messages_taken),
             refused = metric_get(METRIC_limit_channel_refused);

    limit_start(own_redis_url(f->redis));
    assert_int_equal(let_through(f, both, 2, 10), 3);
    assert_string_equal(f->c->fault.limit, "channel_messages");
    assert_int_equal(metric_get(METRIC_limit_messages_taken) - taken, 3);
    assert_int_equal(metric_get(METRIC_limit_channel_refused) - refused, 7);
    assert_int_equal(let_through(f, &f->tenant, 1, 10), 2);
}

/* What Redis holds tells nothing of whom it is about. */
static void redis_learns_nobodys_name(void **state)
{
    struct fixture *f = *state;
    struct redis *redis = redis_new(own_redis_url(f->redis));
    const struct limit_use uses[] = {f->tenant, {LIMIT_address, "192.0.2.77"}};
    const char **keys;
    size_t count;

    limit_start(own_redis_url(f->redis));
    conf_set(CONF_limit_address, "6000");
    assert_int_equal(let_through(f, uses, 2, 1), 1);
    assert_int_equal(redis_list(f->c, redis, REDIS_WORDS(BYTES("KEYS"), BYTES("*")), &keys, &count),
                     OK);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(strstr(keys[i], "konstruct:limit:"));
        assert_null(strstr(keys[i], f->tenant.whom));
        assert_null(strstr(keys[i], "192.0.2.77"));
    }
    redis_free(redis);
}

static void what_came_to_nothing_is_given_back(void **state)
{
    struct fixture *f = *state;

    limit_start(own_redis_url(f->redis));
    assert_int_equal(let_through(f, &f->tenant, 1, 4), 4);
    for (int i = 0; i < 4; i++)
        limit_give(f->c, &f->tenant, 1);
    assert_int_equal(let_through(f, &f->tenant, 1, 5), 5);
}

/* Two processes have one bucket; a limit that is switched off has none. */
static void processes_share_them(void **state)
{
    struct fixture *f = *state;

    limit_start(own_redis_url(f->redis));
    assert_int_equal(let_through(f, &f->tenant, 1, 5), 5);
    limit_start(own_redis_url(f->redis)); /* forgets all that a process knows by itself */
    assert_int_equal(let_through(f, &f->tenant, 1, 5), 0);
    conf_set(CONF_limit_messages, "0");
    assert_int_equal(let_through(f, &f->tenant, 1, 5), 5);
}

/* How many of `tries` were let through, of those that are taken ahead. */
static int let_through_ahead(struct fixture *f, int tries)
{
    int taken = 0;

    for (int i = 0; i < tries; i++) {
        ctx_forgive(f->c);
        taken += limit_take_ahead(f->c, &f->tenant, 1) == OK;
    }
    return taken;
}

/*
 * A rate of 600 a minute has 150 at once and fills at ten a second: what little comes back while
 * this runs is let through as well.
 */
static void taken_ahead_lets_no_more_through(void **state)
{
    struct fixture *f = *state;
    int64_t began_us = clock_mono_us();
    int taken;

    conf_set(CONF_limit_messages, "600");
    limit_start(own_redis_url(f->redis));
    taken = let_through_ahead(f, 40);
    assert_int_equal(taken, 40);
    limit_start(own_redis_url(f->redis)); /* as another process: what the first had taken is gone */
    taken += let_through_ahead(f, 1000);

    int64_t filled = (clock_mono_us() - began_us) / 100000 + 1;

    assert_true(taken <= 150 + filled);
    assert_true(taken >= 140);
}

static void taken_ahead_asks_redis_seldom(void **state)
{
    struct fixture *f = *state;
    uint64_t local = metric_get(METRIC_limit_local);

    conf_set(CONF_limit_messages, "60000"); /* a hundred at a time */
    limit_start(own_redis_url(f->redis));
    assert_int_equal(let_through_ahead(f, 1), 1);
    own_redis_kill(f->redis);
    assert_int_equal(let_through_ahead(f, 99), 99);
    assert_int_equal(metric_get(METRIC_limit_local), local);
    assert_int_equal(let_through_ahead(f, 1), 1); /* by this process's own bucket */
    assert_int_equal(metric_get(METRIC_limit_local), local + 1);
}

static void a_forgotten_script_is_told_again(void **state)
{
    struct fixture *f = *state;
    struct redis *redis = redis_new(own_redis_url(f->redis));
    uint64_t local = metric_get(METRIC_limit_local);

    limit_start(own_redis_url(f->redis));
    assert_int_equal(let_through(f, &f->tenant, 1, 2), 2);
    assert_int_equal(
        redis_do(f->c, redis, REDIS_WORDS(BYTES("SCRIPT"), BYTES("FLUSH")), NULL, NULL), OK);
    assert_int_equal(let_through(f, &f->tenant, 1, 20), 3);
    assert_int_equal(metric_get(METRIC_limit_local), local);
    redis_free(redis);
}

/* How many scripts that Redis has run. */
static int64_t scripts_run(struct fixture *f, struct redis *redis)
{
    const char *text = NULL, *at;

    assert_int_equal(
        redis_do(f->c, redis, REDIS_WORDS(BYTES("INFO"), BYTES("commandstats")), &text, NULL), OK);
    at = strstr(text, "cmdstat_evalsha:calls=");
    return at == NULL ? 0 : strtoll(at + strlen("cmdstat_evalsha:calls="), NULL, 10);
}

/* Who was refused is refused again by memory, until the moment that he was told. */
static void a_flood_asks_redis_nothing(void **state)
{
    struct fixture *f = *state;
    struct redis *redis = redis_new(own_redis_url(f->redis));
    int64_t before;

    limit_start(own_redis_url(f->redis));
    assert_int_equal(let_through(f, &f->tenant, 1, 10), 5);
    before = scripts_run(f, redis);
    assert_in_range(before, 6, 7); /* one more when the script had to be told */
    let_through(f, &f->tenant, 1, 1000);
    assert_in_range(scripts_run(f, redis), before, before + 3);
    redis_free(redis);
}

/* Redis dies in the middle: this process's own buckets go on; Redis comes back: its do again. */
static void redis_dies_and_comes_back(void **state)
{
    struct fixture *f = *state;
    uint64_t local = metric_get(METRIC_limit_local), before;
    int tries = 0;

    limit_start(own_redis_url(f->redis));
    assert_int_equal(let_through(f, &f->channel, 1, 2), 2);
    assert_int_equal(metric_get(METRIC_limit_local), local);
    own_redis_kill(f->redis);
    assert_int_equal(let_through(f, &f->tenant, 1, 20), 5);
    assert_true(metric_get(METRIC_limit_local) > local);
    own_redis_start(f->redis);
    conf_set(CONF_limit_address, "60000000");
    do {
        const struct limit_use other = {LIMIT_address, "127.0.0.1"};

        assert_true(tries++ < 1000);
        usleep(20 * 1000);
        before = metric_get(METRIC_limit_local);
        assert_int_equal(let_through(f, &other, 1, 1), 1);
    } while (metric_get(METRIC_limit_local) != before);
}

static void a_halted_redis_is_left_alone(void **state)
{
    struct fixture *f = *state;
    uint64_t local = metric_get(METRIC_limit_local);

    limit_start(own_redis_url(f->redis));
    assert_int_equal(let_through(f, &f->tenant, 1, 1), 1);
    own_redis_halt(f->redis);
    assert_int_equal(let_through(f, &f->channel, 1, 20), 3);
    own_redis_go_on(f->redis);
    assert_true(metric_get(METRIC_limit_local) > local);
}

/*
 * Something that takes connections and never answers: of a thousand requests hardly one may wait
 * for it.
 */
static void one_that_hangs_is_asked_once(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), made = 0;
    const char *path = text_printf(f->c->mem, "/tmp/konstruct-hangs-%d.sock", (int)getpid());

    memcpy(at.sun_path, path, strlen(path) + 1);
    assert_int_equal(bind(server, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(server, 64), 0);
    conf_set(CONF_limit_messages, "60000000");
    limit_start(text_printf(f->c->mem, "unix://%s", path));
    assert_int_equal(let_through(f, &f->tenant, 1, 1000), 1000);
    for (int fd = accept(server, NULL, NULL); fd != -1; fd = accept(server, NULL, NULL)) {
        made++;
        close(fd);
    }
    assert_in_range(made, 1, 5);
    close(server);
    unlink(path);
}

/* The table of a process is bounded; whoever was seen longest ago makes room. */
static void memory_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct limit_mark *mine;

    limit_start(NULL);
    for (int i = 0; i < 20000; i++) {
        const char *other = text_printf(f->c->mem, "10.0.%d.%d", i / 256, i % 256);

        limit_mark(LIMIT_address, other, i + 1)->full_us = 1;
    }
    mine = limit_mark(LIMIT_address, "10.0.0.1", 20001);
    assert_int_equal(mine->full_us, 0); /* forgotten: full again */
    mine->full_us = 7;
    for (int i = 0; i < 3; i++)
        limit_mark(LIMIT_address, text_printf(f->c->mem, "new %d", i), 20002);
    assert_int_equal(limit_mark(LIMIT_address, "10.0.0.1", 20003)->full_us, 7);
}

static void nothing_is_limited_before_it_is_started(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(let_through(f, &f->tenant, 1, 1000), 1000);
}

static void an_ipv6_network_is_one_address(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(limit_address(f->c, "2001:db8:1:2:3:4:5:6"),
                        limit_address(f->c, "2001:db8:1:2::9"));
    assert_string_not_equal(limit_address(f->c, "2001:db8:1:2::9"),
                            limit_address(f->c, "2001:db8:1:3::9"));
    assert_string_equal(limit_address(f->c, "192.0.2.7"), "192.0.2.7");
    assert_string_equal(limit_address(f->c, "::ffff:192.0.2.7"), "::ffff:192.0.2.7");
    assert_null(limit_address(f->c, NULL));
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* as the programs do */

    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(script_is_the_same_arithmetic, setup, teardown),
        cmocka_unit_test_setup_teardown(refusal_names_limit_and_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(all_or_none, setup, teardown),
        cmocka_unit_test_setup_teardown(redis_learns_nobodys_name, setup, teardown),
        cmocka_unit_test_setup_teardown(what_came_to_nothing_is_given_back, setup, teardown),
        cmocka_unit_test_setup_teardown(processes_share_them, setup, teardown),
        cmocka_unit_test_setup_teardown(taken_ahead_lets_no_more_through, setup, teardown),
        cmocka_unit_test_setup_teardown(taken_ahead_asks_redis_seldom, setup, teardown),
        cmocka_unit_test_setup_teardown(a_forgotten_script_is_told_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flood_asks_redis_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(redis_dies_and_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_halted_redis_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_hangs_is_asked_once, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_limited_before_it_is_started, setup, teardown),
        cmocka_unit_test_setup_teardown(an_ipv6_network_is_one_address, setup, teardown),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
