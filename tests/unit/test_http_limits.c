/* What bounds a call of the HTTP client: time, size, the caller's word, bad input, many threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http_help.h"
#include "io/http_line.h"
#include "io/http_transfer.h"

static void too_long_an_answer(void **state)
{
    static const struct tiny_step steps[] = {{TEXT_OK, 0, TINY_KEEP}};
    struct tiny *t = tiny_start(steps, 1);
    struct http_ask ask = {.method = "GET", .url = tiny_url(t), .max_answer = 4};
    struct ctx *c = *state;
    struct http_answer a;

    assert_int_equal(http_call(c, &ask, &a), E_UPSTREAM);
    assert_string_equal(c->fault.code, "http_too_long");
    ask.max_answer = 5;
    ctx_forgive(c);
    assert_int_equal(http_call(c, &ask, &a), OK);
    tiny_stop(t);
}

/* Each limit alone ends a call to a server that hangs; how long that took is not looked at. */
static void limits_end_a_hanging_call(void **state)
{
    static const struct tiny_step silent = {NULL, 0, TINY_HANG};
    static const struct tiny_step partly = {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart", 0,
                                            TINY_HANG};
    static const struct {
        const struct tiny_step *step;
        int64_t total_ms, first_ms, idle_ms;
        const char *said;
    } rows[] = {
        {&silent, 150, 0, 0, "no complete answer"},
        {&partly, 150, 0, 0, "no complete answer"},
        {&silent, 60000, 150, 0, "no answer began"},
        {&partly, 60000, 50000, 150, "silent for"},
    };
    struct ctx *c = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tiny *t = tiny_start(rows[i].step, 1);
        struct http_ask ask = {.method = "GET",
                               .url = tiny_url(t),
                               .total_ms = rows[i].total_ms,
                               .first_ms = rows[i].first_ms,
                               .idle_ms = rows[i].idle_ms};
        struct http_answer a;

        ctx_forgive(c);
        assert_int_equal(http_call(c, &ask, &a), E_TIMEOUT);
        assert_string_equal(c->fault.code, "http_timeout");
        assert_non_null(strstr(c->fault.detail, rows[i].said));
        assert_true(a.maybe_sent);
        tiny_stop(t);
    }
}

static bool at_second_look(void *arg)
{
    int *looks = arg;

    return ++*looks >= 2;
}

static void caller_may_give_up(void **state)
{
    static const struct tiny_step steps[] = {{NULL, 0, TINY_HANG}};
    struct tiny *t = tiny_start(steps, 1);
    int looks = 0;
    struct http_ask ask = {
        .method = "GET", .url = tiny_url(t), .cancelled = at_second_look, .cancel_arg = &looks};
    struct ctx *c = *state;
    struct http_answer a;

    assert_int_equal(http_call(c, &ask, &a), E_TIMEOUT);
    assert_string_equal(c->fault.code, "http_cancelled");
    tiny_stop(t);
}

struct pieces {
    struct buf all;
    size_t stop_at;
};

static rc_t on_piece(void *arg, struct bytes piece)
{
    struct pieces *p = arg;

    buf_add(&p->all, piece.data, piece.len);
    return p->stop_at > 0 && p->all.len >= p->stop_at ? E_LIMIT : OK;
}

static void pieces_are_handed_on(void **state)
{
    static const struct tiny_step steps[] = {
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
         0, TINY_KEEP},
        {"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\noops", 0, TINY_KEEP},
        {TEXT_OK, 0, TINY_KEEP}};
    struct tiny *t = tiny_start(steps, 3);
    struct ctx *c = *state;
    struct pieces p = {.all = buf_new(c->mem, 1000)};
    struct http_ask ask = {.method = "GET", .url = tiny_url(t), .on_piece = on_piece, .arg = &p};
    struct http_answer a;

    assert_int_equal(http_call(c, &ask, &a), OK);
    assert_string_equal(buf_str(&p.all), "abcdefg");
    assert_int_equal(a.body.len, 0);

    /* An error is no part of the stream. */
    assert_int_equal(http_call(c, &ask, &a), OK);
    assert_string_equal(buf_str(&p.all), "abcdefg");
    assert_string_equal(a.body.data, "oops");

    p.stop_at = 1;
    assert_int_equal(http_call(c, &ask, &a), E_LIMIT);
    tiny_stop(t);
}

static void bad_input_is_refused(void **state)
{
    static const char *const urls[] = {"",
                                       "ftp://127.0.0.1/x",
                                       "file:///etc/passwd",
                                       "gopher://127.0.0.1",
                                       "http://",
                                       "http://user:secret@127.0.0.1/",
                                       "http://user@127.0.0.1/",
                                       "http://127.0.0.1:99999/",
                                       "not an address"};
    static const struct http_header headers[] = {
        {"X-A", "b\r\nX-Evil: 1"}, {"X\n", "b"}, {"", "b"}, {"X:Y", "b"}};
    struct ctx *c = *state;
    struct http_answer a;

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct http_ask ask = {.method = "GET", .url = urls[i]};

        ctx_forgive(c);
        assert_int_equal(http_call(c, &ask, &a), E_INVALID);
        assert_string_equal(c->fault.code, "http_url");
        assert_null(strstr(c->fault.detail, "secret"));
    }
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        struct http_ask ask = {.method = "GET", .url = "http://127.0.0.1:1/"};

        http_header_add(&ask, headers[i].name, headers[i].value);
        ctx_forgive(c);
        assert_int_equal(http_call(c, &ask, &a), E_INVALID);
        assert_string_equal(c->fault.code, "http_header");
    }
}

#define THREADS 16
#define CALLS 20

struct caller {
    struct tiny *tiny;
    size_t good;
};

static void *call_often(void *arg)
{
    struct caller *me = arg;

    for (int i = 0; i < CALLS; i++) {
        struct ctx *c = ctx_new(MIB(1), NULL);
        struct http_answer a;

        if (http_help_get(c, me->tiny, &a) == OK && strcmp(a.body.data, "hello") == 0)
            me->good++;
        ctx_end(c);
    }
    return NULL;
}

/* Of what was meant to leave before now, nothing leaves that the other side could act upon. */
static void nothing_leaves_too_late(void **state)
{
    static const struct tiny_step steps[] = {{TEXT_OK, 0, TINY_KEEP}};
    struct tiny *t = tiny_start(steps, 1);
    struct http_ask ask = {.method = "POST", .url = tiny_url(t), .body = BYTES("hello")};
    struct ctx *c = *state;
    struct http_answer a;

    ask.send_by_ms = clock_mono_ms() - 1;
    assert_int_equal(http_call(c, &ask, &a), E_TIMEOUT);
    assert_string_equal(c->fault.code, "http_too_late");
    assert_int_equal(tiny_requests(t), 0);
    ctx_forgive(c);
    ask.send_by_ms = clock_mono_ms() + 60000;
    assert_int_equal(http_call(c, &ask, &a), OK);
    assert_int_equal(tiny_requests(t), 1);
    tiny_stop(t);
}

static void many_threads(void **state)
{
    static const struct tiny_step steps[] = {{TEXT_OK, 0, TINY_KEEP}};
    struct tiny *t = tiny_start(steps, 1);
    struct caller callers[THREADS];
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        callers[i] = (struct caller){t, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(callers[i].good, CALLS);
    }
    assert_true(tiny_connections(t) <= THREADS);
    tiny_stop(t);
}

/* The last address that was taken apart is known again, and only itself. */
static void origins(void **state)
{
    static const struct {
        const char *url, *origin, *host; /* origin NULL: refused */
    } rows[] = {
        {"http://a.example/x", "http://a.example:80", "a.example"},
        {"http://a.example/x", "http://a.example:80", "a.example"},
        {"http://a.example/", "http://a.example:80", "a.example"},
        {"http://u:secret@a.example/", NULL, NULL},
        {"http://u:secret@a.example/", NULL, NULL},
        {"", NULL, NULL},
        {"http://a.example/", "http://a.example:80", "a.example"},
        {"https://a.example/", "https://a.example:443", "a.example"},
        {"https://[::1]:8443/v1", "https://[::1]:8443", "[::1]"},
        {"https://[::1]:8443/v1", "https://[::1]:8443", "[::1]"},
    };
    struct ctx *c = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_ask ask = {.method = "GET", .url = rows[i].url};
        struct http_transfer k;
        char origin[HTTP_ORIGIN_MAX] = "";
        rc_t rc = http_transfer_new(c, &ask, &k, origin);

        ctx_forgive(c);
        assert_int_equal(rc, rows[i].origin == NULL ? E_INVALID : OK);
        if (rc != OK)
            continue;
        assert_string_equal(origin, rows[i].origin);
        assert_string_equal(k.host, rows[i].host);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(too_long_an_answer),      HTTP_TEST(limits_end_a_hanging_call),
        HTTP_TEST(caller_may_give_up),      HTTP_TEST(pieces_are_handed_on),
        HTTP_TEST(bad_input_is_refused),    HTTP_TEST(origins),
        HTTP_TEST(nothing_leaves_too_late), HTTP_TEST(many_threads),
    };

    http_start();

    int failures = cmocka_run_group_tests(tests, NULL, NULL);

    http_stop();
    return failures;
}
