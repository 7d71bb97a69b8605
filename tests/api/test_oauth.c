/* The OAuth server, rule by rule: clients, consent, codes, and what tokens are worth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "core/token.h"
#include "oauth.h"

#include <cmocka.h>

#define TALK "employees:read conversations:read conversations:write"

static void the_metadata_tell_what_there_is(void **state)
{
    struct arena *mem = *state;
    struct reply r = get(mem, NULL, "/.well-known/oauth-authorization-server");

    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "issuer"), "https://" HOST);
    assert_string_equal(text_of(&r, "authorization_endpoint"), "https://" HOST "/oauth/authorize");
    assert_string_equal(text_of(&r, "token_endpoint"), "https://" HOST "/oauth/token");
    assert_non_null(strstr(r.body, "\"code_challenge_methods_supported\":[\"S256\"]"));
    assert_non_null(strstr(r.body, "\"authorization_response_iss_parameter_supported\":true"));
    assert_non_null(strstr(r.body, "employees:read"));
    assert_null(strstr(r.body, "keys:manage"));
}

static void bad_apps_are_refused(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    const struct {
        const char *body, *code;
    } rows[] = {
        {"{\"name\":\"x\",\"scopes\":\"employees:read\"}", "missing"},
        {"{\"name\":\"x\",\"scopes\":\"employees:read\",\"redirects\":\"http://x.example/\"}",
         "redirect_not_allowed"},
        {"{\"name\":\"x\",\"scopes\":\"keys:manage\",\"redirects\":\"https://x.example/\"}",
         "not_a_scope"},
        {"{\"name\":\"\",\"scopes\":\"employees:read\",\"redirects\":\"https://x.example/\"}",
         "missing"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct reply r = post(mem, o.admin, "/api/v1/oauth-apps", rows[i].body);

        expect(&r, 400, rows[i].code);
    }
    struct reply r = post(mem, o.manager, "/api/v1/oauth-apps", rows[0].body);

    expect(&r, 403, "not_permitted");
}

static void clients_show_who_they_are(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct app app = app_new(mem, o.admin, true, TALK), open = app_new(mem, o.admin, false, TALK);
    const char *wrong = token_new(mem, "kss"), *plain = "grant_type=client_credentials";
    const struct app bad[] = {{app.id, NULL},        {app.id, wrong},     {app.id, "kss_x"},
                              {open.id, app.secret}, {id_new(mem), NULL}, {"x", app.secret},
                              {o.at.tenant_id, NULL}};
    struct reply r;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        r = form(mem, &bad[i], "/oauth/token", plain);
        expect_error(&r, 401, "invalid_client");
        r = form(mem, &bad[i], "/oauth/introspect", "token=x");
        expect_error(&r, 401, "invalid_client");
        r = form(mem, &bad[i], "/oauth/revoke", "token=x");
        expect_error(&r, 401, "invalid_client");
    }
    r = form(mem, &app, "/oauth/token", plain);
    expect(&r, 200, NULL);
    /* By the header: id and secret have nothing in them that a form would write otherwise. */
    const char *pair = text_printf(mem, "%s:%s", app.id, app.secret);
    char *basic = text_dup(mem, text_base64url(mem, bytes_of(pair)));

    for (char *s = basic; *s != '\0'; s++)
        *s = (char)(*s == '-' ? '+' : *s == '_' ? '/' : *s);
    struct call by_header = {.method = POST,
                             .path = "/oauth/token",
                             .bare = true,
                             .body = bytes_of(plain),
                             .headers = {{"authorization", text_printf(mem, "Basic %s", basic)},
                                         {"content-type", "application/x-www-form-urlencoded"}}};

    r = call(mem, &by_header);
    expect(&r, 200, NULL);
    by_header.body = bytes_of(text_printf(mem, "%s&client_secret=%s", plain, app.secret));
    r = call(mem, &by_header);
    expect_error(&r, 400, "invalid_request");
    by_header.body = bytes_of(plain);
    by_header.headers[0].value = "Basic %%%";
    r = call(mem, &by_header);
    expect_error(&r, 401, "invalid_client");
    by_header.headers[0].value = text_printf(mem, "Basic %s", basic);
    by_header.headers[1].value = "application/json";
    r = call(mem, &by_header);
    expect_error(&r, 400, "invalid_request");
    assert_string_equal(log_mask(mem, app.secret), "[secret]");
}

static void a_secret_is_replaced_with_an_overlap(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct app app = app_new(mem, o.admin, true, TALK), next = app;
    const char *path = text_printf(mem, "/api/v1/oauth-apps/%s/rotate", app.id);
    struct reply r = post(mem, o.admin, path, "{}");

    expect(&r, 200, NULL);
    next.secret = text_of(&r, "secret");
    r = form(mem, &app, "/oauth/token", "grant_type=client_credentials");
    expect(&r, 200, NULL);
    r = form(mem, &next, "/oauth/token", "grant_type=client_credentials");
    expect(&r, 200, NULL);
    r = post(mem, o.admin, path, "{\"at_once\":true}");
    r = form(mem, &next, "/oauth/token", "grant_type=client_credentials");
    expect_error(&r, 401, "invalid_client");
    next = app_new(mem, o.admin, false, TALK);
    r = post(mem, o.admin, text_printf(mem, "/api/v1/oauth-apps/%s/rotate", next.id), "{}");
    expect(&r, 404, "not_found");
}

static void errors_are_told_to_whom_they_can_be(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    struct app app = app_new(mem, o.admin, false, TALK);
    const char *good = app_query(mem, &app, "");
    struct reply r;
    const struct {
        const char *query, *error;
    } told[] = {
        {text_printf(mem, "client_id=%s&redirect_uri=" APP_BACK "&state=s", app.id),
         "invalid_request"},
        {text_printf(mem, "client_id=%s&response_type=token&state=s", app.id),
         "unsupported_response_type"},
        {text_printf(mem, "client_id=%s&response_type=code&state=s", app.id), "invalid_request"},
        {text_printf(mem,
                     "client_id=%s&response_type=code&state=s&code_challenge=" VERIFIER
                     "&code_challenge_method=plain",
                     app.id),
         "invalid_request"},
        {text_printf(mem, "client_id=%s&response_type=code&state=s&code_challenge=" VERIFIER,
                     app.id),
         "invalid_request"},
        {text_printf(mem, "%s&response_mode=fragment", good), "invalid_request"},
        {text_printf(mem, "%s&scope=audit:read", good), "invalid_scope"},
        {text_printf(mem, "%s&scope=nonsense", good), "invalid_scope"},
    };

    r = consent_ask(mem, o.member, "response_type=code");
    expect(&r, 404, "app_unknown");
    r = consent_ask(mem, o.member, text_printf(mem, "client_id=%s", id_new(mem)));
    expect(&r, 404, "app_unknown");
    r = consent_ask(mem, other.member, good); /* another company's app */
    expect(&r, 404, "app_unknown");
    r = consent_ask(mem, o.member,
                    text_printf(mem, "client_id=%s&redirect_uri=https://evil.example/", app.id));
    expect(&r, 400, "redirect_unknown");
    r = consent_say(mem, o.member,
                    text_printf(mem, "client_id=%s&redirect_uri=https://evil.example/", app.id),
                    true);
    expect(&r, 400, "redirect_unknown");
    r = consent_ask(mem, o.member, text_printf(mem, "client_id=%s&client_id=%s", app.id, app.id));
    expect(&r, 400, "invalid_request");
    r = consent_ask(mem, o.member, "client_id=%zz");
    expect(&r, 400, "invalid_request");

    for (size_t i = 0; i < COUNT_OF(told); i++)
        for (int answered = 0; answered < 2; answered++) {
            r = answered ? consent_say(mem, o.member, told[i].query, true)
                         : consent_ask(mem, o.member, told[i].query);
            expect(&r, 200, NULL);
            assert_memory_equal(text_of(&r, "redirect"), APP_BACK "?error=", 31);
            assert_string_equal(way_param(mem, &r, "error"), told[i].error);
            assert_null(way_param(mem, &r, "code"));
            assert_string_equal(way_param(mem, &r, "iss"), "https%3A%2F%2F" HOST);
        }
}

static void a_person_is_asked_and_answers(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct app app = app_new(mem, o.admin, false, TALK " audit:read");
    const char *query = app_query(mem, &app, "");
    PGconn *super = pg_open(PG_SUPER);
    struct reply r = consent_ask(mem, o.viewer, query);

    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "app"), "Meeting notes");
    assert_string_equal(text_of(&r, "to"), "https://app.example");
    /* Only what the person could do as well. */
    assert_string_equal(text_of(&r, "scopes"), "employees:read conversations:read");
    assert_true(json_is_null(json_object_get(r.json, "redirect")));
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM oauth_grant WHERE app_id = '%s'", app.id), 0);

    r = consent_say(mem, o.viewer, query, false);
    assert_string_equal(way_param(mem, &r, "error"), "access_denied");
    assert_string_equal(way_param(mem, &r, "state"), "s%201%2B");
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM oauth_grant WHERE app_id = '%s'", app.id), 0);
    r = consent_say(mem, o.viewer, query, true);
    assert_string_equal(way_param(mem, &r, "state"), "s%201%2B");
    assert_string_equal(way_param(mem, &r, "iss"), "https%3A%2F%2F" HOST);
    assert_non_null(way_param(mem, &r, "code"));
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM audit WHERE action = 'app.allowed' AND object "
                              "= '%s' AND actor LIKE 'person:%%'",
                              app.id),
                     1);
    /* Not without the second proof, nor by a program. */
    r = call(mem, &(struct call){.method = POST,
                                 .path = "/api/v1/oauth/answers",
                                 .token = o.viewer,
                                 .body = bytes_of(text_printf(
                                     mem, "{\"request\":\"%s\",\"allow\":true}", query)),
                                 .headers = {{"x-csrf", ""}}});
    expect(&r, 403, "csrf_wrong");
    PQfinish(super);
}

static void a_code_counts_once_for_its_app_and_verifier(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct app app = app_new(mem, o.admin, false, TALK), rival = app_new(mem, o.admin, true, TALK);
    PGconn *super = pg_open(PG_SUPER);
    const char *code = code_of(mem, o.member, &app);
    struct reply r = code_take(mem, &rival, code), got, again;

    expect_error(&r, 400, "invalid_grant");
    got = code_take(mem, &app, code);
    expect(&got, 200, NULL);
    assert_string_equal(text_of(&got, "token_type"), "Bearer");
    assert_int_equal(number_of(&got, "expires_in"), 3600);
    assert_string_equal(text_of(&got, "scope"), TALK);
    r = with_token(mem, text_of(&got, "access_token"), GET, "/api/v1/employees", "");
    expect(&r, 200, NULL);
    /* A second use ends what came from the first. */
    again = code_take(mem, &app, code);
    expect_error(&again, 400, "invalid_grant");
    r = with_token(mem, text_of(&got, "access_token"), GET, "/api/v1/employees", "");
    expect(&r, 401, "invalid_token");
    r = refresh(mem, &app, text_of(&got, "refresh_token"));
    expect_error(&r, 400, "invalid_grant");
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM audit WHERE action = 'app.code_reused' AND "
                              "object = '%s'",
                              app.id),
                     1);

    static const char *const fields[] = {
        "&code_verifier=another-verifier-of-forty-three-characters-or-more&redirect_uri=" APP_BACK,
        "&redirect_uri=" APP_BACK, "&code_verifier=short&redirect_uri=" APP_BACK,
        "&code_verifier=" VERIFIER,
        "&code_verifier=" VERIFIER "&redirect_uri=https://app.example/other"};

    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        code = code_of(mem, o.member, &app);
        r = form(mem, &app, "/oauth/token",
                 text_printf(mem, "grant_type=authorization_code&code=%s%s", code, fields[i]));
        expect_error(&r, 400, "invalid_grant");
        r = code_take(mem, &app, code); /* burnt */
        expect_error(&r, 400, "invalid_grant");
    }
    code = code_of(mem, o.member, &app);
    pg_do(super,
          "UPDATE oauth_code SET expires_at = now() - interval '1 second' WHERE tenant_id = "
          "'%s'",
          o.at.tenant_id);
    r = code_take(mem, &app, code);
    expect_error(&r, 400, "invalid_grant");
    r = code_take(mem, &app, token_new(mem, "ksc"));
    expect_error(&r, 400, "invalid_grant");
    PQfinish(super);
}

static void forms_that_are_wrong_are_told_so(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct app app = app_new(mem, o.admin, false, TALK);
    const struct {
        const char *fields, *error;
    } rows[] = {{"", "invalid_request"},
                {"grant_type=password&username=x&password=y", "unsupported_grant_type"},
                {"grant_type=authorization_code", "invalid_request"},
                {"grant_type=refresh_token", "invalid_request"},
                {"grant_type=refresh_token&grant_type=refresh_token", "invalid_request"},
                {"grant_type=refresh_token&refresh_token=%00", "invalid_request"},
                {"grant_type=refresh_token&refresh_token=%ff", "invalid_request"},
                {"grant_type=refresh_token&refresh_token=x&scope=nonsense", "invalid_scope"},
                {"grant_type=client_credentials", "unauthorized_client"}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct reply r = form(mem, &app, "/oauth/token", rows[i].fields);

        expect_error(&r, 400, rows[i].error);
    }
    struct reply r = form(mem, &app, "/oauth/revoke", "");

    expect_error(&r, 400, "invalid_request");
    pg_use(PG_WEB, "host=/nowhere");
    r = form(mem, &app, "/oauth/token", "grant_type=refresh_token&refresh_token=x");
    expect_error(&r, 503, "temporarily_unavailable");
    pg_use(PG_WEB, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_metadata_tell_what_there_is, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(bad_apps_are_refused, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(clients_show_who_they_are, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_secret_is_replaced_with_an_overlap, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(errors_are_told_to_whom_they_can_be, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(a_person_is_asked_and_answers, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_code_counts_once_for_its_app_and_verifier, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(forms_that_are_wrong_are_told_so, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
