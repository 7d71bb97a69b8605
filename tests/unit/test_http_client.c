/* The HTTP client against a server that says what no real one would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "http_help.h"

static void plain_answer(void **state)
{
    static const struct tiny_step steps[] = {
        {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Request-Id: r1\r\nContent-Length: "
         "5\r\n\r\nhello",
         0, TINY_KEEP}};
    struct tiny *t = tiny_start(steps, 1);
    struct http_answer a;

    assert_int_equal(http_help_get(*state, t, &a), OK);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body.data, "hello");
    assert_int_equal(a.body.len, 5);
    assert_string_equal(a.content_type, "text/plain");
    assert_string_equal(a.request_id, "r1");
    assert_int_equal(a.retry_after_ms, -1);
    assert_true(a.maybe_sent);
    tiny_stop(t);
}

static void post_sends_what_was_asked(void **state)
{
    static const struct tiny_step steps[] = {{TEXT_OK, 0, TINY_KEEP}};
    struct tiny *t = tiny_start(steps, 1);
    struct http_ask ask = {.method = "POST", .url = tiny_url(t), .body = BYTES("{\"a\":1}")};
    struct http_answer a;

    http_header_add(&ask, "Content-Type", "application/json");
    http_header_add(&ask, "X-Empty", "");
    assert_int_equal(http_call(*state, &ask, &a), OK);

    const char *sent = tiny_request(t, 0);

    assert_true(strncmp(sent, "POST / HTTP/1.1\r\n", 17) == 0);
    assert_non_null(strstr(sent, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(sent, "\r\nX-Empty:"));
    assert_non_null(strstr(sent, "\r\nContent-Length: 7\r\n"));
    assert_non_null(strstr(sent, "\r\n\r\n{\"a\":1}"));
    assert_null(strstr(sent, "Expect:"));
    assert_null(strstr(sent, "x-www-form"));
    tiny_stop(t);
}

/*
 * A body of more than a megabyte is where curl would wait for "100 Continue", and an empty one has
 * its length too.
 */
static void large_and_empty_bodies(void **state)
{
    static const struct tiny_step steps[] = {{TEXT_OK, 0, TINY_KEEP}};
    struct tiny *t = tiny_start(steps, 1);
    struct ctx *c = *state;
    struct http_ask ask = {.method = "POST", .url = tiny_url(t)};
    struct http_answer a;
    char *large = arena_take(c->mem, MIB(2));

    memset(large, 'x', MIB(2));
    ask.body = (struct bytes){large, MIB(2)};
    assert_int_equal(http_call(c, &ask, &a), OK);
    assert_int_equal(strlen(strstr(tiny_request(t, 0), "\r\n\r\n") + 4), MIB(2));
    ask.body = (struct bytes){"", 0};
    assert_int_equal(http_call(c, &ask, &a), OK);
    assert_non_null(strstr(tiny_request(t, 1), "\r\nContent-Length: 0\r\n"));
    tiny_stop(t);
}

static void other_methods(void **state)
{
    static const char *const methods[] = {"PUT", "PATCH", "DELETE"};
    static const struct tiny_step steps[] = {{TEXT_OK, 0, TINY_KEEP}};
    struct tiny *t = tiny_start(steps, 1);
    struct http_answer a;

    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        struct http_ask ask = {.method = methods[i], .url = tiny_url(t), .body = BYTES("b")};

        assert_int_equal(http_call(*state, &ask, &a), OK);
        assert_true(strncmp(tiny_request(t, i), methods[i], strlen(methods[i])) == 0);
    }
    tiny_stop(t);
}

static void connection_is_reused(void **state)
{
    static const struct tiny_step steps[] = {{TEXT_OK, 0, TINY_KEEP}};
    struct tiny *t = tiny_start(steps, 1);
    struct http_answer a;

    for (int i = 0; i < 10; i++)
        assert_int_equal(http_help_get(*state, t, &a), OK);
    assert_int_equal(tiny_requests(t), 10);
    assert_int_equal(tiny_connections(t), 1);
    tiny_stop(t);
}

/*
 * A kept connection that dies with the request on its way: a POST is the caller's to repeat, never
 * curl's.
 */
static void post_is_never_sent_twice(void **state)
{
    static const struct tiny_step steps[] = {
        {TEXT_OK, 0, TINY_KEEP}, {NULL, 0, TINY_CLOSE}, {TEXT_OK, 0, TINY_KEEP}};
    struct tiny *t = tiny_start(steps, 3);
    struct http_ask ask = {.method = "POST", .url = tiny_url(t), .body = BYTES("pay")};
    struct ctx *c = *state;
    struct http_answer a;

    assert_int_equal(http_call(c, &ask, &a), OK);
    assert_int_equal(http_call(c, &ask, &a), E_UPSTREAM);
    assert_string_equal(c->fault.code, "http_broken");
    assert_true(a.maybe_sent);
    assert_int_equal(tiny_requests(t), 2);
    ctx_forgive(c);
    assert_int_equal(http_call(c, &ask, &a), OK);
    tiny_stop(t);
}

static void redirects_are_answers(void **state)
{
    static const struct tiny_step steps[] = {
        {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 0,
         TINY_KEEP}};
    struct tiny *t = tiny_start(steps, 1);
    struct http_answer a;

    assert_int_equal(http_help_get(*state, t, &a), OK);
    assert_int_equal(a.status, 302);
    assert_string_equal(a.body.data, "");
    tiny_stop(t);
}

static void retry_after(void **state)
{
    static const struct {
        const char *headers;
        int64_t least, most;
    } rows[] = {
        {"Retry-After: 3\r\n", 3000, 3000},
        {"retry-after: 0\r\n", 0, 0},
        {"Retry-After: 99999999999\r\n", 86400000, 86400000},
        {"Retry-After: soon\r\n", -1, -1},
        {"Retry-After: -5\r\n", 0, 0},
        {"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", 0, 0},
        {"Retry-After: Wed, 21 Oct 2415 07:28:00 GMT\r\n", 86400000, 86400000},
        {"retry-after-ms: 250\r\nRetry-After: 1\r\n", 250, 250},
        {"", -1, -1},
    };
    struct ctx *c = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tiny_step step = {text_printf(c->mem,
                                             "HTTP/1.1 429 Slow\r\n%sContent-Length: 0\r\n\r\n",
                                             rows[i].headers),
                                 0, TINY_CLOSE};
        struct tiny *t = tiny_start(&step, 1);
        struct http_answer a;

        assert_int_equal(http_help_get(c, t, &a), OK);
        assert_int_equal(a.status, 429);
        assert_in_range((uintmax_t)(a.retry_after_ms + 1), (uintmax_t)(rows[i].least + 1),
                        (uintmax_t)(rows[i].most + 1));
        tiny_stop(t);
    }
}

static void bad_answers(void **state)
{
    static const struct {
        struct tiny_step step;
        const char *code;
    } rows[] = {
        {{NULL, 0, TINY_CLOSE}, "http_broken"},
        {{NULL, 0, TINY_RESET}, "http_broken"},
        {{"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nonly a part", 0, TINY_CLOSE},
         "http_broken"},
        {{"HTTP/1.1 200 OK\r\nContent-Le", 0, TINY_CLOSE}, "http_broken"},
        {{"this is not HTTP at all\r\n\r\n", 0, TINY_CLOSE}, "http_broken"},
        {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx", 0, TINY_CLOSE},
         "http_broken"},
    };
    struct ctx *c = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tiny *t = tiny_start(&rows[i].step, 1);
        struct http_answer a;

        assert_int_equal(http_help_get(c, t, &a), E_UPSTREAM);
        assert_string_equal(c->fault.code, rows[i].code);
        assert_non_null(strstr(c->fault.detail, "127.0.0.1"));
        assert_true(a.maybe_sent);
        tiny_stop(t);
    }
}

static void nobody_there(void **state)
{
    static const struct tiny_step steps[] = {{TEXT_OK, 0, TINY_KEEP}};
    struct tiny *t = tiny_start(steps, 1);
    struct ctx *c = *state;
    struct http_ask ask = {
        .method = "POST", .url = text_dup(c->mem, tiny_url(t)), .body = BYTES("x")};
    struct http_answer a;

    tiny_stop(t);
    assert_int_equal(http_call(c, &ask, &a), E_UPSTREAM);
    assert_string_equal(c->fault.code, "http_connect");
    assert_false(a.maybe_sent);
}

static void plain_server_is_no_tls_server(void **state)
{
    static const struct tiny_step steps[] = {{TEXT_OK, 0, TINY_CLOSE}};
    struct tiny *t = tiny_start(steps, 1);
    struct ctx *c = *state;
    struct http_ask ask = {
        .method = "GET", .url = text_printf(c->mem, "https%s", tiny_url(t) + 4), .total_ms = 300};
    struct http_answer a;
    rc_t rc = http_call(c, &ask, &a);

    /*
     * The server waits for the end of what it takes for a head, so the handshake ends by the limit
     * or by an alert.
     */
    assert_true(rc == E_UPSTREAM || rc == E_TIMEOUT);
    assert_false(a.maybe_sent);
    tiny_stop(t);
}

/* The proxy of the environment is not ours to use: keys would travel over it. */
static void environment_is_ignored(void **state)
{
    static const struct tiny_step steps[] = {{TEXT_OK, 0, TINY_KEEP}};
    struct tiny *t = tiny_start(steps, 1);
    struct http_answer a;

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    assert_int_equal(http_help_get(*state, t, &a), OK);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    tiny_stop(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(plain_answer),
        HTTP_TEST(post_sends_what_was_asked),
        HTTP_TEST(large_and_empty_bodies),
        HTTP_TEST(other_methods),
        HTTP_TEST(connection_is_reused),
        HTTP_TEST(post_is_never_sent_twice),
        HTTP_TEST(redirects_are_answers),
        HTTP_TEST(retry_after),
        HTTP_TEST(bad_answers),
        HTTP_TEST(nobody_there),
        HTTP_TEST(plain_server_is_no_tls_server),
        HTTP_TEST(environment_is_ignored),
    };

    http_start();

    int failures = cmocka_run_group_tests(tests, NULL, NULL);

    http_stop();
    return failures;
}
