/*
 * Signing in with a company's own provider, as the web process sees it: the settings, the domains,
 * the way there and back. What the worker finds out is written here as the worker does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "core/sign_in_attempt.h"
#include "sign_in_help.h"

#include <cmocka.h>

static void the_settings_keep_their_secret(void **state)
{
    struct arena *mem = *state;
    struct company o = company_new(mem);
    struct reply r = get(mem, o.admin, "/api/v1/sign-in");

    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "issuer"), "");
    assert_string_equal(text_of(&r, "own_domain"), o.domain);
    r = put(mem, o.admin, ISSUER, "", USUAL);
    expect(&r, 400, "missing");
    r = put(mem, o.admin, " " ISSUER "/.well-known/openid-configuration ", SECRET, USUAL);
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "issuer"), ISSUER);
    assert_string_equal(text_of(&r, "hint"), "ider");
    assert_null(strstr(r.body, "a secret"));
    assert_true(json_is_false(json_object_get(r.json, "ready")));
    assert_int_equal(entries(&o, "sign_in.changed"), 1);

    /* It stays with its issuer: another would be told it. */
    r = put(mem, o.admin, ISSUER, "", USUAL);
    expect(&r, 200, NULL);
    r = put(mem, o.admin, "https://evil.example.org", "", USUAL);
    expect(&r, 400, "missing");
    assert_string_equal(text_of(&r, "field"), "client_secret");

    r = call(mem, &(struct call){.method = DELETE, .path = "/api/v1/sign-in", .token = o.admin});
    assert_int_equal(r.status, 204);
    r = call(mem, &(struct call){.method = DELETE, .path = "/api/v1/sign-in", .token = o.admin});
    expect(&r, 404, "not_found");
}

static void odd_settings_are_refused(void **state)
{
    static const char *const issuers[] = {
        "http://login.example.org", "login.example.org",           "https://a?b=c",
        "https://a b.example.org",  "https://u@login.example.org", "javascript:alert(1)//x"};
    struct arena *mem = *state;
    struct company o = company_new(mem);
    struct reply r;

    for (size_t i = 0; i < COUNT_OF(issuers); i++) {
        r = put(mem, o.admin, issuers[i], SECRET, USUAL);
        expect(&r, 400, "issuer_malformed");
    }
    r = put(mem, o.admin, ISSUER, SECRET,
            ",\"role\":\"admin\",\"joining\":true,\"passwords\":true");
    expect(&r, 400, "not_a_choice");
}

static void a_domain_is_ones_own_and_leads_to_one_company(void **state)
{
    struct arena *mem = *state;
    struct company o = company_new(mem), other;
    struct reply r = post(mem, o.admin, "/api/v1/sign-in/domains", "{\"domain\":\"bank.example\"}");
    const char *body = text_printf(mem, "{\"domain\":\" %s \"}", o.domain);

    expect(&r, 403, "domain_not_yours");
    r = post(mem, o.admin, "/api/v1/sign-in/domains", "{\"domain\":\"GMail.com\"}");
    expect(&r, 400, "domain_public");
    super("UPDATE person SET email_verified_at = NULL WHERE id = '%s'", o.admin_id);
    r = post(mem, o.admin, "/api/v1/sign-in/domains", body);
    expect(&r, 403, "domain_not_yours");
    prove(o.admin_id);
    r = post(mem, o.admin, "/api/v1/sign-in/domains", body);
    expect(&r, 201, NULL);
    assert_string_equal(text_of(&r, "domain"), o.domain);

    /* Somebody else there, with a company of their own: the first one keeps it. */
    other = company_at(mem, text_printf(mem, "x.%s", o.domain));
    super("UPDATE person SET email = 'eve@%s' WHERE id = '%s'", o.domain, other.admin_id);
    r = post(mem, other.admin, "/api/v1/sign-in/domains", body);
    expect(&r, 409, "domain_taken");

    struct reply list = get(mem, o.admin, "/api/v1/sign-in/domains");
    const char *path = text_printf(mem, "/api/v1/sign-in/domains/%s",
                                   json_str(item_of(&list, 0), "id"));

    r = call(mem, &(struct call){.method = DELETE, .path = path, .token = other.admin});
    expect(&r, 404, "not_found");
    r = call(mem, &(struct call){.method = DELETE, .path = path, .token = o.admin});
    assert_int_equal(r.status, 204);
    r = post(mem, other.admin, "/api/v1/sign-in/domains", body);
    expect(&r, 201, NULL);
}

/* An unknown domain, one of a company that is not ready, and a person who is not there. */
static void the_way_tells_nothing_about_accounts(void **state)
{
    struct arena *mem = *state;
    struct company ready = company_ready(mem, USUAL), set_up = company_new(mem);
    struct reply r = begin(mem, "nobody@nowhere.example");
    struct way known, unknown;

    expect(&r, 200, NULL);
    assert_string_equal(r.body, "{\"way\":\"password\",\"address\":\"\"}");
    assert_string_equal(begin(mem, set_up.email).body, r.body);
    known = go(mem, ready.email);
    unknown = go(mem, text_printf(mem, "nobody@%s", ready.domain));
    assert_int_equal(strlen(known.address) + 3, strlen(unknown.address));
}

static void the_request_is_bound(void **state)
{
    struct arena *mem = *state;
    struct company o = company_ready(mem, USUAL);
    struct way w = go(mem, o.email), again = go(mem, o.email);

    assert_true(text_starts(w.address, ISSUER "/authorize?x=1&response_type=code&client_id=us&"));
    assert_string_equal(param(mem, w.address, "code_challenge_method"), "S256");
    assert_string_equal(param(mem, w.address, "scope"), "openid%20email%20profile");
    assert_int_equal(strlen(param(mem, w.address, "code_challenge")), 43);
    assert_string_not_equal(w.state, again.state);
    assert_string_not_equal(param(mem, w.address, "nonce"), param(mem, again.address, "nonce"));
    assert_string_not_equal(param(mem, w.address, "code_challenge"),
                            param(mem, again.address, "code_challenge"));

    /* Nothing of it stands in the database as it is. */
    PGconn *conn = pg_open(PG_SUPER);
    const char *rows = pg_get(mem, conn,
                              "SELECT string_agg(a::text, '') FROM sign_in_attempt a WHERE "
                              "tenant_id = '%s'",
                              o.tenant_id);

    PQfinish(conn);
    assert_null(strstr(rows, w.state));
    assert_null(strstr(rows, param(mem, w.address, "nonce")));
    assert_null(strstr(rows, strchr(w.cookie, '=') + 1));
}

/* Another browser, no browser, an older attempt, a state that was made up, the same one twice. */
static void an_answer_counts_once_and_in_its_own_browser(void **state)
{
    struct arena *mem = *state;
    struct company o = company_ready(mem, USUAL);
    struct way victim = go(mem, o.email), attacker = go(mem, o.email), made_up = victim;
    struct reply r = come_back(mem, &attacker, victim.cookie, CODE);

    expect(&r, 400, "oidc_over");
    r = come_back(mem, &victim, "theme=dark", CODE);
    expect(&r, 400, "oidc_over");
    made_up.state = "made-up";
    r = come_back(mem, &made_up, victim.cookie, CODE);
    expect(&r, 400, "oidc_over");
    assert_null(r.token);

    super("UPDATE sign_in_attempt SET expires_at = now() - interval '1 second' WHERE tenant_id = "
          "'%s'",
          o.tenant_id);
    r = come_back(mem, &victim, victim.cookie, CODE);
    expect(&r, 400, "oidc_over");

    struct way w = go(mem, o.email); /* which sweeps the old ones away */
    struct reply first = come_back(mem, &w, w.cookie, CODE);

    assert_non_null(first.park);
    r = come_back(mem, &w, w.cookie, CODE);
    expect(&r, 400, "oidc_over");
    r = proven(mem, &o, &first, "7", o.email);
    expect(&r, 200, NULL);
    assert_non_null(r.token);
    r = come_back(mem, &w, w.cookie, CODE);
    expect(&r, 400, "oidc_over");
    /* The request that waited can't open a second session, either. */
    r = wake(mem, &first, WAKE_LOOK, (struct bytes){NULL, 0});
    assert_null(r.token);
    assert_int_not_equal(r.status, 200);
}

static void an_answer_of_another_provider_is_refused(void **state)
{
    struct arena *mem = *state;
    struct company o = company_ready(mem, USUAL);
    struct way w = go(mem, o.email);
    struct reply r = come_back(mem, &w, w.cookie, CODE ",\"iss\":\"https://evil.example.org\"");

    expect(&r, 403, "oidc_mixed");
    w = go(mem, o.email);
    r = come_back(mem, &w, w.cookie, CODE ",\"iss\":\"" ISSUER "\"");
    assert_non_null(r.park);
    /* A provider that names itself always does. */
    super("UPDATE sign_in SET names_itself = true WHERE tenant_id = '%s'", o.tenant_id);
    w = go(mem, o.email);
    r = come_back(mem, &w, w.cookie, CODE);
    expect(&r, 403, "oidc_mixed");
    assert_int_equal(entries(&o, "sign_in.refused"), 2);
}

static void the_providers_no_is_a_sentence_of_ours(void **state)
{
    struct arena *mem = *state;
    struct company o = company_ready(mem, USUAL);
    struct way w = go(mem, o.email);
    struct reply r = come_back(mem, &w, w.cookie, ",\"error\":\"access_denied\"");

    expect(&r, 403, "oidc_cancelled");
    w = go(mem, o.email);
    r = come_back(mem, &w, w.cookie, ",\"error\":\"<b>server_error</b>\"" CODE);
    expect(&r, 409, "oidc_refused");
    assert_null(strstr(r.body, "<b>"));
    assert_non_null(strstr(r.body, "\"reference\":"));
}

static void what_the_worker_refuses_is_told(void **state)
{
    struct arena *mem = *state;
    struct company o = company_ready(mem, USUAL);
    struct way w = go(mem, o.email);
    struct reply r = come_back(mem, &w, w.cookie, CODE), late;
    struct ctx *c = pg_ctx(PG_WORKER, o.tenant_id);

    assert_non_null(r.park);
    if (sign_in_attempt_refused(c, attempt_of(mem, o.tenant_id), "oidc_token_nonce") != OK ||
        db_commit(c) != OK)
        fail_msg("%s", c->fault.detail);
    ctx_end(c);
    r = wake(mem, &r, WAKE_NEWS, BYTES("{}"));
    expect(&r, 403, "oidc_token_nonce");
    assert_null(attempt_of(mem, o.tenant_id));

    w = go(mem, o.email);
    r = come_back(mem, &w, w.cookie, CODE);
    late = wake(mem, &r, WAKE_DEADLINE, (struct bytes){NULL, 0});
    expect(&late, 409, "oidc_late");
    assert_null(attempt_of(mem, o.tenant_id));
}

/* By the link, by a proven address, and new: in this order. */
static void people_are_found_or_made(void **state)
{
    struct arena *mem = *state;
    struct company o = company_ready(mem, USUAL);
    struct reply ann = sign_in_as(mem, &o, "ann-there", o.email), bob, again;
    const char *bob_email = text_printf(mem, "bob@%s", o.domain);

    expect(&ann, 200, NULL);
    assert_string_equal(text_of(&ann, "person_id"), o.admin_id);
    assert_string_equal(text_of(&ann, "role"), "admin");
    bob = sign_in_as(mem, &o, "bob-there", bob_email);
    expect(&bob, 200, NULL);
    assert_string_equal(text_of(&bob, "role"), "member");
    assert_string_equal(text_of(&bob, "tenant_id"), o.tenant_id);
    assert_true(json_is_false(json_object_get(bob.json, "verified")));
    /* The provider's name for him counts, whatever his address is by now. */
    again = sign_in_as(mem, &o, "bob-there", text_printf(mem, "robert@%s", o.domain));
    expect(&again, 200, NULL);
    assert_string_equal(text_of(&again, "person_id"), text_of(&bob, "person_id"));
    /* Another one under his address is another one: he has not proven it here. */
    again = sign_in_as(mem, &o, "eve-there", bob_email);
    expect(&again, 200, NULL);
    assert_string_not_equal(text_of(&again, "person_id"), text_of(&bob, "person_id"));
    assert_int_equal(entries(&o, "person.joined"), 2);
    assert_int_equal(entries(&o, "person.logged_in"), 4);

    /* The session is one like all others, and says where it came from. */
    again = get(mem, bob.token, "/api/v1/me");
    expect(&again, 200, NULL);
    PGconn *conn = pg_open(PG_SUPER);
    assert_int_equal(pg_count(conn,
                              "SELECT count(*) FROM session WHERE tenant_id = '%s' AND by_company",
                              o.tenant_id),
                     4);
    PQfinish(conn);
}

/* Who is in another company, with a proven address in this one's domain, is not taken over. */
static void nobody_of_another_company_is_meant(void **state)
{
    struct arena *mem = *state;
    struct company o = company_ready(mem, USUAL), other = company_new(mem);
    struct reply r;

    super("UPDATE person SET email = 'chief@%s' WHERE id = '%s'", o.domain, other.admin_id);
    r = sign_in_as(mem, &o, "chief-there", text_printf(mem, "chief@%s", o.domain));
    expect(&r, 200, NULL);
    assert_string_not_equal(text_of(&r, "person_id"), other.admin_id);
    assert_string_equal(text_of(&r, "tenant_id"), o.tenant_id);
    assert_true(json_is_false(json_object_get(r.json, "verified")));
}

static void who_may_not_join_is_refused(void **state)
{
    struct arena *mem = *state;
    struct company o = company_ready(mem,
                                     ",\"role\":\"viewer\",\"joining\":false,\"passwords\":true");
    struct reply r = sign_in_as(mem, &o, "bob-there", text_printf(mem, "bob@%s", o.domain));
    struct way w;

    expect(&r, 403, "oidc_not_a_member");
    assert_null(r.token);
    r = sign_in_as(mem, &o, "ann-there", o.email);
    expect(&r, 200, NULL);
    /* An address of somewhere else, even of one who is linked. */
    w = go(mem, o.email);
    r = come_back(mem, &w, w.cookie, CODE);
    r = proven(mem, &o, &r, "ann-there", "ann@elsewhere.example");
    expect(&r, 403, "oidc_email_domain");
    /* The settings changed on the way. */
    w = go(mem, o.email);
    r = put(mem, o.admin, "https://other.example.org", SECRET, USUAL);
    expect(&r, 200, NULL);
    r = come_back(mem, &w, w.cookie, CODE);
    expect(&r, 409, "oidc_changed");
}

static struct reply log_in(struct arena *mem, const char *email)
{
    return post(mem, NULL, "/api/v1/login",
                text_printf(mem, "{\"email\":\"%s\",\"password\":\"" PASSWORD "\"}", email));
}

#define NO_PASSWORDS ",\"role\":\"member\",\"joining\":true,\"passwords\":false"

/* Nobody is locked out by settings that were never seen to work. */
static void passwords_end_once_an_admin_came_in_without(void **state)
{
    struct arena *mem = *state;
    struct company o = company_ready(mem, USUAL);
    struct reply r = put(mem, o.admin, ISSUER, "", NO_PASSWORDS);

    expect(&r, 400, "oidc_not_proven");
    r = sign_in_as(mem, &o, "bob-there", text_printf(mem, "bob@%s", o.domain));
    expect(&r, 200, NULL); /* a member proves nothing */
    r = put(mem, o.admin, ISSUER, "", NO_PASSWORDS);
    expect(&r, 400, "oidc_not_proven");
    r = sign_in_as(mem, &o, "ann-there", o.email);
    expect(&r, 200, NULL);
    r = put(mem, o.admin, ISSUER, "", NO_PASSWORDS);
    expect(&r, 200, NULL);
    r = log_in(mem, o.email);
    expect(&r, 403, "oidc_wanted");
    assert_null(r.token);
    /* Whoever has the wrong one learns nothing. */
    r = post(mem, NULL, "/api/v1/login",
             text_printf(mem, "{\"email\":\"%s\",\"password\":\"not the right one\"}", o.email));
    expect(&r, 401, "login_wrong");
    /* Another provider begins anew. */
    r = put(mem, o.admin, "https://other.example.org", SECRET, NO_PASSWORDS);
    expect(&r, 400, "oidc_not_proven");
    r = put(mem, o.admin, "https://other.example.org", SECRET, USUAL);
    expect(&r, 200, NULL);
    r = log_in(mem, o.email);
    expect(&r, 200, NULL);
}

/* Makes this person a member of another company as well. */
static void join(const char *tenant_id, const char *person_id)
{
    super("INSERT INTO membership (tenant_id, person_id, role) VALUES ('%s', '%s', 'member')",
          tenant_id, person_id);
}

static struct reply enter(struct arena *mem, const char *token, const char *tenant_id)
{
    return post(mem, token, text_printf(mem, "/api/v1/tenants/%s/session", tenant_id), "");
}

/* A provider speaks for its own company: it must not open another, by any way that there is. */
static void a_provider_opens_its_own_company_only(void **state)
{
    struct arena *mem = *state;
    struct company o = company_ready(mem, USUAL), other = company_new(mem);
    struct reply r, list;

    join(other.tenant_id, o.admin_id);
    r = sign_in_as(mem, &o, "ann-there", o.email);
    expect(&r, 200, NULL);
    list = get(mem, r.token, "/api/v1/tenants");
    assert_int_equal(count_of(&list), 1);
    list = enter(mem, r.token, other.tenant_id);
    expect(&list, 404, "not_found");
    list = post(mem, r.token, "/api/v1/tenants", "{\"company\":\"Mine\"}");
    expect(&list, 403, "session_of_company");
    list = get(mem, r.token, "/api/v1/me");
    assert_string_equal(text_of(&list, "tenant_id"), o.tenant_id);
    super("INSERT INTO host_person (person_id) VALUES ('%s')", o.admin_id);
    list = get(mem, r.token, "/api/v1/host/tenants");
    expect(&list, 403, "not_permitted");
    list = get(mem, o.admin, "/api/v1/host/tenants");
    expect(&list, 200, NULL);
    super("DELETE FROM host_person WHERE person_id = '%s'", o.admin_id);
    /* With the password one gets on as before. */
    list = get(mem, o.admin, "/api/v1/tenants");
    assert_int_equal(count_of(&list), 2);
    list = enter(mem, o.admin, other.tenant_id);
    expect(&list, 200, NULL);
}

/* And a password opens no company that wants its provider, but all others still. */
static void a_password_goes_round_no_provider(void **state)
{
    struct arena *mem = *state;
    struct company o = company_ready(mem, USUAL), other = company_new(mem);
    struct reply r = sign_in_as(mem, &o, "ann-there", o.email);

    expect(&r, 200, NULL);
    join(other.tenant_id, o.admin_id);
    r = put(mem, o.admin, ISSUER, "", NO_PASSWORDS);
    expect(&r, 200, NULL);
    r = log_in(mem, text_printf(mem, " %s ", o.email));
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "tenant_id"), other.tenant_id);
    r = enter(mem, r.token, o.tenant_id);
    expect(&r, 403, "oidc_wanted");
}

/* Whoever came in this way has no password, and none fits. */
static void people_without_a_password_have_none(void **state)
{
    struct arena *mem = *state;
    struct company o = company_ready(mem, USUAL);
    const char *email = text_printf(mem, "bob@%s", o.domain);
    struct reply r = sign_in_as(mem, &o, "bob-there", email);

    expect(&r, 200, NULL);
    r = log_in(mem, email);
    expect(&r, 401, "login_wrong");
    r = post(mem, NULL, "/api/v1/login",
             text_printf(mem, "{\"email\":\"%s\",\"password\":\"!\"}", email));
    expect(&r, 401, "login_wrong");
}

static int start(void **state)
{
    int rc = api_start(state);

    conf_set(CONF_master_key, "tests-of-sign-in-master-key-51c0d2a97e");
    return rc;
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, api_setup, api_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(the_settings_keep_their_secret),
        ONE(odd_settings_are_refused),
        ONE(a_domain_is_ones_own_and_leads_to_one_company),
        ONE(the_way_tells_nothing_about_accounts),
        ONE(the_request_is_bound),
        ONE(an_answer_counts_once_and_in_its_own_browser),
        ONE(an_answer_of_another_provider_is_refused),
        ONE(the_providers_no_is_a_sentence_of_ours),
        ONE(what_the_worker_refuses_is_told),
        ONE(people_are_found_or_made),
        ONE(nobody_of_another_company_is_meant),
        ONE(who_may_not_join_is_refused),
        ONE(passwords_end_once_an_admin_came_in_without),
        ONE(a_provider_opens_its_own_company_only),
        ONE(a_password_goes_round_no_provider),
        ONE(people_without_a_password_have_none),
    };
    return cmocka_run_group_tests(tests, start, api_stop);
}
