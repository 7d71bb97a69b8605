/*
 * The people of a company: seen, given other roles, removed; going from one company to another,
 * founding one and leaving one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/id.h"
#include "call.h"
#include "core/permission.h"

#include <cmocka.h>

#define PASSWORD "correct horse battery"

static struct reply ask(struct arena *mem, enum method method, const char *token, const char *path,
                        const char *body)
{
    return call(mem, &(struct call){
                         .method = method, .path = path, .token = token, .body = bytes_of(body)});
}

static struct reply role(struct arena *mem, const char *token, const char *person_id,
                         const char *role)
{
    return ask(mem, PATCH, token, text_printf(mem, "/api/v1/people/%s", person_id),
               text_printf(mem, "{\"role\":\"%s\"}", role));
}

static struct reply drop(struct arena *mem, const char *token, const char *person_id)
{
    return ask(mem, DELETE, token, text_printf(mem, "/api/v1/people/%s", person_id), "");
}

static struct reply enter(struct arena *mem, const char *token, const char *tenant_id)
{
    return post(mem, token, text_printf(mem, "/api/v1/tenants/%s/session", tenant_id), "");
}

static struct reply leave(struct arena *mem, const char *token, const char *tenant_id)
{
    return ask(mem, DELETE, token, text_printf(mem, "/api/v1/tenants/%s/membership", tenant_id),
               "");
}

static struct reply log_in(struct arena *mem, const char *email)
{
    return post(mem, NULL, "/api/v1/login",
                text_printf(mem, "{\"email\":\"%s\",\"password\":\"" PASSWORD "\"}", email));
}

/* Somebody with a proven address and a password, admin of a company of that name. */
struct someone {
    const char *email, *person_id, *tenant_id, *token;
};

static struct someone sign_up(struct arena *mem, const char *company)
{
    PGconn *super = pg_open(PG_SUPER);
    struct someone s = {.email = text_printf(mem, "ann.%s@example.org", id_new(mem))};
    struct reply r = post(mem, NULL, "/api/v1/signup",
                          text_printf(mem,
                                      "{\"company\":\"%s\",\"name\":\"Ann\",\"email\":\"%s\","
                                      "\"password\":\"" PASSWORD "\"}",
                                      company, s.email));

    expect(&r, 201, NULL);
    s.person_id = text_of(&r, "person_id");
    s.tenant_id = text_of(&r, "tenant_id");
    s.token = r.token;
    pg_do(super, "UPDATE person SET email_verified_at = now() WHERE id = '%s'", s.person_id);
    PQfinish(super);
    return s;
}

/* Whoever this is belongs to that company as well. */
static void also_in(const struct someone *s, const char *tenant_id, const char *role)
{
    PGconn *super = pg_open(PG_SUPER);

    pg_do(super, "INSERT INTO membership (tenant_id, person_id, role) VALUES ('%s', '%s', '%s')",
          tenant_id, s->person_id, role);
    PQfinish(super);
}

static int64_t audited(const char *tenant_id, const char *action, const char *object)
{
    PGconn *super = pg_open(PG_SUPER);
    int64_t n = pg_count(super,
                         "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND action = '%s' AND "
                         "object = '%s'",
                         tenant_id, action, object);

    PQfinish(super);
    return n;
}

static const json_t *line_of(const struct reply *list, const char *id)
{
    for (size_t i = 0; i < count_of(list); i++)
        if (text_is(json_str(item_of(list, i), "id"), id))
            return item_of(list, i);
    return NULL;
}

static void the_people_of_one_company(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    struct reply r = get(mem, o.member, "/api/v1/people");
    const json_t *self;

    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 4);
    assert_null(strstr(r.body, other.member_id));
    assert_null(strstr(r.body, "no hash"));
    self = line_of(&r, o.member_id);
    assert_string_equal(json_str(self, "role"), "member");
    assert_true(json_is_true(json_object_get(self, "self")));
    assert_true(json_is_false(json_object_get(self, "verified")));
    assert_true(json_integer_value(json_object_get(self, "seen")) > 0);
    assert_true(json_is_false(json_object_get(line_of(&r, o.at.person_id), "self")));
    r = get(mem, o.viewer, "/api/v1/people");
    expect(&r, 403, "not_permitted");
    r = get(mem, o.member, "/api/v1/people?limit=1");
    expect(&r, 200, NULL);
    assert_non_null(line_of(&r, o.at.person_id));
    r = get(mem, o.member, text_printf(mem, "/api/v1/people?after=%s", text_of(&r, "next")));
    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 3);
    assert_null(line_of(&r, o.at.person_id));
    r = get(mem, o.member, "/api/v1/people?after=x");
    expect(&r, 400, "cursor_wrong");
}

static void an_admin_changes_roles(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    struct reply r = role(mem, o.admin, o.member_id, "manager");

    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "role"), "manager");
    assert_int_equal(audited(o.at.tenant_id, "person.role_changed", o.member_id), 1);
    /* It counts at once, for the session that is there. */
    r = get(mem, o.member, "/api/v1/audit");
    expect(&r, 200, NULL);
    /* The same again is no change. */
    r = role(mem, o.admin, o.member_id, "manager");
    expect(&r, 200, NULL);
    assert_int_equal(audited(o.at.tenant_id, "person.role_changed", o.member_id), 1);
    r = role(mem, o.admin, o.member_id, "owner");
    expect(&r, 400, "not_a_choice");
    r = role(mem, o.manager, o.member_id, "viewer");
    expect(&r, 403, "not_permitted");
    /* Nobody of another company, and not even whether there is such a person. */
    r = role(mem, o.admin, other.member_id, "viewer");
    expect(&r, 404, "not_found");
    r = role(mem, o.admin, id_new(mem), "viewer");
    expect(&r, 404, "not_found");
    r = role(mem, o.admin, "x", "viewer");
    expect(&r, 404, "not_found");
    r = get(mem, other.member, "/api/v1/me");
    assert_string_equal(text_of(&r, "role"), "member");
}

static void the_last_admin_stays(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply r = role(mem, o.admin, o.at.person_id, "member");

    expect(&r, 409, "last_admin");
    r = drop(mem, o.admin, o.at.person_id);
    expect(&r, 409, "last_admin");
    r = leave(mem, o.admin, o.at.tenant_id);
    expect(&r, 409, "last_admin");
    r = role(mem, o.admin, o.at.person_id, "admin");
    expect(&r, 200, NULL);
    /* With a second one they may. */
    r = role(mem, o.admin, o.member_id, "admin");
    expect(&r, 200, NULL);
    r = role(mem, o.admin, o.at.person_id, "viewer");
    expect(&r, 200, NULL);
    r = role(mem, o.admin, o.member_id, "viewer");
    expect(&r, 403, "not_permitted");
    r = drop(mem, o.member, o.member_id);
    expect(&r, 409, "last_admin");
}

static void whoever_is_removed_is_out_at_once(void **state)
{
    struct arena *mem = *state;
    PGconn *super = pg_open(PG_SUPER);
    struct office o = office_new(mem), other = office_new(mem);
    struct reply r = drop(mem, o.admin, other.member_id);

    expect(&r, 404, "not_found");
    r = drop(mem, o.manager, o.member_id);
    expect(&r, 403, "not_permitted");
    r = drop(mem, o.admin, o.member_id);
    assert_int_equal(r.status, 204);
    assert_int_equal(audited(o.at.tenant_id, "person.removed", o.member_id), 1);
    r = get(mem, o.member, "/api/v1/me");
    expect(&r, 401, "unauthenticated");
    r = get(mem, other.member, "/api/v1/me");
    expect(&r, 200, NULL);
    r = drop(mem, o.admin, o.member_id);
    expect(&r, 404, "not_found");
    /* What was said stays. */
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM conversation WHERE id = '%s'", o.conversation_id), 1);
    PQfinish(super);
}

/* What somebody reads live ends with the membership, with the session, and with going elsewhere. */
static void live_streams_end_with_the_session(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    const char *path = text_printf(mem, "/api/v1/conversations/%s/stream", o.conversation_id);
    const char *second = session_of(mem, o.at.tenant_id, o.member_id);
    const struct bytes news = BYTES("{\"type\":\"message\"}");
    struct reply first = get(mem, o.member, path), other = get(mem, second, path), r;

    assert_true(first.park != NULL && first.park->stream && other.park != NULL);
    r = post(mem, second, "/api/v1/logout", "");
    assert_int_equal(r.status, 204);
    r = wake(mem, &other, WAKE_NEWS, news);
    expect(&r, 401, "unauthenticated");
    r = wake(mem, &first, WAKE_START, news);
    assert_null(r.code);
    first.park->checked_ms = 0; /* as if a second had passed */
    r = wake(mem, &first, WAKE_NEWS, news);
    assert_null(r.code);
    r = drop(mem, o.admin, o.member_id);
    assert_int_equal(r.status, 204);
    first.park->checked_ms = 0;
    r = wake(mem, &first, WAKE_NEWS, news);
    expect(&r, 401, "unauthenticated");
}

/* A link that was sent before leads nowhere after, and says so. */
static void links_of_the_removed_are_over(void **state)
{
    struct arena *mem = *state;
    PGconn *super = pg_open(PG_SUPER);
    struct someone boss = sign_up(mem, "Fern"), ann = sign_up(mem, "Moss");
    struct reply r;

    also_in(&ann, boss.tenant_id, "member");
    pg_do(super, "UPDATE membership SET used_at = now() + interval '1 hour' WHERE tenant_id = '%s'",
          boss.tenant_id);
    r = post(mem, NULL, "/api/v1/password/forgotten",
             text_printf(mem, "{\"email\":\"%s\"}", ann.email));
    assert_int_equal(r.status, 202);
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM mail WHERE tenant_id = '%s' AND person_id = "
                              "'%s' AND used_at IS NULL",
                              boss.tenant_id, ann.person_id),
                     1);
    r = drop(mem, boss.token, ann.person_id);
    assert_int_equal(r.status, 204);
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM mail WHERE tenant_id = '%s' AND person_id = "
                              "'%s' AND used_at IS NULL",
                              boss.tenant_id, ann.person_id),
                     0);
    PQfinish(super);
}

static void switching_moves_the_session(void **state)
{
    struct arena *mem = *state;
    PGconn *super = pg_open(PG_SUPER);
    struct someone ann = sign_up(mem, "Beech"), bob = sign_up(mem, "Ash"),
                   stranger = sign_up(mem, "Oak");
    struct reply r = get(mem, ann.token, "/api/v1/tenants");
    const char *until;

    assert_int_equal(count_of(&r), 1);
    also_in(&ann, bob.tenant_id, "viewer");
    r = get(mem, ann.token, "/api/v1/tenants");
    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 2);
    assert_null(strstr(r.body, stranger.tenant_id));
    assert_string_equal(json_str(item_of(&r, 0), "name"), "Ash");
    assert_string_equal(json_str(item_of(&r, 0), "role"), "viewer");
    assert_true(json_is_true(json_object_get(item_of(&r, 1), "current")));

    /* It lasts no longer than before. */
    pg_do(super, "UPDATE session SET expires_at = now() + interval '2 days' WHERE person_id = '%s'",
          ann.person_id);
    until = pg_get(mem, super,
                   "SELECT ceil(extract(epoch FROM expires_at)) FROM session WHERE "
                   "person_id = '%s'",
                   ann.person_id);
    r = enter(mem, ann.token, bob.tenant_id);
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "tenant_id"), bob.tenant_id);
    assert_string_equal(text_of(&r, "role"), "viewer");
    assert_non_null(r.token);
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM session WHERE person_id = '%s'", ann.person_id), 1);
    assert_string_equal(pg_get(mem, super,
                               "SELECT extract(epoch FROM expires_at)::bigint FROM session WHERE "
                               "person_id = '%s'",
                               ann.person_id),
                        until);
    assert_int_equal(audited(bob.tenant_id, "person.logged_in", ann.person_id), 1);
    assert_int_equal(audited(ann.tenant_id, "person.logged_out", ann.person_id), 1);

    /* The old cookie opens nothing, the new one only the other company. */
    struct reply old = get(mem, ann.token, "/api/v1/me");

    expect(&old, 401, "unauthenticated");
    old = get(mem, r.token, "/api/v1/me");
    assert_string_equal(text_of(&old, "tenant_id"), bob.tenant_id);
    assert_string_equal(text_of(&old, "csrf"), text_of(&r, "csrf"));

    /* A log-in leads to where one was last. */
    old = log_in(mem, ann.email);
    assert_string_equal(text_of(&old, "tenant_id"), bob.tenant_id);
    old = enter(mem, old.token, ann.tenant_id);
    expect(&old, 200, NULL);
    assert_string_equal(text_of(&old, "role"), "admin");
    old = enter(mem, old.token, ann.tenant_id); /* once more changes nothing */
    expect(&old, 200, NULL);
    old = log_in(mem, ann.email);
    assert_string_equal(text_of(&old, "tenant_id"), ann.tenant_id);

    /* Others' companies look like none at all. */
    r = enter(mem, old.token, stranger.tenant_id);
    expect(&r, 404, "not_found");
    r = enter(mem, old.token, id_new(mem));
    expect(&r, 404, "not_found");
    r = leave(mem, old.token, stranger.tenant_id);
    expect(&r, 404, "not_found");
    PQfinish(super);
}

static void founding_a_further_company(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct someone ann = sign_up(mem, "First");
    struct reply r = post(mem, o.member, "/api/v1/tenants", "{\"company\":\"Second\"}");

    expect(&r, 403, "email_unverified");
    r = post(mem, ann.token, "/api/v1/tenants", "{\"company\":\"  \"}");
    expect(&r, 400, "missing");
    r = post(mem, ann.token, "/api/v1/tenants", "{\"company\":\" Second \"}");
    expect(&r, 201, NULL);
    assert_string_equal(text_of(&r, "tenant_name"), "Second");
    assert_string_equal(text_of(&r, "role"), "admin");
    assert_int_equal(audited(text_of(&r, "tenant_id"), "tenant.created", text_of(&r, "tenant_id")),
                     1);

    struct reply list = get(mem, r.token, "/api/v1/tenants");

    assert_int_equal(count_of(&list), 2);
    list = get(mem, r.token, "/api/v1/employees");
    assert_true(count_of(&list) > 0);
    for (int i = 0; i < 4; i++) {
        r = post(mem, r.token, "/api/v1/tenants", "{\"company\":\"Another\"}");
        expect(&r, 201, NULL);
    }
    r = post(mem, r.token, "/api/v1/tenants", "{\"company\":\"One more\"}");
    expect(&r, 429, "companies_founded");
}

static void leaving(void **state)
{
    struct arena *mem = *state;
    struct someone ann = sign_up(mem, "Home"), bob = sign_up(mem, "Away");
    struct reply r, me;

    also_in(&ann, bob.tenant_id, "member");
    r = leave(mem, ann.token, bob.tenant_id); /* from outside: the session stays */
    assert_int_equal(r.status, 204);
    assert_null(r.token);
    assert_int_equal(audited(bob.tenant_id, "person.left", ann.person_id), 1);
    me = get(mem, ann.token, "/api/v1/me");
    expect(&me, 200, NULL);

    also_in(&ann, bob.tenant_id, "member");
    r = enter(mem, ann.token, bob.tenant_id);
    r = leave(mem, r.token, bob.tenant_id); /* from inside: it goes on in the other */
    assert_int_equal(r.status, 204);
    me = get(mem, r.token, "/api/v1/me");
    assert_string_equal(text_of(&me, "tenant_id"), ann.tenant_id);
    assert_int_equal(audited(bob.tenant_id, "person.left", ann.person_id), 2);

    /* The only one: logged out, and the right password is answered truly. */
    also_in(&bob, ann.tenant_id, "admin");
    r = leave(mem, me.rq.session_token, ann.tenant_id);
    assert_int_equal(r.status, 204);
    assert_string_equal(r.token, "");
    r = log_in(mem, ann.email);
    expect(&r, 403, "no_company");
    assert_null(r.token);
    r = post(mem, NULL, "/api/v1/login",
             text_printf(mem, "{\"email\":\"%s\",\"password\":\"a wrong password\"}", ann.email));
    expect(&r, 401, "login_wrong");
    r = post(mem, NULL, "/api/v1/password/forgotten",
             text_printf(mem, "{\"email\":\"%s\"}", ann.email));
    assert_int_equal(r.status, 202);
}

static void the_permission_table_is_printed(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply r = get(mem, o.viewer, "/api/v1/permissions");

    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), PERMISSION_COUNT);
    for (size_t i = 0; i < PERMISSION_COUNT; i++) {
        const struct permission_row *row = permission_row((enum permission)i);
        const json_t *line = item_of(&r, i);

        assert_string_equal(json_str(line, "name"), row->shown);
        assert_string_equal(json_str(line, "about"), row->about);
        for (enum role k = ROLE_VIEWER; k < ROLE_COUNT; k++)
            assert_int_equal(json_is_true(json_object_get(line, role_name(k))), row->role[k]);
        assert_int_equal(json_is_true(json_object_get(line, "programs")), row->key);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_setup, api_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_people_of_one_company),
        TEST(an_admin_changes_roles),
        TEST(the_last_admin_stays),
        TEST(whoever_is_removed_is_out_at_once),
        TEST(live_streams_end_with_the_session),
        TEST(links_of_the_removed_are_over),
        TEST(switching_moves_the_session),
        TEST(founding_a_further_company),
        TEST(leaving),
        TEST(the_permission_table_is_printed),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
