/* What OAuth tokens are worth, and how they end: refreshing, reuse, people, roles, apps. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/id.h"
#include "core/oauth_grant.h"
#include "core/token.h"
#include "oauth.h"

#include <cmocka.h>

#define TALK "employees:read conversations:read conversations:write"

struct held {
    const char *access, *refresh;
};

static struct held allow(struct arena *mem, const char *session, const struct app *app)
{
    struct reply r = code_take(mem, app, code_of(mem, session, app));

    expect(&r, 200, NULL);
    return (struct held){text_of(&r, "access_token"), text_of(&r, "refresh_token")};
}

static bool works(struct arena *mem, const char *token)
{
    struct reply r = with_token(mem, token, GET, "/api/v1/employees", "");

    if (r.status != 200)
        expect(&r, 401, "invalid_token");
    return r.status == 200;
}

static void a_refresh_token_counts_once(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct app app = app_new(mem, o.admin, false, TALK), rival = app_new(mem, o.admin, false, TALK);
    struct held first = allow(mem, o.member, &app), other = allow(mem, o.member, &app);
    PGconn *super = pg_open(PG_SUPER);
    struct reply r = refresh(mem, &rival, first.refresh), second, third;

    expect_error(&r, 400, "invalid_grant");
    second = refresh(mem, &app, first.refresh);
    expect(&second, 200, NULL);
    assert_true(works(mem, first.access));
    assert_true(works(mem, text_of(&second, "access_token")));
    third = refresh(mem, &app, text_of(&second, "refresh_token"));
    expect(&third, 200, NULL);
    /* The first one again: somebody has a copy. Nothing of that grant is left. */
    r = refresh(mem, &app, first.refresh);
    expect_error(&r, 400, "invalid_grant");
    assert_false(works(mem, first.access));
    assert_false(works(mem, text_of(&second, "access_token")));
    assert_false(works(mem, text_of(&third, "access_token")));
    r = refresh(mem, &app, text_of(&third, "refresh_token"));
    expect_error(&r, 400, "invalid_grant");
    assert_true(works(mem, other.access)); /* another consent is another matter */
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM audit WHERE action = 'app.refresh_reused' AND "
                              "object = '%s' AND actor = 'app:%s'",
                              app.id, app.id),
                     1);
    PQfinish(super);
}

struct racer {
    const struct app *app;
    const char *token, *tenant_id;
    pthread_barrier_t *start;
    bool got, failed;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    struct ctx *c = ctx_new(MIB(4), pg_pool(PG_WEB));
    struct oauth_client client = {.id = r->app->id};
    struct oauth_issue issue;

    c->tenant_id = r->tenant_id;
    c->actor = "app:race";
    pthread_barrier_wait(r->start);
    r->failed = oauth_refresh(c, &client, r->token, NULL, &issue) != OK || db_commit(c) != OK;
    r->got = !r->failed && issue.why == NULL;
    ctx_end(c);
    return NULL;
}

/* Two uses of one token at the same moment: one is a copy, so the family ends. Many times over. */
static void two_at_once_end_the_family(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct app app = app_new(mem, o.admin, false, TALK);
    PGconn *super = pg_open(PG_SUPER);

    for (int round = 0; round < 20; round++) {
        struct held held = allow(mem, o.member, &app);
        pthread_barrier_t start;
        struct racer racers[2];
        pthread_t threads[2];

        pthread_barrier_init(&start, NULL, 2);
        for (int i = 0; i < 2; i++) {
            racers[i] = (struct racer){&app, held.refresh, o.at.tenant_id, &start, false, false};
            assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        }
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        pthread_barrier_destroy(&start);
        assert_false(racers[0].failed || racers[1].failed);
        assert_int_equal(racers[0].got + racers[1].got, 1);
        assert_false(works(mem, held.access));
        assert_int_equal(pg_count(super, "SELECT count(*) FROM oauth_token WHERE tenant_id = '%s'",
                                  o.at.tenant_id),
                         0);
    }
    PQfinish(super);
}

static void a_refresh_may_ask_for_less_but_not_for_more(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct app app = app_new(mem, o.admin, false, TALK);
    struct held held = allow(mem, o.member, &app);
    struct reply r = form(mem, &app, "/oauth/token",
                          text_printf(mem,
                                      "grant_type=refresh_token&refresh_token=%s&scope=audit:read",
                                      held.refresh)),
                 less;

    expect_error(&r, 400, "invalid_scope"); /* and the token was not used up by that */
    less = form(mem, &app, "/oauth/token",
                text_printf(mem, "grant_type=refresh_token&refresh_token=%s&scope=employees:read",
                            held.refresh));
    expect(&less, 200, NULL);
    assert_string_equal(text_of(&less, "scope"), "employees:read");
    r = with_token(mem, text_of(&less, "access_token"), GET,
                   text_printf(mem, "/api/v1/conversations?employee_id=%s", o.at.employee_id), "");
    expect(&r, 403, "insufficient_scope");
    r = refresh(mem, &app, text_of(&less, "refresh_token"));
    assert_string_equal(text_of(&r, "scope"), TALK);
}

static void a_token_acts_for_its_person_as_far_as_the_role_goes(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct app app = app_new(mem, o.admin, false, "tenant:read " TALK " audit:export");
    struct held held = allow(mem, o.member, &app);
    PGconn *super = pg_open(PG_SUPER);
    struct reply r = with_token(mem, held.access, GET, "/api/v1/me", "");

    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "person_id"), o.member_id);
    assert_string_equal(text_of(&r, "role"), "member");
    assert_string_equal(text_of(&r, "csrf"), "");
    assert_string_equal(text_of(&r, "may"), "tenant:read " TALK);
    /* The person's own conversation, and the person's name. */
    r = with_token(mem, held.access, POST,
                   text_printf(mem, "/api/v1/conversations/%s/messages", o.conversation_id),
                   text_printf(mem, "{\"text\":\"Hello\",\"key\":\"%s\"}", id_new(mem)));
    expect(&r, 202, NULL);
    r = with_token(mem, held.access, GET, "/api/v1/audit/export", "");
    expect(&r, 403, "insufficient_scope");
    r = with_token(mem, held.access, GET, "/api/v1/sessions", "");
    expect(&r, 403, "persons_only");
    r = with_token(mem, held.access, POST, "/api/v1/oauth/answers", "{}");
    expect(&r, 403, "persons_only");

    pg_do(super, "UPDATE membership SET role = 'viewer' WHERE person_id = '%s'", o.member_id);
    r = with_token(mem, held.access, POST,
                   text_printf(mem, "/api/v1/conversations/%s/messages", o.conversation_id), "{}");
    expect(&r, 403, "insufficient_scope");
    pg_do(super, "UPDATE membership SET role = 'admin' WHERE person_id = '%s'", o.member_id);
    r = with_token(mem, held.access, GET, "/api/v1/audit/export", "");
    assert_int_equal(r.status, 0); /* waits for the signature */
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM audit WHERE action = 'audit.exported' AND "
                              "actor = 'person:%s' AND body = '{\"app\":\"%s\"}'",
                              o.member_id, app.id),
                     1);
    /* The app may less from now on: that counts for tokens that are out. */
    r = call(mem, &(struct call){.method = PUT,
                                 .path = text_printf(mem, "/api/v1/oauth-apps/%s", app.id),
                                 .token = o.admin,
                                 .body = BYTES("{\"name\":\"Less\",\"redirects\":\"" APP_BACK
                                               "\",\"scopes\":\"employees:read\"}")});
    expect(&r, 200, NULL);
    assert_true(works(mem, held.access));
    r = with_token(mem, held.access, GET, "/api/v1/me", "");
    expect(&r, 403, "insufficient_scope");
    PQfinish(super);
}

static void an_app_acts_for_itself(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct app app = app_new(mem, o.admin, true, "tenant:read " TALK);
    struct reply got = form(mem, &app, "/oauth/token", "grant_type=client_credentials"), r;
    const char *token;

    expect(&got, 200, NULL);
    assert_null(json_object_get(got.json, "refresh_token"));
    token = text_of(&got, "access_token");
    r = with_token(mem, token, GET, "/api/v1/me", "");
    assert_string_equal(text_of(&r, "person_id"), app.id);
    assert_string_equal(text_of(&r, "name"), "Meeting notes");
    r = with_token(mem, token, POST,
                   text_printf(mem, "/api/v1/employees/%s/conversations", o.at.employee_id), "{}");
    expect(&r, 201, NULL);
    r = form(mem, &app, "/oauth/token", "grant_type=client_credentials&scope=employees:read");
    assert_string_equal(text_of(&r, "scope"), "employees:read");
    r = form(mem, &app, "/oauth/token", "grant_type=client_credentials&scope=audit:read");
    expect_error(&r, 400, "invalid_scope");
}

static void tokens_end_with_person_password_and_app(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct app app = app_new(mem, o.admin, false, TALK), own = app_new(mem, o.admin, true, TALK);
    PGconn *super = pg_open(PG_SUPER);
    struct held left = allow(mem, o.member, &app), renewed = allow(mem, o.manager, &app),
                removed = allow(mem, o.viewer, &app);
    struct reply r = form(mem, &own, "/oauth/token", "grant_type=client_credentials");
    const char *itself = text_of(&r, "access_token");
    struct ctx *c = pg_ctx(PG_WEB, o.at.tenant_id);

    /* Leaves the company, and comes back: what was allowed is gone. */
    pg_do(super,
          "DELETE FROM session WHERE person_id = '%s'; DELETE FROM membership WHERE person_id = "
          "'%s'",
          o.member_id, o.member_id);
    assert_false(works(mem, left.access));
    r = refresh(mem, &app, left.refresh);
    expect_error(&r, 400, "invalid_grant");
    pg_do(super,
          "INSERT INTO membership (tenant_id, person_id, role) VALUES ('%s', '%s', 'member')",
          o.at.tenant_id, o.member_id);
    assert_false(works(mem, left.access));

    /* A new password (that the routes of passwords call this is tested with them). */
    assert_true(works(mem, renewed.access));
    assert_int_equal(oauth_grants_end(c, pg_get(mem, super,
                                                "SELECT person_id FROM membership WHERE tenant_id ="
                                                " '%s' AND role = 'manager'",
                                                o.at.tenant_id)),
                     OK);
    assert_int_equal(db_commit(c), OK);
    ctx_end(c);
    assert_false(works(mem, renewed.access));
    assert_true(works(mem, removed.access));

    /* The company is being erased: neither tokens nor the app count, until that is taken back. */
    pg_do(super, "UPDATE tenant SET erasing_at = now() WHERE tenant_id = '%s'", o.at.tenant_id);
    assert_false(works(mem, removed.access));
    r = form(mem, &own, "/oauth/token", "grant_type=client_credentials");
    expect_error(&r, 401, "invalid_client");
    pg_do(super, "UPDATE tenant SET erasing_at = NULL WHERE tenant_id = '%s'", o.at.tenant_id);

    for (int i = 0; i < 2; i++) {
        r = call(mem, &(struct call){.method = DELETE,
                                     .path = text_printf(mem, "/api/v1/oauth-apps/%s",
                                                         i == 0 ? app.id : own.id),
                                     .token = o.admin});
        assert_int_equal(r.status, 204);
    }
    assert_false(works(mem, removed.access));
    assert_false(works(mem, itself));
    r = refresh(mem, &app, removed.refresh);
    expect_error(&r, 401, "invalid_client");
    PQfinish(super);
}

static void a_person_sees_and_ends_what_was_allowed(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct app app = app_new(mem, o.admin, false, TALK);
    struct held held = allow(mem, o.member, &app);
    struct reply list = get(mem, o.member, "/api/v1/oauth/grants"), r;
    const char *path;

    assert_int_equal(count_of(&list), 1);
    assert_string_equal(json_str(item_of(&list, 0), "app"), "Meeting notes");
    path = text_printf(mem, "/api/v1/oauth/grants/%s", json_str(item_of(&list, 0), "id"));
    r = get(mem, o.manager, "/api/v1/oauth/grants");
    assert_int_equal(count_of(&r), 0);
    r = call(mem, &(struct call){.method = DELETE, .path = path, .token = o.manager});
    expect(&r, 404, "not_found");
    r = call(mem, &(struct call){.method = DELETE, .path = path, .token = o.member});
    assert_int_equal(r.status, 204);
    assert_false(works(mem, held.access));
    r = refresh(mem, &app, held.refresh);
    expect_error(&r, 400, "invalid_grant");
}

static bool active(struct arena *mem, const struct app *app, const char *token)
{
    struct reply r = form(mem, app, "/oauth/introspect", text_printf(mem, "token=%s", token));

    expect(&r, 200, NULL);
    if (!json_is_true(json_object_get(r.json, "active")))
        assert_string_equal(r.body, "{\"active\":false}");
    return json_is_true(json_object_get(r.json, "active"));
}

static void clients_ask_about_tokens_and_end_them(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    struct app app = app_new(mem, o.admin, false, TALK " audit:read"),
               judge = app_new(mem, o.admin, true, TALK),
               stranger = app_new(mem, other.admin, true, TALK);
    struct held held = allow(mem, o.member, &app);
    PGconn *super = pg_open(PG_SUPER);
    struct reply r = form(mem, &app, "/oauth/introspect", "token=x");

    expect_error(&r, 401, "invalid_client"); /* has no secret */
    r = form(mem, &judge, "/oauth/introspect", text_printf(mem, "token=%s", held.access));
    assert_string_equal(text_of(&r, "client_id"), app.id);
    assert_string_equal(text_of(&r, "sub"), o.member_id);
    assert_string_equal(text_of(&r, "scope"), TALK); /* what a member may of it */
    assert_string_equal(text_of(&r, "token_type"), "Bearer");
    assert_true(number_of(&r, "exp") - number_of(&r, "iat") == 3600);
    assert_true(active(mem, &judge, held.refresh));
    assert_false(active(mem, &stranger, held.access));
    assert_false(active(mem, &judge, token_new(mem, "kso")));
    assert_false(active(mem, &judge, "nonsense"));

    r = form(mem, &judge, "/oauth/revoke", text_printf(mem, "token=%s", held.access));
    expect(&r, 200, NULL); /* not its own: nothing happens */
    r = form(mem, &app, "/oauth/revoke", "token=nonsense");
    expect(&r, 200, NULL);
    assert_true(works(mem, held.access));
    r = form(mem, &app, "/oauth/revoke", text_printf(mem, "token=%s", held.access));
    expect(&r, 200, NULL);
    assert_false(works(mem, held.access));
    assert_false(active(mem, &judge, held.access));
    r = refresh(mem, &app, held.refresh);
    expect(&r, 200, NULL);
    held = (struct held){text_of(&r, "access_token"), text_of(&r, "refresh_token")};
    r = form(mem, &app, "/oauth/revoke", text_printf(mem, "token=%s", held.refresh));
    expect(&r, 200, NULL);
    assert_false(works(mem, held.access));
    assert_false(active(mem, &judge, held.refresh));

    held = allow(mem, o.member, &app);
    pg_do(super,
          "UPDATE oauth_token SET expires_at = now() - interval '1 second' WHERE tenant_id ="
          " '%s'",
          o.at.tenant_id);
    assert_false(works(mem, held.access));
    assert_false(active(mem, &judge, held.access));
    PQfinish(super);
}

static void nothing_of_it_is_kept_in_the_clear(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct app app = app_new(mem, o.admin, true, TALK);
    const char *code = code_of(mem, o.member, &app);
    struct reply r = code_take(mem, &app, code);
    const char *secrets[] = {app.secret, code, text_of(&r, "access_token"),
                             text_of(&r, "refresh_token")};
    static const char *const tables[] = {"oauth_app", "oauth_grant", "oauth_code", "oauth_token",
                                         "audit"};
    PGconn *super = pg_open(PG_SUPER);

    for (size_t i = 0; i < COUNT_OF(tables); i++)
        for (size_t k = 0; k < COUNT_OF(secrets); k++)
            assert_int_equal(pg_count(super,
                                      "SELECT count(*) FROM %s x WHERE x::text LIKE '%%%s%%'",
                                      tables[i], secrets[k] + 4),
                             0);
    PQfinish(super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_refresh_token_counts_once, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(two_at_once_end_the_family, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_refresh_may_ask_for_less_but_not_for_more, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(a_token_acts_for_its_person_as_far_as_the_role_goes,
                                        api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(an_app_acts_for_itself, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(tokens_end_with_person_password_and_app, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(a_person_sees_and_ends_what_was_allowed, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(clients_ask_about_tokens_and_end_them, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(nothing_of_it_is_kept_in_the_clear, api_setup,
                                        api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
