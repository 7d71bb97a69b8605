/*
 * Pages of other sites: what they may call, what they may read, and what a browser is told before
 * it sends. And what an address says of its methods.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/conf.h"
#include "call.h"

#include <cmocka.h>

#define OURS "https://" HOST
#define LISTED "https://app.example.com"
#define OTHER "https://evil.example.net"

static int setup(void **state)
{
    conf_set(CONF_cors_origins,
             "https://first.example.com " LISTED " https://last.example.com:8443");
    return api_setup(state);
}

static const char *header_of(const struct reply *r, const char *name)
{
    for (int i = 0; i < r->res.header_count; i++)
        if (strcmp(r->res.headers[i].name, name) == 0)
            return r->res.headers[i].value;
    return NULL;
}

static void expect_header(const struct reply *r, const char *name, const char *value)
{
    const char *is = header_of(r, name);

    if (value == NULL ? is != NULL : is == NULL || strcmp(is, value) != 0)
        fail_msg("%s: %s", name, is == NULL ? "(none)" : is);
}

/* As a browser sends it: the origin always, the cookie or the key where it has one. */
static struct reply ask(struct arena *mem, enum method method, const char *path, const char *origin,
                        const char *session, const char *key)
{
    return call(mem, &(struct call){.method = method,
                                    .path = path,
                                    .token = session,
                                    .body = method == POST ? BYTES("{}") : BYTES(""),
                                    .bare = true,
                                    .headers = {{"origin", origin},
                                                {"content-type", "application/json"},
                                                {key == NULL ? NULL : "authorization", key}}});
}

static const char *key_of(struct arena *mem, const struct office *o)
{
    struct reply r = post(mem, o->admin, "/api/v1/api-keys",
                          "{\"name\":\"x\",\"scopes\":\"employees:read conversations:read "
                          "conversations:write\"}");

    expect(&r, 201, NULL);
    return text_printf(mem, "Bearer %s", text_of(&r, "secret"));
}

static void a_cookie_works_from_our_own_pages_only(void **state)
{
    static const char *const foreign[] = {OTHER,          LISTED,
                                          "null",         "https://" HOST ":444",
                                          "http://" HOST, "https://" HOST ".evil.example.net"};
    struct arena *mem = *state;
    struct office o = office_new(mem);
    const char *make = text_printf(mem, "/api/v1/employees/%s/conversations", o.at.employee_id),
               *stream = text_printf(mem, "/api/v1/conversations/%s/stream", o.conversation_id);
    struct reply r = ask(mem, GET, "/api/v1/me", OURS, o.member, NULL);

    expect(&r, 200, NULL);
    r = ask(mem, POST, make, OURS, o.member, NULL);
    expect(&r, 201, NULL);
    r = ask(mem, GET, stream, OURS, o.member, NULL);
    assert_non_null(r.park);
    for (size_t i = 0; i < COUNT_OF(foreign); i++) {
        r = ask(mem, GET, "/api/v1/me", foreign[i], o.member, NULL);
        expect(&r, 403, "origin_foreign");
        r = ask(mem, POST, make, foreign[i], o.member, NULL);
        expect(&r, 403, "origin_foreign");
        r = ask(mem, GET, stream, foreign[i], o.member, NULL);
        expect(&r, 403, "origin_foreign");
        expect_header(&r, "access-control-allow-credentials", NULL);
    }
}

static void a_listed_page_calls_as_a_program(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    const char *key = key_of(mem, &o),
               *make = text_printf(mem, "/api/v1/employees/%s/conversations", o.at.employee_id),
               *own, *stream;
    struct reply r = ask(mem, POST, make, LISTED, NULL, key);

    expect(&r, 201, NULL);
    expect_header(&r, "access-control-allow-origin", LISTED);
    expect_header(&r, "vary", "origin");
    expect_header(&r, "access-control-allow-credentials", NULL);
    own = text_of(&r, "id");
    stream = text_printf(mem, "/api/v1/conversations/%s/stream", own);
    r = ask(mem, GET, stream, LISTED, NULL, key);
    assert_non_null(r.park);
    expect_header(&r, "access-control-allow-origin", LISTED);
    /* Refusals can be read as well. */
    r = ask(mem, GET, "/api/v1/employees", LISTED, NULL, "Bearer wrong");
    expect(&r, 401, "invalid_token");
    expect_header(&r, "access-control-allow-origin", LISTED);
    assert_non_null(strstr(header_of(&r, "access-control-expose-headers"), "retry-after"));
    /* Nobody else reads, and nobody else streams, even with a key. */
    r = ask(mem, GET, "/api/v1/employees", OTHER, NULL, key);
    expect_header(&r, "access-control-allow-origin", NULL);
    expect_header(&r, "vary", "origin");
    r = ask(mem, GET, stream, OTHER, NULL, key);
    expect(&r, 403, "origin_foreign");
}

static struct reply options(struct arena *mem, const char *path, const char *origin,
                            const char *wanted)
{
    struct call asks = {
        .path = path,
        .bare = true,
        .headers = {{"origin", origin},
                    {wanted == NULL ? NULL : "access-control-request-method", wanted}}};

    return call_options(mem, &asks);
}

static void a_browser_that_asks_first_is_answered(void **state)
{
    struct reply r = options(*state, "/api/v1/api-keys", LISTED, "POST");

    assert_int_equal(r.status, 204);
    expect_header(&r, "access-control-allow-origin", LISTED);
    expect_header(&r, "access-control-allow-methods", "GET, HEAD, POST, OPTIONS");
    assert_non_null(strstr(header_of(&r, "access-control-allow-headers"), "authorization"));
    assert_non_null(strstr(header_of(&r, "access-control-allow-headers"), "x-stainless-timeout"));
    expect_header(&r, "access-control-allow-credentials", NULL);
    expect_header(&r, "allow", "GET, HEAD, POST, OPTIONS");

    r = options(*state, "/api/v1/api-keys", OTHER, "POST");
    assert_int_equal(r.status, 204);
    expect_header(&r, "access-control-allow-origin", NULL);
    expect_header(&r, "access-control-allow-methods", NULL);
    r = options(*state, "/api/v1/api-keys", "https://app.example.co", "POST");
    expect_header(&r, "access-control-allow-methods", NULL);
    r = options(*state, "/api/v1/nothing", LISTED, "POST");
    expect(&r, 404, "not_found");
    conf_set(CONF_cors_origins, "");
    r = options(*state, "/api/v1/api-keys", LISTED, "POST");
    expect_header(&r, "access-control-allow-methods", NULL);
}

static void an_address_says_which_methods_it_takes(void **state)
{
    static const struct {
        enum method method;
        const char *path, *allow;
    } rows[] = {{POST, "/api/v1/me", "GET, HEAD, OPTIONS"},
                {PUT, "/api/v1/api-keys", "GET, HEAD, POST, OPTIONS"},
                {GET, "/hooks/slack/events", "POST, OPTIONS"},
                {DELETE, "/healthz", "GET, HEAD, OPTIONS"}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct reply r = call(*state,
                              &(struct call){.method = rows[i].method, .path = rows[i].path});

        expect(&r, 405, "method_not_allowed");
        expect_header(&r, "allow", rows[i].allow);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cookie_works_from_our_own_pages_only, setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(a_listed_page_calls_as_a_program, setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_browser_that_asks_first_is_answered, setup, api_teardown),
        cmocka_unit_test_setup_teardown(an_address_says_which_methods_it_takes, setup,
                                        api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
