/*
 * Signing up, logging in and out: who gets in, what is left when he does not, and what nobody can
 * learn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "base/id.h"
#include "call.h"
#include "io/crypto.h"

#include <cmocka.h>

#define PASSWORD "correct horse battery"

static const char *sign_up_body(struct arena *mem, const char *company, const char *email,
                                const char *password)
{
    return text_printf(mem,
                       "{\"company\":\"%s\",\"name\":\"Ann\",\"email\":\"%s\",\"password\":\"%s\"}",
                       company, email, password);
}

static struct reply sign_up(struct arena *mem, const char *email)
{
    return post(mem, NULL, "/api/v1/signup", sign_up_body(mem, email, email, PASSWORD));
}

static struct reply log_in(struct arena *mem, const char *email, const char *password)
{
    return post(mem, NULL, "/api/v1/login",
                text_printf(mem, "{\"email\":\"%s\",\"password\":\"%s\"}", email, password));
}

static const char *new_email(struct arena *mem)
{
    return text_printf(mem, "ann.%s@example.org", id_new(mem));
}

static int64_t companies(struct arena *mem, const char *name)
{
    PGconn *super = pg_open(PG_SUPER);
    int64_t n = pg_count(super, "SELECT count(*) FROM tenant WHERE name = '%s'", name);

    (void)mem;
    PQfinish(super);
    return n;
}

static void a_new_company_is_complete(void **state)
{
    struct arena *mem = *state;
    PGconn *super = pg_open(PG_SUPER);
    const char *email = new_email(mem);
    struct reply r = sign_up(mem, email);

    expect(&r, 201, NULL);
    assert_string_equal(text_of(&r, "email"), email);
    assert_string_equal(text_of(&r, "role"), "admin");
    assert_string_equal(text_of(&r, "tenant_name"), email);

    const char *tenant = text_of(&r, "tenant_id"), *person = text_of(&r, "person_id");

    assert_null(strstr(r.body, "password"));
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM employee WHERE tenant_id = '%s' AND name = 'Mara'",
                 tenant),
        1);
    assert_true(
        pg_count(super, "SELECT count(*) FROM employee_fact WHERE tenant_id = '%s'", tenant) > 3);
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM job WHERE tenant_id = '%s' AND kind = 'tenant_key'",
                 tenant),
        1);
    assert_int_equal(pg_count(super, "SELECT count(*) FROM audit WHERE tenant_id = '%s'", tenant),
                     2);
    assert_int_equal(
        pg_count(super,
                 "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND action = 'person.signed_up'"
                 " AND actor = 'person:%s' AND seq = 2",
                 tenant, person),
        1);

    struct reply me = get(mem, r.token, "/api/v1/me");

    expect(&me, 200, NULL);
    assert_string_equal(me.body, r.body);
    /* The password is hashed, and the session is known by its hash only. */
    assert_int_equal(
        pg_count(
            super,
            "SELECT count(*) FROM person WHERE id = '%s' AND password_hash LIKE '$argon2id$%%'",
            person),
        1);
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM session WHERE person_id = '%s' AND token_hash "
                              "= sha256('%s'::bytea)",
                              person, r.token),
                     1);
    PQfinish(super);
}

static void the_cookie_is_locked(void **state)
{
    static const char *const parts[] = {"; Path=/;", "; Secure;", "; HttpOnly;", "; SameSite=Lax;",
                                        "; Max-Age=2592000"};
    struct arena *mem = *state;
    struct reply r = sign_up(mem, new_email(mem));

    assert_int_equal(r.res.header_count, 1);
    assert_int_equal(strlen(r.token), 43);
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        assert_non_null(strstr(r.res.headers[0].value, parts[i]));
    assert_null(strstr(r.res.headers[0].value, "Domain"));
}

static void bad_sign_ups(void **state)
{
    static const struct {
        const char *email, *password, *code, *field;
    } rows[] = {
        {"", PASSWORD, "missing", "email"},
        {"ann", PASSWORD, "email_malformed", "email"},
        {"@example.org", PASSWORD, "email_malformed", "email"},
        {"ann@", PASSWORD, "email_malformed", "email"},
        {"ann@b@c", PASSWORD, "email_malformed", "email"},
        {"ann smith@example.org", PASSWORD, "email_malformed", "email"},
        {"<ann@example.org>", PASSWORD, "email_malformed", "email"},
        {"ann@example.org,bob@example.org", PASSWORD, "email_malformed", "email"},
        {"short@example.org", "elevenchars", "password_short", "password"},
        {"short@example.org", "", "missing", "password"},
        {"short@example.org", "            ", "missing", "password"},
    };
    struct arena *mem = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *company = id_new(mem);
        struct reply r = post(mem, NULL, "/api/v1/signup",
                              sign_up_body(mem, company, rows[i].email, rows[i].password));

        expect(&r, 400, rows[i].code);
        assert_string_equal(text_of(&r, "field"), rows[i].field);
        assert_null(r.token);
        assert_int_equal(companies(mem, company), 0);
    }
    /* The longest that are taken, and one more. */
    char *most = arena_take(mem, 202);

    memset(most, 'p', 200);
    struct reply r = post(mem, NULL, "/api/v1/signup",
                          sign_up_body(mem, "c", new_email(mem), most));

    expect(&r, 201, NULL);
    most[200] = 'p';
    r = post(mem, NULL, "/api/v1/signup", sign_up_body(mem, "c", new_email(mem), most));
    expect(&r, 400, "too_long");
}

static void logging_in(void **state)
{
    struct arena *mem = *state;
    const char *email = new_email(mem);
    struct reply up = sign_up(mem, email), r;
    const char *spelled[] = {email, text_printf(mem, " %s\\n", email),
                             text_printf(mem, "ANN.%s", email + 4)};

    for (size_t i = 0; i < COUNT_OF(spelled); i++) {
        r = log_in(mem, spelled[i], PASSWORD);
        expect(&r, 200, NULL);
        assert_string_equal(text_of(&r, "person_id"), text_of(&up, "person_id"));
        assert_string_equal(text_of(&r, "tenant_id"), text_of(&up, "tenant_id"));
        assert_string_not_equal(text_of(&r, "csrf"), text_of(&up, "csrf"));
        assert_string_not_equal(r.token, up.token);
        r = get(mem, r.token, "/api/v1/me");
        expect(&r, 200, NULL);
    }
}

/* Nothing in the answers tells whether an address has an account, and both cost a hash. */
static void a_wrong_password_looks_like_an_unknown_address(void **state)
{
    struct arena *mem = *state;
    const char *email = new_email(mem);
    struct reply up = sign_up(mem, email);
    struct reply known = log_in(mem, email, "wrong horse battery"),
                 unknown = log_in(mem, new_email(mem), PASSWORD);

    expect(&up, 201, NULL);
    expect(&known, 401, "login_wrong");
    expect(&unknown, 401, "login_wrong");
    assert_null(known.token);
    assert_null(unknown.token);
    assert_string_equal(text_of(&known, "detail"), text_of(&unknown, "detail"));
    assert_string_equal(text_of(&known, "title"), text_of(&unknown, "title"));
    assert_int_equal(strlen(known.body), strlen(unknown.body));
    assert_int_equal(known.park == NULL, unknown.park == NULL);
    assert_int_equal(known.res.header_count, unknown.res.header_count);
}

static void a_full_helper_is_told_as_busy(void **state)
{
    struct arena *mem = *state;
    const char *email = new_email(mem);
    struct reply up = sign_up(mem, email), any = get(mem, NULL, "/healthz"), r;
    struct ctx *c = ctx_new(MIB(16), pg_pool(PG_WEB));
    struct req rq = any.rq;
    struct res rs;

    expect(&up, 201, NULL);
    rq.method = POST;
    rq.path = "/api/v1/login";
    rq.body = bytes_of(text_printf(mem, "{\"email\":\"%s\",\"password\":\"" PASSWORD "\"}", email));
    api_handle(c, &rq, &rs);
    assert_int_equal(rs.status, 0);
    assert_int_equal(rs.park->kind, PARK_CPU);
    assert_true(rs.park->deadline_ms > 0 && rs.park->deadline_ms <= PARK_MAX_MS);

    struct reply parked = {.c = c, .rq = rq, .park = rs.park};

    r = wake(mem, &parked, WAKE_DEADLINE, (struct bytes){NULL, 0});
    expect(&r, 503, "busy");
    assert_null(r.token);
    ctx_end(c);
}

static void logging_out(void **state)
{
    struct arena *mem = *state;
    const char *email = new_email(mem);
    struct reply first = sign_up(mem, email), second = log_in(mem, email, PASSWORD), r;

    r = post(mem, first.token, "/api/v1/logout", "");
    assert_int_equal(r.status, 204);
    assert_string_equal(r.token, "");
    assert_non_null(strstr(r.res.headers[0].value, "Max-Age=0"));
    assert_string_equal(r.body, "");
    r = get(mem, first.token, "/api/v1/me");
    expect(&r, 401, "unauthenticated");
    r = post(mem, first.token, "/api/v1/logout", "");
    expect(&r, 401, "unauthenticated");
    r = get(mem, second.token, "/api/v1/me"); /* the other browser stays logged in */
    expect(&r, 200, NULL);
}

static void sessions_end_and_roles_change(void **state)
{
    struct arena *mem = *state;
    PGconn *super = pg_open(PG_SUPER);
    struct reply up = sign_up(mem, new_email(mem)), r;
    const char *person = text_of(&up, "person_id");

    pg_do(super, "UPDATE membership SET role = 'viewer' WHERE person_id = '%s'", person);
    r = get(mem, up.token, "/api/v1/me");
    assert_string_equal(text_of(&r, "role"), "viewer");
    pg_do(super, "UPDATE session SET expires_at = now() + interval '1 hour' WHERE person_id = '%s'",
          person);
    r = get(mem, up.token, "/api/v1/me");
    expect(&r, 200, NULL);
    pg_do(super,
          "UPDATE session SET expires_at = now() - interval '1 second' WHERE person_id = '%s'",
          person);
    r = get(mem, up.token, "/api/v1/me");
    expect(&r, 401, "unauthenticated");
    pg_do(super, "DELETE FROM session WHERE person_id = '%s'", person);
    r = get(mem, up.token, "/api/v1/me");
    expect(&r, 401, "unauthenticated");
    PQfinish(super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_company_is_complete, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(the_cookie_is_locked, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(bad_sign_ups, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(logging_in, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_wrong_password_looks_like_an_unknown_address, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(a_full_helper_is_told_as_busy, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(logging_out, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(sessions_end_and_roles_change, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
