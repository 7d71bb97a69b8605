/*
 * Addresses that are proven by mail, forgotten passwords, and changing both. The worker's part, a
 * link for the mail, is done here as the worker does it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "call.h"
#include "core/mail.h"
#include "mail_help.h"

#include <cmocka.h>

#define PASSWORD "correct horse battery"
#define OTHER "another horse battery"
#define MASTER "tests-of-mails-master-key-61b0d2a97e"

struct someone {
    const char *email, *tenant_id, *person_id, *token;
    struct reply up;
};

static struct someone sign_up_as(struct arena *mem, const char *email)
{
    struct someone s = {.email = email};

    s.up = post(mem, NULL, "/api/v1/signup",
                text_printf(mem,
                            "{\"company\":\"Fern\",\"name\":\"Ann\",\"email\":\"%s\","
                            "\"password\":\"" PASSWORD "\"}",
                            email));
    expect(&s.up, 201, NULL);
    s.tenant_id = text_of(&s.up, "tenant_id");
    s.person_id = text_of(&s.up, "person_id");
    s.token = s.up.token;
    return s;
}

static struct someone sign_up(struct arena *mem)
{
    return sign_up_as(mem, text_printf(mem, "ann.%s@example.org", id_new(mem)));
}

static struct reply log_in(struct arena *mem, const char *email, const char *password)
{
    return post(mem, NULL, "/api/v1/login",
                text_printf(mem, "{\"email\":\"%s\",\"password\":\"%s\"}", email, password));
}

static int64_t mails(const struct someone *s, const char *kind, const char *email)
{
    PGconn *super = pg_open(PG_SUPER);
    int64_t n = pg_count(super,
                         "SELECT count(*) FROM mail m JOIN job j ON j.tenant_id = m.tenant_id AND"
                         " j.subject_id = m.id AND j.kind = 'mail' WHERE m.tenant_id = '%s' AND "
                         "m.kind = '%s' AND m.recipient = '%s'",
                         s->tenant_id, kind, email);

    PQfinish(super);
    return n;
}

static struct reply verify(struct arena *mem, const char *token)
{
    return post_token(mem, "/api/v1/email/verify", token);
}

static struct reply reset(struct arena *mem, const char *token, const char *password)
{
    return post(mem, NULL, "/api/v1/password/reset",
                text_printf(mem, "{\"token\":\"%s\",\"password\":\"%s\"}", token, password));
}

static struct reply forgotten(struct arena *mem, const char *email)
{
    return post(mem, NULL, "/api/v1/password/forgotten",
                text_printf(mem, "{\"email\":\"%s\"}", email));
}

static bool verified(struct arena *mem, const char *session)
{
    struct reply r = get(mem, session, "/api/v1/me");

    expect(&r, 200, NULL);
    return json_is_true(json_object_get(r.json, "verified"));
}

static void the_link_proves_the_address_once(void **state)
{
    struct arena *mem = *state;
    struct someone s = sign_up(mem);
    const char *token;
    struct reply r;

    assert_int_equal(mails(&s, "verify", s.email), 1);
    assert_false(verified(mem, s.token));
    token = mailed_link(mem, s.tenant_id, "verify", NULL);
    assert_string_equal(mailed_link(mem, s.tenant_id, "verify", NULL),
                        token); /* a second copy has the same link */
    r = post_token(mem, "/api/v1/links", token);
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "kind"), "verify");
    assert_string_equal(text_of(&r, "email"), s.email);
    assert_string_equal(text_of(&r, "company"), "Fern");
    assert_false(verified(mem, s.token)); /* looking changes nothing */
    r = verify(mem, token);
    assert_int_equal(r.status, 204);
    assert_null(r.token); /* a link logs nobody in */
    assert_true(verified(mem, s.token));
    r = verify(mem, token);
    expect(&r, 400, "link_over");
    r = post_token(mem, "/api/v1/links", token);
    expect(&r, 400, "link_over");
}

static void links_that_do_not_work(void **state)
{
    struct arena *mem = *state;
    struct someone s = sign_up(mem);
    const char *token = mailed_link(mem, s.tenant_id, "verify", NULL);
    PGconn *super = pg_open(PG_SUPER);
    struct reply r = verify(mem, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");

    expect(&r, 400, "link_over");
    r = reset(mem, token, OTHER); /* of another kind */
    expect(&r, 400, "link_over");
    pg_do(super, "UPDATE mail SET expires_at = now() - interval '1 second' WHERE person_id = '%s'",
          s.person_id);
    r = verify(mem, token);
    expect(&r, 400, "link_over");
    assert_false(verified(mem, s.token));
    PQfinish(super);
}

/* What comes back is the same, and so is what was written. */
static void a_taken_address_is_not_told(void **state)
{
    struct arena *mem = *state;
    struct someone owner = sign_up(mem), other, fresh;
    struct reply r;

    r = verify(mem, mailed_link(mem, owner.tenant_id, "verify", NULL));
    assert_int_equal(r.status, 204);
    other = sign_up_as(mem, text_printf(mem, "ANN%s", owner.email + 3));
    fresh = sign_up(mem);
    assert_int_equal(strlen(other.up.body), strlen(fresh.up.body));
    assert_int_equal(other.up.res.header_count, fresh.up.res.header_count);
    assert_int_equal(mails(&other, "verify", other.email), mails(&fresh, "verify", fresh.email));

    /* The address stays whose it is; the other is logged in by his own password. */
    r = verify(mem, mailed_link(mem, other.tenant_id, "verify", NULL));
    expect(&r, 409, "email_taken");
    r = log_in(mem, owner.email, PASSWORD);
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "person_id"), owner.person_id);
}

static void a_claim_has_its_own_password(void **state)
{
    struct arena *mem = *state;
    struct someone owner = sign_up(mem), other;
    struct reply r = reset(mem, "x", OTHER);

    expect(&r, 400, "link_over");
    r = forgotten(mem, owner.email);
    assert_int_equal(r.status, 202);
    r = reset(mem, mailed_link(mem, owner.tenant_id, "reset", NULL), OTHER);
    assert_int_equal(r.status, 204);
    other = sign_up_as(mem, owner.email);
    r = log_in(mem, owner.email, OTHER);
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "person_id"), owner.person_id);
    r = log_in(mem, owner.email, PASSWORD);
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "person_id"), other.person_id);
    r = log_in(mem, owner.email, "neither of the two");
    expect(&r, 401, "login_wrong");
}

static void forgotten_tells_nobody(void **state)
{
    struct arena *mem = *state;
    struct someone s = sign_up(mem), nobody = {.tenant_id = MAIL_NOBODY};
    const char *unknown = text_printf(mem, "bob.%s@example.org", id_new(mem));
    struct reply known = forgotten(mem, s.email), other = forgotten(mem, unknown);

    assert_int_equal(known.status, 202);
    assert_int_equal(other.status, 202);
    assert_string_equal(known.body, other.body);
    assert_int_equal(known.res.header_count, other.res.header_count);
    assert_null(known.park);
    assert_null(other.park);
    assert_int_equal(mails(&s, "reset", s.email), 1);
    assert_int_equal(mails(&nobody, "reset", unknown), 1); /* the same rows, which nobody gets */
    known = forgotten(mem, "no address");
    expect(&known, 400, "email_malformed");
}

static void a_reset_ends_every_session(void **state)
{
    struct arena *mem = *state;
    struct someone s = sign_up(mem);
    struct reply second = log_in(mem, s.email, PASSWORD), r = forgotten(mem, s.email);
    const char *token = mailed_link(mem, s.tenant_id, "reset", NULL);

    r = reset(mem, token, "short");
    expect(&r, 400, "password_short");
    r = verify(mem, token);
    expect(&r, 400, "link_over");
    r = reset(mem, token, OTHER);
    assert_int_equal(r.status, 204);
    assert_null(r.token);
    r = reset(mem, token, "a third horse battery");
    expect(&r, 400, "link_over");
    r = get(mem, s.token, "/api/v1/me");
    expect(&r, 401, "unauthenticated");
    r = get(mem, second.token, "/api/v1/me");
    expect(&r, 401, "unauthenticated");
    r = log_in(mem, s.email, PASSWORD);
    expect(&r, 401, "login_wrong");
    r = log_in(mem, s.email, OTHER);
    expect(&r, 200, NULL);
    assert_true(verified(mem, r.token)); /* the mail arrived */
    assert_int_equal(mails(&s, "password_changed", s.email), 1);
}

static void a_changed_password_keeps_this_session_only(void **state)
{
    struct arena *mem = *state;
    struct someone s = sign_up(mem), stranger = sign_up(mem);
    struct reply second = log_in(mem, s.email, PASSWORD), r;

    r = post(mem, s.token, "/api/v1/password",
             "{\"password\":\"wrong\",\"new_password\":\"" OTHER "\"}");
    expect(&r, 400, "password_wrong");
    assert_string_equal(text_of(&r, "field"), "password");
    r = post(mem, s.token, "/api/v1/password",
             "{\"password\":\"" PASSWORD "\",\"new_password\":\"short\"}");
    expect(&r, 400, "password_short");
    assert_string_equal(text_of(&r, "field"), "new_password");
    r = get(mem, second.token, "/api/v1/me");
    expect(&r, 200, NULL);
    r = post(mem, s.token, "/api/v1/password",
             "{\"password\":\"" PASSWORD "\",\"new_password\":\"" OTHER "\"}");
    assert_int_equal(r.status, 204);
    r = get(mem, s.token, "/api/v1/me");
    expect(&r, 200, NULL);
    r = get(mem, second.token, "/api/v1/me");
    expect(&r, 401, "unauthenticated");
    r = get(mem, stranger.token, "/api/v1/me");
    expect(&r, 200, NULL);
    r = log_in(mem, s.email, PASSWORD);
    expect(&r, 401, "login_wrong");
    r = log_in(mem, s.email, OTHER);
    expect(&r, 200, NULL);
    assert_int_equal(mails(&s, "password_changed", s.email), 1);
}

static void an_address_changes_when_the_new_one_is_proven(void **state)
{
    struct arena *mem = *state;
    struct someone s = sign_up(mem), owner = sign_up(mem);
    const char *fresh = text_printf(mem, "new.%s@example.org", id_new(mem));
    struct reply r = post(mem, s.token, "/api/v1/email",
                          text_printf(mem, "{\"email\":\"%s\",\"password\":\"wrong\"}", fresh));

    expect(&r, 400, "password_wrong");
    assert_int_equal(mails(&s, "change", fresh), 0);
    r = post(mem, s.token, "/api/v1/email",
             text_printf(mem, "{\"email\":\" %s\",\"password\":\"" PASSWORD "\"}", fresh));
    assert_int_equal(r.status, 202);
    assert_int_equal(mails(&s, "change", fresh), 1);
    r = log_in(mem, fresh, PASSWORD);
    expect(&r, 401, "login_wrong");
    r = verify(mem, mailed_link(mem, s.tenant_id, "change", NULL));
    assert_int_equal(r.status, 204);
    r = log_in(mem, fresh, PASSWORD);
    expect(&r, 200, NULL);
    assert_true(verified(mem, r.token));
    r = log_in(mem, s.email, PASSWORD);
    expect(&r, 401, "login_wrong");
    assert_int_equal(mails(&s, "email_changed", s.email), 1);

    /* An address that somebody has proven is told to whoever reads its mail, and to nobody else. */
    r = verify(mem, mailed_link(mem, owner.tenant_id, "verify", NULL));
    assert_int_equal(r.status, 204);
    r = post(mem, s.token, "/api/v1/email",
             text_printf(mem, "{\"email\":\"%s\",\"password\":\"" PASSWORD "\"}", owner.email));
    assert_int_equal(r.status, 202);
    r = verify(mem, mailed_link(mem, s.tenant_id, "change", NULL));
    expect(&r, 409, "email_taken");
    r = log_in(mem, owner.email, PASSWORD);
    assert_string_equal(text_of(&r, "person_id"), owner.person_id);
}

static const char *stored_hash(struct arena *mem, const struct someone *s)
{
    PGconn *super = pg_open(PG_SUPER);
    const char *hash = pg_get(mem, super, "SELECT password_hash FROM person WHERE id = '%s'",
                              s->person_id);

    PQfinish(super);
    return hash;
}

static void logging_in_brings_a_hash_up_to_date(void **state)
{
    struct arena *mem = *state;
    const char *passes = text_dup(mem, conf_text(CONF_argon2_passes)), *old, *fresh;
    struct someone s = sign_up(mem);
    struct reply r;

    old = stored_hash(mem, &s);
    r = log_in(mem, s.email, PASSWORD);
    expect(&r, 200, NULL);
    assert_string_equal(stored_hash(mem, &s), old); /* nothing changed, nothing to do */
    conf_set(CONF_argon2_passes, "3");
    r = log_in(mem, s.email, "wrong horse battery");
    expect(&r, 401, "login_wrong");
    assert_string_equal(stored_hash(mem, &s), old);
    r = log_in(mem, s.email, PASSWORD);
    expect(&r, 200, NULL);
    fresh = stored_hash(mem, &s);
    assert_non_null(strstr(fresh, ",t=3,"));
    r = get(mem, s.token, "/api/v1/me"); /* no session ends by this */
    expect(&r, 200, NULL);
    r = log_in(mem, s.email, PASSWORD);
    expect(&r, 200, NULL);
    assert_string_equal(stored_hash(mem, &s), fresh);
    conf_set(CONF_argon2_passes, passes);
}

static void the_commonest_passwords_are_refused_everywhere(void **state)
{
    struct arena *mem = *state;
    struct someone s = sign_up(mem);
    struct reply r = forgotten(mem, s.email);

    r = post(mem, NULL, "/api/v1/signup",
             "{\"company\":\"c\",\"name\":\"Ann\",\"email\":\"a@example.org\","
             "\"password\":\"Unbelievable\"}");
    expect(&r, 400, "password_common");
    assert_string_equal(text_of(&r, "field"), "password");
    r = reset(mem, mailed_link(mem, s.tenant_id, "reset", NULL), "unbelievable");
    expect(&r, 400, "password_common");
    r = post(mem, s.token, "/api/v1/password",
             "{\"password\":\"" PASSWORD "\",\"new_password\":\"unbelievable\"}");
    expect(&r, 400, "password_common");
    assert_string_equal(text_of(&r, "field"), "new_password");
}

static const char *header_of(const struct reply *r, const char *name)
{
    for (int i = 0; i < r->res.header_count; i++)
        if (strcmp(r->res.headers[i].name, name) == 0)
            return r->res.headers[i].value;
    return "";
}

static struct reply guess(struct arena *mem, const char *email, const char *remote)
{
    const char *body = text_printf(mem, "{\"email\":\"%s\",\"password\":\"a wrong guess\"}", email);

    return call(mem, &(struct call){.method = POST,
                                    .path = "/api/v1/login",
                                    .remote = remote,
                                    .body = bytes_of(body)});
}

/* Whether there is an account or not, and however it is spelled. */
static void guessing_is_limited_by_account(void **state)
{
    struct arena *mem = *state;
    struct someone s = sign_up(mem);
    const char *emails[] = {s.email, text_printf(mem, "bob.%s@example.org", id_new(mem))};
    struct reply r;

    conf_set(CONF_login_tries, "3");
    for (size_t i = 0; i < COUNT_OF(emails); i++) {
        for (int k = 0; k < 3; k++) {
            r = guess(mem, emails[i], "192.0.2.1");
            expect(&r, 401, "login_wrong");
        }
        r = guess(mem, text_printf(mem, " %c%s ", emails[i][0] - 32, emails[i] + 1), "192.0.2.2");
        expect(&r, 429, "login_limit");
        assert_string_equal(text_of(&r, "limit"), "login_account");
        assert_null(r.park); /* no password was tested */
        assert_true(atoi(header_of(&r, "retry-after")) > 0);
        assert_true(atoi(header_of(&r, "retry-after")) <= 900);
        assert_int_equal(r.res.header_count, 1);
    }
    r = log_in(mem, s.email, PASSWORD); /* the right one does not get in either, or it would tell */
    expect(&r, 429, "login_limit");
    r = get(mem, s.token, "/api/v1/me"); /* whoever is in stays in */
    expect(&r, 200, NULL);
    r = post(mem, s.token, "/api/v1/password",
             "{\"password\":\"" PASSWORD "\",\"new_password\":\"" OTHER "\"}");
    expect(&r, 429, "login_limit");
    conf_set(CONF_login_tries, "10");
}

static void a_right_password_forgives(void **state)
{
    struct arena *mem = *state;
    struct someone s = sign_up(mem);
    struct reply r;

    conf_set(CONF_login_tries, "3");
    for (int round = 0; round < 3; round++) {
        for (int k = 0; k < 2; k++) {
            r = guess(mem, s.email, "192.0.2.3");
            expect(&r, 401, "login_wrong");
        }
        r = log_in(mem, s.email, PASSWORD);
        expect(&r, 200, NULL);
    }
    conf_set(CONF_login_tries, "10");
}

static void guessing_is_limited_by_address(void **state)
{
    struct arena *mem = *state;
    struct someone s = sign_up(mem);
    struct reply r;

    conf_set(CONF_login_address_tries, "2");
    for (int k = 0; k < 2; k++) {
        r = guess(mem, text_printf(mem, "%d.%s", k, s.email), "2001:db8:1:2::7");
        expect(&r, 401, "login_wrong");
    }
    r = guess(mem, s.email, "2001:db8:1:2:ffff::1"); /* of the same network */
    expect(&r, 429, "login_limit");
    assert_string_equal(text_of(&r, "limit"), "login_address");
    r = call(mem, &(struct call){.method = POST,
                                 .path = "/api/v1/password/forgotten",
                                 .remote = "2001:db8:1:2::7",
                                 .body = BYTES("{\"email\":\"a@example.org\"}")});
    expect(&r, 429, "login_limit");
    r = guess(mem, s.email, "2001:db8:1:3::7");
    expect(&r, 401, "login_wrong");
    conf_set(CONF_login_address_tries, "100");
}

static void mails_have_a_limit(void **state)
{
    struct arena *mem = *state;
    struct someone s = sign_up(mem);
    struct reply r;

    for (int i = 1; i < MAIL_PER_HOUR; i++) {
        r = post(mem, s.token, "/api/v1/email/verify/again", "");
        assert_int_equal(r.status, 202);
    }
    r = post(mem, s.token, "/api/v1/email/verify/again", "");
    expect(&r, 429, "mail_limit");
    assert_string_equal(text_of(&r, "limit"), "mails");
    assert_in_range(number_of(&r, "wait_s"), 1, 3600);
    assert_int_equal(mails(&s, "verify", s.email), MAIL_PER_HOUR);
    r = verify(mem, mailed_link(mem, s.tenant_id, "verify", NULL));
    assert_int_equal(r.status, 204);
    r = post(mem, s.token, "/api/v1/email/verify/again", ""); /* nothing is left to be proven */
    assert_int_equal(r.status, 202);
    assert_int_equal(mails(&s, "verify", s.email), MAIL_PER_HOUR);
}

static int start(void **state)
{
    int code = api_start(state);

    conf_set(CONF_master_key, MASTER);
    return code;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_link_proves_the_address_once, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(links_that_do_not_work, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_taken_address_is_not_told, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_claim_has_its_own_password, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(forgotten_tells_nobody, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_reset_ends_every_session, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_changed_password_keeps_this_session_only, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(an_address_changes_when_the_new_one_is_proven, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(logging_in_brings_a_hash_up_to_date, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(the_commonest_passwords_are_refused_everywhere, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(guessing_is_limited_by_account, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_right_password_forgives, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(guessing_is_limited_by_address, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(mails_have_a_limit, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, start, api_stop);
}
