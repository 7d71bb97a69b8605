/*
 * Invitations: asked for, sent again, withdrawn, and what becomes of whoever follows the link. The
 * worker's part, a link for the mail, is done here as the worker does it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "call.h"
#include "mail_help.h"

#include <cmocka.h>

#define PASSWORD "correct horse battery"
#define MASTER "tests-of-invites-master-key-61b0d2a97e"

/* An office whose admin has a proven address. */
static struct office proven_office(struct arena *mem)
{
    PGconn *super = pg_open(PG_SUPER);
    struct office o = office_new(mem);

    pg_do(super, "UPDATE person SET email_verified_at = now() WHERE id = '%s'", o.at.person_id);
    PQfinish(super);
    return o;
}

static const char *new_email(struct arena *mem)
{
    return text_printf(mem, "ben.%s@example.org", id_new(mem));
}

static struct reply invite(struct arena *mem, const char *token, const char *email,
                           const char *role)
{
    return post(mem, token, "/api/v1/invitations",
                text_printf(mem, "{\"email\":\"%s\",\"role\":\"%s\"}", email, role));
}

static const char *invited(struct arena *mem, const struct office *o, const char *email)
{
    struct reply r = invite(mem, o->admin, email, "member");

    expect(&r, 201, NULL);
    return text_of(&r, "id");
}

static struct reply again(struct arena *mem, const struct office *o, const char *id)
{
    return post(mem, o->admin, text_printf(mem, "/api/v1/invitations/%s/mail", id), "");
}

static struct reply withdraw(struct arena *mem, const char *token, const char *id)
{
    return call(mem, &(struct call){.method = DELETE,
                                    .path = text_printf(mem, "/api/v1/invitations/%s", id),
                                    .token = token});
}

static const char *link_of(struct arena *mem, const struct office *o, const char *invitation_id)
{
    return mailed_link(mem, o->at.tenant_id, "invite", invitation_id);
}

static struct reply look(struct arena *mem, const char *token)
{
    return post_token(mem, "/api/v1/links", token);
}

static struct reply accept(struct arena *mem, const char *token)
{
    return post_token(mem, "/api/v1/invitations/accept", token);
}

static struct reply join(struct arena *mem, const char *token, const char *password)
{
    return post(mem, NULL, "/api/v1/invitations/join",
                text_printf(mem, "{\"token\":\"%s\",\"name\":\" Ben \",\"password\":\"%s\"}", token,
                            password));
}

static struct reply log_in(struct arena *mem, const char *email)
{
    return post(mem, NULL, "/api/v1/login",
                text_printf(mem, "{\"email\":\"%s\",\"password\":\"" PASSWORD "\"}", email));
}

/* Somebody with an account and a proven address, in a company of its own. */
static struct reply account(struct arena *mem, const char *email)
{
    PGconn *super = pg_open(PG_SUPER);
    struct reply r = post(mem, NULL, "/api/v1/signup",
                          text_printf(mem,
                                      "{\"company\":\"Elsewhere\",\"name\":\"Ben\",\"email\":"
                                      "\"%s\",\"password\":\"" PASSWORD "\"}",
                                      email));

    expect(&r, 201, NULL);
    pg_do(super, "UPDATE person SET email_verified_at = now() WHERE id = '%s'",
          text_of(&r, "person_id"));
    PQfinish(super);
    return r;
}

static int64_t audited(const struct office *o, const char *action)
{
    PGconn *super = pg_open(PG_SUPER);
    int64_t n = pg_count(super,
                         "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND action = '%s'",
                         o->at.tenant_id, action);

    PQfinish(super);
    return n;
}

static void inviting_is_for_admins_with_a_proven_address(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    const char *email = new_email(mem);
    struct reply r = invite(mem, o.manager, email, "viewer");

    expect(&r, 403, "not_permitted");
    r = invite(mem, o.admin, email, "viewer");
    expect(&r, 403, "email_unverified");
    o = proven_office(mem);
    r = invite(mem, o.admin, "nobody", "viewer");
    expect(&r, 400, "email_malformed");
    r = invite(mem, o.admin, email, "owner");
    expect(&r, 400, "not_a_choice");
    r = invite(mem, o.admin, email, "viewer");
    expect(&r, 201, NULL);
    assert_string_equal(text_of(&r, "email"), email);
    assert_string_equal(text_of(&r, "role"), "viewer");
    assert_string_equal(text_of(&r, "mail"), "pending");
    assert_string_equal(text_of(&r, "invited_by"), "Somebody");
    assert_int_equal(number_of(&r, "expires") - number_of(&r, "created"), 7 * 86400);
    assert_int_equal(audited(&o, "person.invited"), 1);
    r = invite(mem, o.admin, text_printf(mem, "BEN%s", email + 3), "member");
    expect(&r, 400, "already_invited");
    r = get(mem, o.admin, "/api/v1/invitations");
    assert_int_equal(count_of(&r), 1);
    r = get(mem, o.manager, "/api/v1/invitations");
    expect(&r, 403, "not_permitted");
}

/* The answer is the same whether there is an account with this address elsewhere or not. */
static void inviting_tells_nothing_of_accounts(void **state)
{
    struct arena *mem = *state;
    struct office o = proven_office(mem);
    const char *known = new_email(mem), *unknown = new_email(mem);
    struct reply there = account(mem, known), a = invite(mem, o.admin, known, "member"),
                 b = invite(mem, o.admin, unknown, "member");

    expect(&there, 201, NULL);
    expect(&a, 201, NULL);
    expect(&b, 201, NULL);
    assert_int_equal(strlen(a.body), strlen(b.body));
    assert_int_equal(a.res.header_count, b.res.header_count);
    a = get(mem, o.admin, "/api/v1/people");
    assert_null(strstr(a.body, known));
}

static void somebody_new_joins_by_the_link(void **state)
{
    struct arena *mem = *state;
    struct office o = proven_office(mem);
    const char *email = new_email(mem), *id = invited(mem, &o, email), *link = link_of(mem, &o, id);
    struct reply r = look(mem, link), me;

    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "kind"), "invite");
    assert_string_equal(text_of(&r, "email"), email);
    assert_string_equal(text_of(&r, "role"), "member");
    assert_string_equal(text_of(&r, "inviter"), "Somebody");
    assert_true(json_is_false(json_object_get(r.json, "known")));
    /* It is for nothing else, and nobody accepts without an account. */
    r = post_token(mem, "/api/v1/email/verify", link);
    expect(&r, 400, "link_over");
    r = post(mem, NULL, "/api/v1/password/reset",
             text_printf(mem, "{\"token\":\"%s\",\"password\":\"" PASSWORD "\"}", link));
    expect(&r, 400, "link_over");
    r = accept(mem, link);
    expect(&r, 409, "no_account");
    r = join(mem, link, "short");
    expect(&r, 400, "password_short");

    r = join(mem, link, PASSWORD);
    expect(&r, 201, NULL);
    assert_string_equal(text_of(&r, "tenant_id"), o.at.tenant_id);
    assert_string_equal(text_of(&r, "name"), "Ben");
    assert_string_equal(text_of(&r, "role"), "member");
    assert_true(json_is_true(json_object_get(r.json, "verified")));
    me = get(mem, r.token, "/api/v1/me");
    assert_string_equal(me.body, r.body);
    assert_int_equal(audited(&o, "person.joined"), 1);

    /* Once. */
    me = join(mem, link, PASSWORD);
    expect(&me, 400, "link_over");
    me = look(mem, link);
    expect(&me, 400, "link_over");
    me = get(mem, o.admin, "/api/v1/invitations");
    assert_int_equal(count_of(&me), 0);
    me = invite(mem, o.admin, email, "member");
    expect(&me, 400, "already_member");
    me = log_in(mem, email);
    expect(&me, 200, NULL);
}

static void an_account_accepts_by_the_link(void **state)
{
    struct arena *mem = *state;
    struct office o = proven_office(mem);
    const char *email = new_email(mem);
    struct reply own = account(mem, email), r;
    const char *link = link_of(mem, &o, invited(mem, &o, email));

    r = look(mem, link);
    assert_true(json_is_true(json_object_get(r.json, "known")));
    r = join(mem, link, PASSWORD);
    expect(&r, 409, "email_taken");
    r = accept(mem, link);
    expect(&r, 200, NULL);
    assert_null(r.token); /* a link logs nobody in */
    assert_string_equal(text_of(&r, "id"), o.at.tenant_id);
    r = accept(mem, link);
    expect(&r, 400, "link_over");
    r = get(mem, own.token, "/api/v1/tenants");
    assert_int_equal(count_of(&r), 2);
    /* The log-in leads to the new company. */
    r = log_in(mem, email);
    assert_string_equal(text_of(&r, "tenant_id"), o.at.tenant_id);
    assert_string_equal(text_of(&r, "person_id"), text_of(&own, "person_id"));
}

/* Whoever belongs to no company any more comes back by an invitation, as the same person. */
static void who_was_removed_comes_back(void **state)
{
    struct arena *mem = *state;
    PGconn *super = pg_open(PG_SUPER);
    struct office o = proven_office(mem);
    const char *email = new_email(mem);
    struct reply own = join(mem, link_of(mem, &o, invited(mem, &o, email)), PASSWORD), r;

    expect(&own, 201, NULL);
    r = call(mem, &(struct call){
                      .method = DELETE,
                      .path = text_printf(mem, "/api/v1/people/%s", text_of(&own, "person_id")),
                      .token = o.admin});
    assert_int_equal(r.status, 204);
    r = log_in(mem, email);
    expect(&r, 403, "no_company");
    r = accept(mem, link_of(mem, &o, invited(mem, &o, email)));
    expect(&r, 200, NULL);
    r = log_in(mem, email);
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "person_id"), text_of(&own, "person_id"));
    PQfinish(super);
}

/* Or founds a company with the address: whoever proves it anew has it. */
static void an_address_without_a_company_can_sign_up(void **state)
{
    struct arena *mem = *state;
    PGconn *super = pg_open(PG_SUPER);
    const char *email = new_email(mem);
    struct reply old = account(mem, email), fresh, r;

    pg_do(super, "DELETE FROM session WHERE person_id = '%s'", text_of(&old, "person_id"));
    pg_do(super, "DELETE FROM membership WHERE person_id = '%s'", text_of(&old, "person_id"));
    fresh = post(mem, NULL, "/api/v1/signup",
                 text_printf(mem,
                             "{\"company\":\"New\",\"name\":\"Ben\",\"email\":\"%s\","
                             "\"password\":\"another horse battery\"}",
                             email));
    expect(&fresh, 201, NULL);
    r = post_token(
        mem, "/api/v1/email/verify",
        mailed_link(mem, text_of(&fresh, "tenant_id"), "verify", text_of(&fresh, "person_id")));
    assert_int_equal(r.status, 204);
    r = get(mem, fresh.token, "/api/v1/me");
    assert_true(json_is_true(json_object_get(r.json, "verified")));
    PQfinish(super);
}

static void an_invitation_ends(void **state)
{
    struct arena *mem = *state;
    PGconn *super = pg_open(PG_SUPER);
    struct office o = proven_office(mem), other = proven_office(mem);
    const char *email = new_email(mem), *id = invited(mem, &o, email), *link = link_of(mem, &o, id);
    struct reply r = withdraw(mem, other.admin, id);

    expect(&r, 404, "not_found");
    r = post(mem, other.admin, text_printf(mem, "/api/v1/invitations/%s/mail", id), "");
    expect(&r, 404, "not_found");
    r = withdraw(mem, o.admin, id);
    assert_int_equal(r.status, 204);
    r = look(mem, link);
    expect(&r, 400, "link_over");
    r = join(mem, link, PASSWORD);
    expect(&r, 400, "link_over");
    r = accept(mem, link);
    expect(&r, 400, "link_over");
    r = withdraw(mem, o.admin, id);
    expect(&r, 404, "not_found");
    assert_int_equal(audited(&o, "person.invitation_withdrawn"), 1);

    /* By time. */
    id = invited(mem, &o, email);
    link = link_of(mem, &o, id);
    pg_do(super, "UPDATE invitation SET expires_at = now() - interval '1 second' WHERE id = '%s'",
          id);
    r = look(mem, link);
    expect(&r, 400, "link_over");
    r = join(mem, link, PASSWORD);
    expect(&r, 400, "link_over");
    r = get(mem, o.admin, "/api/v1/invitations");
    assert_true(json_is_true(json_object_get(item_of(&r, 0), "expired")));
    /* Sent again it works again; so does asking anew. */
    r = again(mem, &o, id);
    expect(&r, 200, NULL);
    assert_true(json_is_false(json_object_get(r.json, "expired")));
    assert_int_equal(audited(&o, "person.invited_again"), 1);
    r = look(mem, link_of(mem, &o, id));
    expect(&r, 200, NULL);
    pg_do(super, "UPDATE invitation SET expires_at = now() - interval '1 second' WHERE id = '%s'",
          id);
    r = invite(mem, o.admin, email, "viewer");
    expect(&r, 201, NULL);
    assert_string_equal(text_of(&r, "role"), "viewer");
    r = get(mem, o.admin, "/api/v1/invitations");
    assert_int_equal(count_of(&r), 1);
    PQfinish(super);
}

static void nobody_is_flooded(void **state)
{
    struct arena *mem = *state;
    struct office o = proven_office(mem), other = proven_office(mem);
    const char *email = new_email(mem), *id = invited(mem, &o, email);
    struct reply r;

    for (int i = 0; i < 4; i++) {
        r = again(mem, &o, id);
        expect(&r, 200, NULL);
    }
    r = again(mem, &o, id);
    expect(&r, 429, "invites_to_address");
    /* Over all companies, in whatever spelling. */
    r = invite(mem, other.admin, text_printf(mem, "BEN%s", email + 3), "member");
    expect(&r, 429, "invites_to_address");
    r = invite(mem, other.admin, new_email(mem), "member");
    expect(&r, 201, NULL);
}

static void a_company_has_only_so_many(void **state)
{
    struct arena *mem = *state;
    struct office o = proven_office(mem);
    struct reply r;

    conf_set(CONF_invites_open, "2");
    invited(mem, &o, new_email(mem));
    invited(mem, &o, new_email(mem));
    r = invite(mem, o.admin, new_email(mem), "member");
    expect(&r, 409, "invites_open");
    conf_set(CONF_invites_open, "100");
    conf_set(CONF_invites_of_company, "3");
    invited(mem, &o, new_email(mem));
    r = invite(mem, o.admin, new_email(mem), "member");
    expect(&r, 429, "invites_of_company");
    conf_set(CONF_invites_of_company, "200");
}

static int start(void **state)
{
    int rc = api_start(state);

    conf_set(CONF_master_key, MASTER);
    return rc;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_setup, api_teardown)
    const struct CMUnitTest tests[] = {
        TEST(inviting_is_for_admins_with_a_proven_address),
        TEST(inviting_tells_nothing_of_accounts),
        TEST(somebody_new_joins_by_the_link),
        TEST(an_account_accepts_by_the_link),
        TEST(who_was_removed_comes_back),
        TEST(an_address_without_a_company_can_sign_up),
        TEST(an_invitation_ends),
        TEST(nobody_is_flooded),
        TEST(a_company_has_only_so_many),
    };

    return cmocka_run_group_tests(tests, start, api_stop);
}
