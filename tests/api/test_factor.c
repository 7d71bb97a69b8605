/*
 * The second factor: set up, asked for at the log-in, each code once, and how it is lost and left.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/id.h"
#include "call.h"
#include "core/factor.h"
#include "io/crypto_otp.h"
#include "mail_help.h"

#include <cmocka.h>

#define PASSWORD "correct horse battery"
#define BODY_PASSWORD "\"password\":\"" PASSWORD "\""
#define AT_ONCE 8

/* Somebody with a company of their own and, mostly, a second factor. */
struct someone {
    struct arena *mem;
    PGconn *super;
    const char *email, *tenant_id, *person_id, *token;
    struct bytes secret;
    const char *recovery[RECOVERY_CODES];
};

static struct bytes unbase32(struct arena *mem, const char *text)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    size_t len = strlen(text) * 5 / 8;
    char *out = arena_take(mem, len + 1);

    for (size_t i = 0; i < len * 8; i++) {
        unsigned value = (unsigned)(strchr(alphabet, text[i / 5]) - alphabet);

        out[i / 8] = (char)((unsigned char)out[i / 8] | (value >> (4 - i % 5) & 1) << (7 - i % 8));
    }
    return (struct bytes){out, len};
}

/* The code of so many steps from now. */
static const char *code_at(const struct someone *s, int64_t steps)
{
    char *code = arena_take(s->mem, OTP_DIGITS + 1);

    otp_code(s->secret, clock_s() / OTP_STEP_S + steps, code);
    return code;
}

/* One that is right neither now nor in the next steps. */
static const char *wrong_code(const struct someone *s)
{
    for (int i = 0;; i++) {
        const char *code = text_printf(s->mem, "%06d", i);
        bool right = false;

        for (int64_t off = -2; off <= 2; off++)
            right = right || text_is(code, code_at(s, off));
        if (!right)
            return code;
    }
}

/* As if half a minute had gone by: the next code of now is taken again. */
static void later(const struct someone *s)
{
    pg_do(s->super, "UPDATE person_factor SET last_step = 0 WHERE person_id = '%s'", s->person_id);
}

static struct reply log_in(const struct someone *s, const char *password)
{
    return post(s->mem, NULL, "/api/v1/login",
                text_printf(s->mem, "{\"email\":\"%s\",\"password\":\"%s\"}", s->email, password));
}

static struct reply second(const struct someone *s, const char *step, const char *code)
{
    return post(s->mem, NULL, "/api/v1/login/factor",
                text_printf(s->mem, "{\"step\":\"%s\",\"code\":\"%s\"}", step, code));
}

static const char *first(const struct someone *s)
{
    struct reply r = log_in(s, PASSWORD);

    expect(&r, 401, "factor_needed");
    return text_of(&r, "step");
}

static struct reply ask(const struct someone *s, const char *path, const char *body)
{
    return post(s->mem, s->token, path, body);
}

static struct reply with_proof(const struct someone *s, const char *path, const char *code)
{
    return ask(s, path, text_printf(s->mem, "{" BODY_PASSWORD ",\"code\":\"%s\"}", code));
}

static struct reply confirm(const struct someone *s, const char *code)
{
    return ask(s, "/api/v1/factor/confirm", text_printf(s->mem, "{\"code\":\"%s\"}", code));
}

static struct someone sign_up(struct arena *mem)
{
    struct someone s = {.mem = mem, .super = pg_open(PG_SUPER)};
    struct reply r;

    s.email = text_printf(mem, "ann.%s@example.org", id_new(mem));
    r = post(mem, NULL, "/api/v1/signup",
             text_printf(
                 mem, "{\"company\":\"Fern\",\"name\":\"Ann\",\"email\":\"%s\"," BODY_PASSWORD "}",
                 s.email));
    expect(&r, 201, NULL);
    s.tenant_id = text_of(&r, "tenant_id");
    s.person_id = text_of(&r, "person_id");
    s.token = r.token;
    return s;
}

static void begin(struct someone *s)
{
    struct reply r = ask(s, "/api/v1/factor", "{" BODY_PASSWORD "}");

    expect(&r, 201, NULL);
    s->secret = unbase32(s->mem, text_of(&r, "secret"));
}

static void turn_on(struct someone *s)
{
    struct reply r;

    begin(s);
    r = confirm(s, code_at(s, 0));
    expect(&r, 200, NULL);
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        s->recovery[i] = json_str(item_of(&r, i), "code");
    later(s);
}

static struct someone with_factor(struct arena *mem)
{
    struct someone s = sign_up(mem);

    turn_on(&s);
    return s;
}

static int64_t mails(const struct someone *s, const char *kind)
{
    return pg_count(s->super, "SELECT count(*) FROM mail WHERE person_id = '%s' AND kind = '%s'",
                    s->person_id, kind);
}

static int64_t audited(const struct someone *s, const char *action)
{
    return pg_count(s->super,
                    "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND action = '%s' AND "
                    "object = '%s'",
                    s->tenant_id, action, s->person_id);
}

static void done(const struct someone *s)
{
    PQfinish(s->super);
}

static bool is_on(const struct someone *s, int64_t codes_left)
{
    struct reply r = get(s->mem, s->token, "/api/v1/factor");

    expect(&r, 200, NULL);
    assert_int_equal(number_of(&r, "codes_left"), codes_left);
    return json_is_true(json_object_get(r.json, "on"));
}

static void setting_it_up(void **state)
{
    struct someone s = sign_up(*state);
    struct reply r;
    const char *other;

    r = confirm(&s, "123456");
    expect(&r, 409, "factor_not_begun");
    r = ask(&s, "/api/v1/factor", "{\"password\":\"not the right one\"}");
    expect(&r, 400, "password_wrong");
    begin(&s);
    other = code_at(&s, 0);
    begin(&s); /* whoever begins anew gets another secret, and the one before is worth nothing */
    if (!text_is(other, code_at(&s, -1)) && !text_is(other, code_at(&s, 0)) &&
        !text_is(other, code_at(&s, 1))) {
        r = confirm(&s, other);
        expect(&r, 400, "code_wrong");
    }
    assert_int_equal(s.secret.len, OTP_SECRET_BYTES);
    assert_false(is_on(&s, 0));
    r = log_in(&s, PASSWORD); /* until a code has confirmed it nothing is asked for */
    expect(&r, 200, NULL);
    r = confirm(&s, wrong_code(&s));
    expect(&r, 400, "code_wrong");
    assert_string_equal(text_of(&r, "field"), "code");
    r = confirm(&s, code_at(&s, 0));
    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), RECOVERY_CODES);
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        assert_int_equal(strlen(json_str(item_of(&r, i), "code")), 14);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(json_str(item_of(&r, i), "code"),
                                    json_str(item_of(&r, k), "code"));
    }
    assert_true(is_on(&s, RECOVERY_CODES));
    r = ask(&s, "/api/v1/factor", "{" BODY_PASSWORD "}");
    expect(&r, 409, "factor_on");
    r = confirm(&s, code_at(&s, 0));
    expect(&r, 409, "factor_on");
    assert_int_equal(mails(&s, "factor_on"), 1);
    assert_int_equal(audited(&s, "person.factor_begun"), 2);
    assert_int_equal(audited(&s, "person.factor_on"), 1);
    done(&s);
}

/* What is stored gives nobody a code: the secret is sealed, recovery codes are hashed under it. */
static void what_is_stored(void **state)
{
    struct someone s = with_factor(*state);
    const char *row = pg_get(s.mem, s.super,
                             "SELECT f::text || (SELECT string_agg(r::text, '') FROM "
                             "person_recovery r WHERE r.person_id = f.person_id)"
                             " FROM person_factor f WHERE person_id = '%s'",
                             s.person_id);

    assert_null(strstr(row, text_hex(s.mem, s.secret)));
    assert_null(strstr(row, otp_base32(s.mem, s.secret)));
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        assert_null(strstr(row, s.recovery[i]));
        assert_int_equal(pg_count(s.super,
                                  "SELECT count(*) FROM person_recovery WHERE person_id = '%s' AND "
                                  "code_hash IN (sha256('%s'), sha256(replace('%s', '-', "
                                  "'')::bytea))",
                                  s.person_id, s.recovery[i], s.recovery[i]),
                         0);
    }
    done(&s);
}

static void logging_in_takes_two_steps(void **state)
{
    struct someone s = with_factor(*state);
    struct reply r = log_in(&s, PASSWORD);
    const char *step;

    expect(&r, 401, "factor_needed");
    assert_null(r.token);
    step = text_of(&r, "step");
    r = get(s.mem, step, "/api/v1/me"); /* it is no session */
    expect(&r, 401, "unauthenticated");
    assert_int_equal(pg_count(s.super,
                              "SELECT count(*) FROM login_step WHERE person_id = '%s' AND "
                              "token_hash = sha256('%s')",
                              s.person_id, step),
                     1);
    r = second(&s, step, code_at(&s, 0));
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "person_id"), s.person_id);
    r = get(s.mem, r.token, "/api/v1/me");
    expect(&r, 200, NULL);
    later(&s);
    r = second(&s, step, code_at(&s, 0)); /* a step leads to one session */
    expect(&r, 401, "step_over");
    r = second(&s, "made-up", code_at(&s, 0));
    expect(&r, 401, "step_over");
    assert_int_equal(audited(&s, "person.logged_in"), 1);
    done(&s);
}

/* Whoever has no right password learns nothing of a second factor. */
static void a_wrong_password_tells_nothing(void **state)
{
    struct someone s = with_factor(*state), plain = sign_up(*state), nobody = plain;
    struct reply with = log_in(&s, "wrong horse battery"),
                 without = log_in(&plain, "wrong horse battery"), none;

    nobody.email = text_printf(s.mem, "ann.%s@example.org", id_new(s.mem));
    none = log_in(&nobody, PASSWORD);
    expect(&with, 401, "login_wrong");
    expect(&without, 401, "login_wrong");
    expect(&none, 401, "login_wrong");
    assert_int_equal(strlen(with.body), strlen(without.body));
    assert_int_equal(strlen(with.body), strlen(none.body));
    done(&s);
    done(&plain);
}

static void a_code_works_once(void **state)
{
    struct someone s = with_factor(*state);
    const char *now = code_at(&s, 0), *before = code_at(&s, -1), *step;
    struct reply r = second(&s, first(&s), now);

    expect(&r, 200, NULL);
    step = first(&s);
    r = second(&s, step, now);
    expect(&r, 400, "code_used");
    r = second(&s, step, before); /* nor one from before it */
    expect(&r, 400, "code_used");
    r = second(&s, step, code_at(&s, 1)); /* a clock may be a little ahead */
    expect(&r, 200, NULL);
    r = second(&s, first(&s), code_at(&s, 2));
    assert_int_equal(r.status, 400);
    done(&s);
}

struct race {
    const struct someone *s;
    const char *code;
    pthread_barrier_t start;
    atomic_int taken, refused;
};

static void *try_at_once(void *arg)
{
    struct race *race = arg;
    struct ctx *c = ctx_new(MIB(16), pg_pool(PG_WEB));
    bool recovery;
    rc_t rc;

    c->tenant_id = race->s->tenant_id;
    pthread_barrier_wait(&race->start);
    rc = factor_check(c, race->s->person_id, race->code, &recovery);
    if (rc == OK)
        rc = db_commit(c);
    if (rc == OK)
        atomic_fetch_add(&race->taken, 1);
    else if (rc == E_INVALID)
        atomic_fetch_add(&race->refused, 1);
    ctx_end(c);
    return NULL;
}

static void at_once(const struct someone *s, const char *code)
{
    struct race race = {.s = s, .code = code};
    pthread_t threads[AT_ONCE];

    assert_int_equal(pthread_barrier_init(&race.start, NULL, AT_ONCE), 0);
    for (int i = 0; i < AT_ONCE; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, try_at_once, &race), 0);
    for (int i = 0; i < AT_ONCE; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&race.start);
    assert_int_equal(race.taken, 1);
    assert_int_equal(race.refused, AT_ONCE - 1);
}

static void of_requests_at_once_one_gets_in(void **state)
{
    struct someone s = with_factor(*state);

    at_once(&s, code_at(&s, 0));
    at_once(&s, s.recovery[3]);
    done(&s);
}

static void wrong_codes_are_counted(void **state)
{
    struct someone s = with_factor(*state);
    int64_t most = conf_number(CONF_login_tries);
    const char *step = first(&s);
    struct reply r;

    for (int i = 0; i < 5; i++) {
        r = second(&s, step, wrong_code(&s));
        expect(&r, 400, "code_wrong");
        assert_null(r.token);
    }
    r = second(&s, step, code_at(&s, 0)); /* this step has had its tries */
    expect(&r, 401, "step_over");
    assert_int_equal(audited(&s, "person.code_refused"), 5);
    /* Six tries so far, the password among them; being right about it clears nothing. */
    for (int64_t tries = 6; tries < most; tries++) {
        r = log_in(&s, PASSWORD);
        expect(&r, 401, "factor_needed");
    }
    r = log_in(&s, PASSWORD);
    expect(&r, 429, "login_limit");
    assert_string_equal(text_of(&r, "limit"), "login_account");
    done(&s);
}

static void the_account_limit_holds_at_the_second_step(void **state)
{
    struct someone s = with_factor(*state);
    int64_t most = conf_number(CONF_login_tries);
    const char *step = first(&s);
    struct reply r;

    for (int64_t i = 1; i < most; i++)
        step = first(&s);
    r = second(&s, step, code_at(&s, 0));
    expect(&r, 429, "login_limit");
    pg_do(s.super, "DELETE FROM login_limit");
    r = second(&s, step, code_at(&s, 0));
    expect(&r, 200, NULL);
    /* Both right: the account's count is as new. */
    assert_int_equal(pg_count(s.super, "SELECT count(*) FROM login_limit WHERE tries > 0"), 0);
    done(&s);
}

static void what_ends_a_step(void **state)
{
    struct someone s = with_factor(*state);
    const char *step = first(&s), *body;
    struct reply r;

    body = text_printf(s.mem, "{\"step\":\"%s\",\"code\":\"%s\"}", step, code_at(&s, 0));
    r = call(s.mem, &(struct call){.method = POST,
                                   .path = "/api/v1/login/factor",
                                   .body = bytes_of(body),
                                   .headers = {{"user-agent", "curl/8"}}});
    expect(&r, 401, "step_over");
    pg_do(s.super, "UPDATE login_step SET expires_at = now() WHERE person_id = '%s'", s.person_id);
    r = second(&s, step, code_at(&s, 0));
    expect(&r, 401, "step_over");
    step = first(&s);
    r = ask(&s, "/api/v1/password",
            "{" BODY_PASSWORD ",\"new_password\":\"another horse battery\"}");
    assert_int_equal(r.status, 204);
    r = second(&s, step, code_at(&s, 0));
    expect(&r, 401, "step_over");
    done(&s);
}

static void recovery_codes(void **state)
{
    struct someone s = with_factor(*state);
    char *spelled = text_dup(s.mem, s.recovery[1]);
    struct reply r = second(&s, first(&s), s.recovery[0]);

    expect(&r, 200, NULL);
    assert_true(is_on(&s, RECOVERY_CODES - 1));
    assert_int_equal(mails(&s, "recovery_used"), 1);
    r = second(&s, first(&s), s.recovery[0]);
    expect(&r, 400, "code_wrong");
    /* Written down by hand: capitals, O for 0, blanks for hyphens. */
    for (char *at = spelled; *at != '\0'; at++)
        *at = *at == '-' ? ' ' : *at == '0' ? 'O' : *at;
    r = second(&s, first(&s), spelled);
    expect(&r, 200, NULL);
    /* New ones need both, and those from before are gone. */
    r = with_proof(&s, "/api/v1/factor/codes", wrong_code(&s));
    expect(&r, 400, "code_wrong");
    r = ask(
        &s, "/api/v1/factor/codes",
        text_printf(s.mem, "{\"password\":\"not the right one\",\"code\":\"%s\"}", code_at(&s, 0)));
    expect(&r, 400, "password_wrong");
    r = with_proof(&s, "/api/v1/factor/codes", code_at(&s, 0));
    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), RECOVERY_CODES);
    assert_true(is_on(&s, RECOVERY_CODES));
    assert_int_equal(audited(&s, "person.recovery_codes_made"), 1);
    r = second(&s, first(&s), s.recovery[5]);
    expect(&r, 400, "code_wrong");
    done(&s);
}

static void turning_it_off(void **state)
{
    struct someone s = with_factor(*state);
    struct reply r = with_proof(&s, "/api/v1/factor/off", wrong_code(&s));

    expect(&r, 400, "code_wrong");
    r = ask(
        &s, "/api/v1/factor/off",
        text_printf(s.mem, "{\"password\":\"not the right one\",\"code\":\"%s\"}", code_at(&s, 0)));
    expect(&r, 400, "password_wrong");
    assert_true(is_on(&s, RECOVERY_CODES));
    r = with_proof(&s, "/api/v1/factor/off", code_at(&s, 0));
    assert_int_equal(r.status, 204);
    assert_false(is_on(&s, 0));
    assert_int_equal(mails(&s, "factor_off"), 1);
    assert_int_equal(audited(&s, "person.factor_off"), 1);
    assert_int_equal(pg_count(s.super,
                              "SELECT count(*) FROM person_recovery WHERE person_id = '%s'",
                              s.person_id),
                     0);
    r = log_in(&s, PASSWORD);
    expect(&r, 200, NULL);
    r = with_proof(&s, "/api/v1/factor/off", "123456");
    expect(&r, 409, "factor_off");
    done(&s);
}

/* A stolen mailbox is one factor, and stays one. */
static void a_new_password_by_mail_leaves_it_on(void **state)
{
    struct someone s = with_factor(*state);
    const char *token;
    struct reply r = post(s.mem, NULL, "/api/v1/password/forgotten",
                          text_printf(s.mem, "{\"email\":\"%s\"}", s.email));

    expect(&r, 202, NULL);
    token = mailed_link(s.mem, s.tenant_id, "reset", s.person_id);
    r = post(s.mem, NULL, "/api/v1/password/reset",
             text_printf(s.mem, "{\"token\":\"%s\"," BODY_PASSWORD "}", token));
    assert_int_equal(r.status, 204);
    r = second(&s, first(&s), code_at(&s, 0));
    expect(&r, 200, NULL);
    done(&s);
}

static void a_company_may_ask_for_it(void **state)
{
    struct someone s = sign_up(*state), other;
    struct reply r;

    r = call(s.mem, &(struct call){.method = PUT,
                                   .path = "/api/v1/factor/rule",
                                   .token = s.token,
                                   .body = bytes_of("{\"required\":true}")});
    expect(&r, 409, "factor_off");
    other = sign_up(*state);
    pg_do(s.super,
          "INSERT INTO membership (tenant_id, person_id, role) VALUES ('%s', '%s', 'member')",
          s.tenant_id, other.person_id);
    turn_on(&s);
    r = call(s.mem, &(struct call){.method = PUT,
                                   .path = "/api/v1/factor/rule",
                                   .token = s.token,
                                   .body = bytes_of("{\"required\":true}")});
    assert_int_equal(r.status, 204);
    assert_int_equal(pg_count(s.super,
                              "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND action = "
                              "'tenant.factor_rule_set'",
                              s.tenant_id),
                     1);
    r = get(s.mem, s.token, "/api/v1/employees");
    expect(&r, 200, NULL);
    /* Whoever has none gets no further than their own account, in this company. */
    other.token = session_of(s.mem, s.tenant_id, other.person_id);
    r = get(s.mem, other.token, "/api/v1/me");
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "barred"), "factor_missing");
    r = get(s.mem, other.token, "/api/v1/employees");
    expect(&r, 403, "factor_missing");
    r = get(s.mem, session_of(s.mem, other.tenant_id, other.person_id), "/api/v1/employees");
    expect(&r, 200, NULL);
    turn_on(&other);
    r = get(s.mem, other.token, "/api/v1/employees");
    expect(&r, 200, NULL);
    r = get(s.mem, other.token, "/api/v1/me");
    assert_string_equal(text_of(&r, "barred"), "");
    done(&s);
    done(&other);
}

static int start(void **state)
{
    conf_set(CONF_master_key, "tests-of-factors-master-key-51c0d2a97e");
    return api_start(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(setting_it_up, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(what_is_stored, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(logging_in_takes_two_steps, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_wrong_password_tells_nothing, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_code_works_once, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(of_requests_at_once_one_gets_in, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(wrong_codes_are_counted, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(the_account_limit_holds_at_the_second_step, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(what_ends_a_step, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(recovery_codes, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(turning_it_off, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_new_password_by_mail_leaves_it_on, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(a_company_may_ask_for_it, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, start, api_stop);
}
