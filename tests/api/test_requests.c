/* The gate: origins, content types, body limits, and the one form in which faults are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "api/routes.h"
#include "base/conf.h"
#include "base/id.h"
#include "base/metric.h"
#include "call.h"
#include "lib/proxy.h"

#include <cmocka.h>

static void other_sites_are_refused(void **state)
{
    static const struct {
        bool cookie;
        const char *origin, *site;
        bool welcome;
    } rows[] = {
        {true, "https://" HOST, NULL, true},
        {true, "https://" HOST, "same-origin", true},
        {true, "https://portal.public.example", "cross-site",
         true}, /* the public address of the settings */
        {true, NULL, "same-origin", true},
        {true, NULL, "none", true},
        {true, NULL, "same-site", false},
        {true, NULL, "cross-site", false},
        {true, NULL, "", false},
        {true, NULL, NULL, false}, /* a cookie and no word of where from */
        {true, "", NULL, false},
        {true, "null", NULL, false},
        {true, "null", "same-origin", false},
        {true, "http://" HOST, NULL, false},
        {true, "https://" HOST ":444", NULL, false},
        {true, "https://evil.example", NULL, false},
        {true, "https://evil.example", "same-origin", false},
        {true, "https://" HOST ".evil.example", NULL, false},
        {true, "https://evil." HOST, NULL, false},
        {true, "https://" HOST "/", NULL, false},
        {true, "https://evil.example https://" HOST, NULL, false},
        {false, "https://evil.example", NULL,
         false}, /* without a cookie as well: it could log somebody in */
        {false, NULL, "cross-site", false},
        {false, NULL, NULL, true}, /* a program */
    };
    struct arena *mem = *state;
    struct office o = office_new(mem);
    const char *path = text_printf(mem, "/api/v1/employees/%s/conversations", o.at.employee_id);

    conf_set(CONF_public_url, "https://portal.public.example");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct call in = {.method = POST,
                          .path = path,
                          .token = rows[i].cookie ? o.member : NULL,
                          .body = BYTES("{}"),
                          .bare = true,
                          .headers = {{"content-type", "application/json"}}};
        int at = 1;

        if (rows[i].origin != NULL) {
            in.headers[at].name = "origin";
            in.headers[at++].value = rows[i].origin;
        }
        if (rows[i].site != NULL) {
            in.headers[at].name = "sec-fetch-site";
            in.headers[at].value = rows[i].site;
        }

        struct reply r = call(mem, &in);
        bool refused = r.status == 403 && text_is(r.code, "origin_foreign");

        if (refused == rows[i].welcome)
            fail_msg("row %zu: %d %s", i, r.status, r.body);
        /* Reading is for the browser to guard, but a page that says it is another site's. */
        in.method = GET;
        in.path = "/api/v1/me";
        in.body.len = 0;
        r = call(mem, &in);
        assert_int_equal(r.status, rows[i].origin != NULL && !rows[i].welcome ? 403
                                   : rows[i].cookie                           ? 200
                                                                              : 401);
    }
}

static void bodies_are_json(void **state)
{
    static const struct {
        const char *type;
        bool good;
    } rows[] = {
        {"application/json", true},
        {"application/json; charset=utf-8", true},
        {"APPLICATION/JSON", true},
        {NULL, false},
        {"", false},
        {"text/plain", false},
        {"text/plain; application/json", false},
        {"application/x-www-form-urlencoded", false},
        {"multipart/form-data", false},
        {"application/jsonp", false},
        {"application/json5", false},
        {"application/json-patch+json", false},
    };
    struct arena *mem = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct call in = {
            .method = POST, .path = "/api/v1/login", .body = BYTES("{}"), .bare = true};

        if (rows[i].type != NULL) {
            in.headers[0].name = "content-type";
            in.headers[0].value = rows[i].type;
        }
        struct reply r = call(mem, &in);

        if ((r.status == 415 && text_is(r.code, "not_json")) == rows[i].good)
            fail_msg("%s: %d %s", rows[i].type, r.status, r.body);
    }
}

static void bodies_have_their_limit(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    size_t count;
    const struct route *routes = routes_all(&count);

    for (size_t i = 0; i < count; i++) {
        size_t len = routes[i].body_max + 1;
        char *body = arena_take(mem, len);

        memset(body, ' ', len);
        struct reply r = call(mem, &(struct call){.method = routes[i].method,
                                                  .path = routes[i].path,
                                                  .token = o.admin,
                                                  .body = {body, len}});

        /* Where a standard says so, problems have another form. */
        expect(&r, 413, routes[i].who == WHO_CLIENT ? NULL : "body_too_large");
        assert_int_equal(api_body_limit(routes[i].method, routes[i].path), routes[i].body_max);
        assert_true(api_body_limit_max() >= routes[i].body_max);
        r = call(mem, &(struct call){.method = routes[i].method,
                                     .path = routes[i].path,
                                     .token = o.viewer,
                                     .body = {body, len - 1}});
        assert_int_not_equal(r.status, 413);
    }
    /* Nothing takes it: little is read, so that the answer is 404 or 405 and not about the body. */
    assert_int_equal(api_body_limit(POST, "/nowhere"), KIB(8));
    assert_int_equal(api_body_limit(DELETE, "/api/v1/login"), KIB(8));
}

/* RFC 9457, and the words that clients may rely on. */
static void check_problem(const struct reply *r)
{
    assert_string_equal(r->type, "application/problem+json");
    assert_string_equal(text_of(r, "type"), "about:blank");
    assert_int_equal(number_of(r, "status"), r->status);
    assert_true(id_valid(text_of(r, "reference")));
    assert_string_equal(text_of(r, "reference"), r->c->reference);
    assert_true(text_of(r, "title")[0] != '\0');
    assert_true(text_of(r, "detail")[0] != '\0');
    for (const char *s = text_of(r, "code"); *s != '\0'; s++)
        assert_true((*s >= 'a' && *s <= 'z') || *s == '_');
}

static void faults_are_problem_details(void **state)
{
    static const struct {
        enum method method;
        const char *path, *body, *field;
        int status;
    } rows[] = {
        {GET, "/nowhere", "", NULL, 404},
        {POST, "/api/v1/me", "", NULL, 405},
        {GET, "/api/v1/me", "", NULL, 401},
        {POST, "/api/v1/login", "{", NULL, 400},
        {POST, "/api/v1/login", "{}", "email", 400},
        {POST, "/api/v1/login", "{\"email\":\"a\",\"password\":1}", "password", 400},
        {POST, "/api/v1/login", "{\"email\":\"a\",\"password\":\"a\",\"more\":1}", "more", 400},
    };
    struct arena *mem = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct reply r = call(mem, &(struct call){.method = rows[i].method,
                                                  .path = rows[i].path,
                                                  .body = bytes_of(rows[i].body)});

        assert_int_equal(r.status, rows[i].status);
        check_problem(&r);
        assert_true(text_is(json_str(r.json, "field"), rows[i].field));
    }
}

/* What a stranger may send as a name is quoted back, and must not break the answer. */
static void odd_names_are_quoted_safely(void **state)
{
    struct arena *mem = *state;

    for (size_t pad = 80; pad < 110; pad++) {
        struct buf body = buf_new(mem, KIB(8));

        buf_text(&body, "{\"");
        for (size_t i = 0; i < pad; i++)
            buf_char(&body, 'n');
        for (int i = 0; i < 20; i++)
            buf_text(&body, "\xf0\x9f\x98\x80\\\"\\n");
        buf_text(&body, "\":1}");

        struct reply r = call(
            mem, &(struct call){.method = POST, .path = "/api/v1/login", .body = buf_bytes(&body)});

        expect(&r, 400, "unknown_field");
        check_problem(&r);
    }
}

static void faults_of_ours_say_nothing_of_inside(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct proxy *proxy = proxy_new();

    pg_use(PG_WEB, proxy_address(mem, proxy, PG_WEB));
    proxy_down(proxy);

    struct reply r = get(mem, o.member, "/api/v1/me");

    expect(&r, 503, "db_away");
    check_problem(&r);
    assert_null(strstr(r.body, "socket"));
    assert_null(strstr(r.body, "konstruct_web"));
    assert_int_equal(r.res.header_count, 1);
    assert_string_equal(r.res.headers[0].name, "retry-after");
    r = get(mem, NULL, "/readyz");
    assert_int_equal(r.status, 503);
    assert_string_equal(text_of(&r, "database"), "away");
    r = get(mem, NULL, "/healthz");
    assert_int_equal(r.status, 200);
    proxy_up(proxy);
    pg_use(PG_WEB, NULL);
    proxy_free(proxy);
    r = get(mem, o.member, "/api/v1/me");
    expect(&r, 200, NULL);
}

/* The server counts what it answers; counting here as well made two of each. */
static void a_request_is_not_counted_here(void **state)
{
    struct arena *mem = *state;
    uint64_t requests = metric_get(METRIC_http_requests), parked = metric_get(METRIC_http_parked);
    struct reply r = get(mem, NULL, "/healthz");

    expect(&r, 200, NULL);
    r = post(mem, NULL, "/api/v1/login", "{\"email\":\"a@example.org\",\"password\":\"p\"}");
    expect(&r, 401, "login_wrong");
    assert_int_equal(metric_get(METRIC_http_requests), requests);
    assert_int_equal(metric_get(METRIC_http_parked), parked);
}

static const char *no_header(const struct req *rq, const char *name)
{
    return strcmp(name, "cookie") == 0 ? rq->native : NULL;
}

static void queries_and_cookies(void **state)
{
    static const struct {
        const char *query, *name, *value;
    } queries[] = {
        {NULL, "a", NULL},
        {"", "a", NULL},
        {"a", "a", NULL},
        {"a=", "a", ""},
        {"a=1", "a", "1"},
        {"b=2&a=1", "a", "1"},
        {"aa=1", "a", NULL},
        {"b=a=1", "a", NULL},
        {"a=1&a=2", "a", "1"},
        {"a=x%20y+z", "a", "x y z"},
        {"a=%e2%82%AC", "a", "\xe2\x82\xac"},
        {"a=100%", "a", "100%"},
        {"a=%4", "a", "%4"},
        {"a=%zz", "a", "%zz"},
        {"&&a=1&&", "a", "1"},
        {"a=b=c", "a", "b=c"},
        {"A=1", "a", NULL},
    };
    static const struct {
        char text[80];
        const char *value;
    } cookies[] = {
        {"s=1", "1"},      {"a=b; s=1; c=d", "1"},
        {"a=b;s=1", "1"},  {"ss=1", NULL},
        {"a=s=1", NULL},   {"s=", ""},
        {"s", NULL},       {"; ; s=1", "1"},
        {"s=1; s=2", "1"}, {"a=\"; s=2\"; s=1", "2\""},
    };
    struct ctx *c = ctx_new(MIB(1), NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        const struct req rq = {.query = queries[i].query, .header = no_header};

        if (!text_is(req_query(c, &rq, queries[i].name), queries[i].value))
            fail_msg("%s", queries[i].query);
    }
    for (size_t i = 0; i < COUNT_OF(cookies); i++) {
        char text[80];
        const struct req rq = {.header = no_header,
                               .native = memcpy(text, cookies[i].text, sizeof(text))};

        if (!text_is(req_cookie(c, &rq, "s"), cookies[i].value))
            fail_msg("%s", cookies[i].text);
    }
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(other_sites_are_refused, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(bodies_are_json, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(bodies_have_their_limit, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(faults_are_problem_details, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(odd_names_are_quoted_safely, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(faults_of_ours_say_nothing_of_inside, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(a_request_is_not_counted_here, api_setup, api_teardown),
        cmocka_unit_test(queries_and_cookies),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
