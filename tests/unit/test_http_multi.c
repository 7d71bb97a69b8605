/*
 * HTTP calls of a loop: connections stay known to it between two calls, and nothing of one call is
 * left for the next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "io/http_multi.h"

#include "tiny_server.h"
#include <cmocka.h>

struct world {
    struct ctx *c;
    struct loop *loop;
    struct http_multi *m;
};

static int setup(void **state)
{
    static struct world w;

    http_start();
    w = (struct world){.c = ctx_new(MIB(8), NULL), .loop = loop_new()};
    w.m = http_multi_new(w.loop);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    http_multi_free(w->m);
    loop_free(w->loop);
    ctx_end(w->c);
    http_stop();
    return 0;
}

struct call {
    struct http_ask ask;
    struct http_answer answer;
    struct http_flight *flight;
    rc_t rc;
    bool over;
};

static void on_done(void *arg, rc_t rc)
{
    struct call *call = arg;

    call->rc = rc;
    call->over = true;
}

static void begin(struct world *w, struct call *call)
{
    ctx_forgive(w->c);
    call->over = false;
    assert_int_equal(
        http_multi_begin(w->m, w->c, &call->ask, &call->answer, on_done, call, &call->flight), OK);
    assert_false(call->over); /* whatever became of it */
}

static void make(struct world *w, struct call *call)
{
    begin(w, call);
    while (!call->over)
        loop_turn(w->loop, -1);
}

static void a_kept_connection_serves_the_next_call(void **state)
{
    static const struct tiny_step steps[] = {{TINY_OK("text/plain", "1", "a"), 0, TINY_KEEP}};
    struct world *w = *state;
    struct tiny *t = tiny_start(steps, 1);
    struct call call = {.ask = {.method = "GET", .url = tiny_url(t)}};

    for (int i = 0; i < 3; i++) {
        make(w, &call);
        assert_int_equal(call.rc, OK);
        assert_string_equal(call.answer.body.data, "a");
    }
    assert_int_equal(tiny_connections(t), 1);
    assert_int_equal(tiny_requests(t), 3);
    tiny_stop(t);
}

/* Its end is told once, to nobody, and the next call makes a connection of its own. */
static void an_idle_connection_that_ends_wakes_the_loop_once(void **state)
{
    static const struct tiny_step steps[] = {{TINY_OK("text/plain", "1", "a"), 0, TINY_KEEP}};
    struct world *w = *state;
    struct tiny *first = tiny_start(steps, 1), *second;
    struct call call = {.ask = {.method = "GET", .url = tiny_url(first)}};
    int turns = 0;

    make(w, &call);
    assert_int_equal(call.rc, OK);
    tiny_stop(first);
    for (int64_t until = clock_mono_ms() + 60; clock_mono_ms() < until; turns++)
        loop_turn(w->loop, (int)(until - clock_mono_ms()));
    assert_true(turns < 20);
    second = tiny_start(steps, 1);
    call.ask.url = tiny_url(second);
    make(w, &call);
    assert_int_equal(call.rc, OK);
    assert_int_equal(tiny_connections(second), 1);
    tiny_stop(second);
}

/* Many at once, whose descriptors are given out again and again. */
static void closed_connections_make_room_for_new_ones(void **state)
{
    static const struct tiny_step steps[] = {
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", 0, TINY_CLOSE}};
    struct world *w = *state;
    struct tiny *t = tiny_start(steps, 1);
    struct call calls[8];

    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < COUNT_OF(calls); i++) {
            calls[i] = (struct call){.ask = {.method = "GET", .url = tiny_url(t)}};
            begin(w, &calls[i]);
        }
        for (size_t i = 0; i < COUNT_OF(calls); i++) {
            while (!calls[i].over)
                loop_turn(w->loop, -1);
            assert_int_equal(calls[i].rc, OK);
        }
    }
    assert_int_equal(tiny_requests(t), 20 * COUNT_OF(calls));
    tiny_stop(t);
}

static void one_that_fails_at_once_is_told_later(void **state)
{
    struct world *w = *state;
    struct call inside = {
        .ask = {.method = "GET", .url = "http://127.0.0.1:9/", .public_only = true}};

    make(w, &inside);
    assert_int_equal(inside.rc, E_FORBIDDEN);
    assert_string_equal(w->c->fault.code, "http_private");
}

/* A connection that somebody else made is not used by one who may not go there. */
static void a_kept_private_connection_is_refused(void **state)
{
    static const struct tiny_step steps[] = {{TINY_OK("text/plain", "1", "a"), 0, TINY_KEEP}};
    struct world *w = *state;
    struct tiny *t = tiny_start(steps, 1);
    struct call call = {.ask = {.method = "GET", .url = tiny_url(t)}};

    make(w, &call);
    assert_int_equal(call.rc, OK);
    call.ask.public_only = true;
    make(w, &call);
    assert_int_equal(call.rc, E_FORBIDDEN);
    assert_int_equal(tiny_requests(t), 1);
    call.ask.public_only = false;
    make(w, &call);
    assert_int_equal(call.rc, OK);
    tiny_stop(t);
}

/* The same handle makes them all: what a call does not ask for itself, it does not have. */
static void nothing_of_a_call_is_left_for_the_next(void **state)
{
    static const struct tiny_step steps[] = {{TINY_OK("text/plain", "1", "a"), 0, TINY_KEEP}};
    struct world *w = *state;
    struct tiny *t = tiny_start(steps, 1);
    struct call first = {.ask = {.method = "PUT",
                                 .url = tiny_url(t),
                                 .body = BYTES("secret"),
                                 .send_by_ms = clock_mono_ms() + 60000,
                                 .ca_file = "/nowhere/ca.pem"}},
                plain = {.ask = {.method = "GET", .url = tiny_url(t)}},
                post = {.ask = {.method = "POST", .url = tiny_url(t), .body = BYTES("words")}},
                head = {.ask = {.method = "HEAD", .url = tiny_url(t)}},
                cut = {.ask = {.method = "GET", .url = tiny_url(t), .max_answer = 1}};

    http_header_add(&first.ask, "Authorization", "Bearer secret");
    make(w, &first);
    assert_non_null(strstr(tiny_request(t, 0), "Bearer secret"));
    make(w, &plain);
    make(w, &post);
    make(w, &plain);
    make(w, &head);
    make(w, &plain);
    make(w, &cut);
    assert_int_equal(tiny_requests(t), 7);
    for (size_t i = 1; i < 7; i++) {
        assert_null(strstr(tiny_request(t, i), "secret"));
        assert_null(strstr(tiny_request(t, i), "Authorization"));
    }
    for (size_t i = 1; i < 7; i += 2) {
        assert_memory_equal(tiny_request(t, i), "GET ", 4);
        assert_null(strstr(tiny_request(t, i), "Content-"));
        assert_null(strstr(tiny_request(t, i), "words"));
    }
    assert_memory_equal(tiny_request(t, 2), "POST ", 5);
    assert_non_null(strstr(tiny_request(t, 2), "words"));
    assert_memory_equal(tiny_request(t, 4), "HEAD ", 5);
    tiny_stop(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_kept_connection_serves_the_next_call, setup, teardown),
        cmocka_unit_test_setup_teardown(an_idle_connection_that_ends_wakes_the_loop_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(closed_connections_make_room_for_new_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_fails_at_once_is_told_later, setup, teardown),
        cmocka_unit_test_setup_teardown(a_kept_private_connection_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_of_a_call_is_left_for_the_next, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
