/*
 * The walk over routes.def: each route refuses who has no session, each role what is above it, and
 * with another tenant's ids each answers exactly as with ids that nothing has. A new route is
 * covered without an edit here, unless it is open to everybody or takes a body of a new shape.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "api/query.h"
#include "base/conf.h"
#include "base/id.h"
#include "call.h"

#include <cmocka.h>

#define CANARY "canary-of-the-other-company"

/*
 * A good body for each shape that comes in: what is refused is then refused for the id, not for the
 * body.
 */
static const struct {
    const char *shape, *body;
} bodies[] = {
    {"NewMessage", "{\"text\":\"x\",\"key\":\"01234567-89ab-cdef-0123-456789abcdef\"}"},
    {"NewCap", "{\"scope\":\"employee\",\"scope_id\":\"01234567-89ab-cdef-0123-456789abcdef\","
               "\"period\":\"day\",\"limit_micros\":1000000}"},
    {"NewProviderAccount", "{\"provider\":\"openai\",\"name\":\"x\"}"},
    {"ProviderAccountChange", "{\"name\":\"x\"}"},
    {"AccountModelSaid", "{\"name\":\"x\",\"input\":\"1\",\"output\":\"2\"}"},
    {"ProviderAccountOrder", "{\"ids\":\"x\"}"},
    {"EmployeeModelsChange", "{\"primary_provider\":\"openai\",\"primary_model\":\"x\"}"},
    {"NewTeam", "{\"name\":\"x\"}"},
    {"TeamChoice", "{}"},
    {"CapAlertSaw", "{\"id\":\"01234567-89ab-7def-8123-456789abcdef\"}"},
    {"CapLimit", "{\"limit_micros\":1000000}"},
    {"NewApiKey", "{\"name\":\"x\",\"scopes\":\"employees:read\"}"},
    {"ApiKeyChange", "{\"models\":\"gpt-5\"}"},
    {"NewInvitation", "{\"email\":\"somebody@example.org\",\"role\":\"viewer\"}"},
    {"RoleChange", "{\"role\":\"viewer\"}"},
    {"NewTenant", "{\"company\":\"x\"}"},
    {"PostPlaceChoice",
     "{\"connection_id\":\"01234567-89ab-7def-8123-456789abcdef\",\"place\":\"C024BE91L\"}"},
    {"ErasureAsk", "{\"company\":\"not the name\",\"password\":\"not the right one\"}"},
    {"Rotation", "{}"},
    {"NewOauthApp", "{\"name\":\"x\",\"scopes\":\"employees:read\",\"confidential\":true}"},
    {"OauthAppChange",
     "{\"name\":\"x\",\"scopes\":\"employees:read\",\"redirects\":\"https://x.example/\"}"},
    {"OauthAsk", "{\"request\":\"client_id=x\"}"},
    {"OauthAnswer", "{\"request\":\"client_id=x\",\"allow\":false}"},
    {"EmailChange", "{\"email\":\"new@example.org\",\"password\":\"not the right one\"}"},
    {"PasswordOnly", "{\"password\":\"not the right one\"}"},
    {"FactorCode", "{\"code\":\"000000\"}"},
    {"FactorProof", "{\"password\":\"not the right one\",\"code\":\"000000\"}"},
    {"HostNewTenant", "{\"company\":\"x\",\"email\":\"x@example.org\",\"plan\":\"standard\"}"},
    {"HostReason", "{\"why\":\"x\"}"},
    {"HostPlanChoice", "{\"plan\":\"trial\"}"},
    {"HostLimitValue", "{\"per_minute\":1}"},
    {"FactorRule", "{\"required\":false}"},
    {"SignInChange", "{\"issuer\":\"https://login.example.org\",\"client_id\":\"x\",\"role\":"
                     "\"member\",\"joining\":true,\"passwords\":true}"},
    {"NewSignInDomain", "{\"domain\":\"example.org\"}"},
    {"PasswordChange",
     "{\"password\":\"not the right one\",\"new_password\":\"long enough, this\"}"},
};

/* Open to everybody, each for a reason. */
static const char *const open_to_all[] = {"/api/v1/signup",
                                          "/api/v1/login",
                                          "/api/v1/login/factor",
                                          "/api/v1/sign-in/begin",
                                          "/api/v1/sign-in/finish",
                                          "/api/v1/links",
                                          "/api/v1/invitations/accept",
                                          "/api/v1/invitations/join",
                                          "/api/v1/email/verify",
                                          "/api/v1/password/forgotten",
                                          "/api/v1/password/reset",
                                          "/api/v1/openapi.json",
                                          "/.well-known/oauth-authorization-server",
                                          "/healthz",
                                          "/readyz"};

static const char *body_for(const struct route *route)
{
    if (route->in == NULL)
        return "";
    for (size_t i = 0; i < COUNT_OF(bodies); i++)
        if (strcmp(bodies[i].shape, route->in->name) == 0)
            return bodies[i].body;
    fail_msg("%s: write a good body for the shape %s into this test", route->path, route->in->name);
    return "";
}

/* The path with every parameter, and every query parameter that takes an id, given as this id. */
static const char *path_with(struct arena *mem, const struct route *route, const char *id)
{
    struct buf out = buf_new(mem, KIB(4));
    struct query_param p;

    for (const char *s = route->path; *s != '\0'; s++) {
        if (*s != ':') {
            buf_char(&out, *s);
            continue;
        }
        buf_text(&out, text_starts(s, ":channel") ? "slack" : id);
        while (s[1] != '\0' && s[1] != '/')
            s++;
    }
    for (const char *rest = route->query; query_next(mem, &rest, &p);)
        if (strstr(p.name, "_id") != NULL)
            buf_printf(&out, "%c%s=%s", strchr(buf_str(&out), '?') == NULL ? '?' : '&', p.name, id);
    return buf_str(&out);
}

static bool takes_ids(const struct route *route)
{
    return strstr(route->path, "/:id") != NULL ||
           (route->query != NULL && strstr(route->query, "_id") != NULL);
}

static struct reply ask(struct arena *mem, const struct route *route, const char *token,
                        const char *id)
{
    return call(mem, &(struct call){.method = route->method,
                                    .path = path_with(mem, route, id),
                                    .token = token,
                                    .body = route->who >= WHO_HOST ? bytes_of(body_for(route))
                                                                   : (struct bytes){NULL, 0}});
}

static void only_these_are_open(void **state)
{
    size_t count, open = 0;
    const struct route *routes = routes_all(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        bool listed = false;

        for (size_t k = 0; k < COUNT_OF(open_to_all); k++)
            listed = listed || strcmp(open_to_all[k], routes[i].path) == 0;
        assert_int_not_equal(routes[i].who, WHO_NOBODY);
        if ((routes[i].who == WHO_PUBLIC) != listed)
            fail_msg("%s", routes[i].path);
        open += listed;
        if (routes[i].who == WHO_VENDOR)
            assert_memory_equal(routes[i].path, "/hooks/", 7);
    }
    assert_int_equal(open, COUNT_OF(open_to_all));
}

static void each_refuses_without_a_session(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    const char *tokens[] = {NULL,
                            "",
                            "x",
                            text_printf(mem, "%sx", o.admin),
                            text_copy(mem, o.admin, 42),
                            "'; DELETE FROM session; --"};
    size_t count;
    const struct route *routes = routes_all(&count);

    conf_set(CONF_metrics_token, "a-token-for-metrics-of-over-32-bytes");
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < COUNT_OF(tokens) && routes[i].who != WHO_PUBLIC; k++) {
            struct reply r = ask(mem, &routes[i], tokens[k], o.at.employee_id);

            if (r.status != 401)
                fail_msg("%s: %d %s", routes[i].path, r.status, r.body);
        }
}

static void each_role_stays_below_its_line(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    const char *tokens[] = {o.viewer, o.member, o.manager, o.admin};
    size_t count;
    const struct route *routes = routes_all(&count);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < ROLE_COUNT && routes[i].who >= WHO_HOST; k++) {
            /* Logging out would take the session away from the others. */
            if (strcmp(routes[i].path, "/api/v1/logout") == 0)
                continue;
            struct reply r = ask(mem, &routes[i], tokens[k], id_new(mem));
            bool refused = r.status == 403 && text_is(r.code, "not_permitted");

            if (refused == who_permitted(routes[i].who, permits_of_role(role_name(k))))
                fail_msg("%s as %zu: %d %s", routes[i].path, k, r.status, r.body);
        }
}

static bool same_answer(struct arena *mem, const struct reply *a, const struct reply *b)
{
    json_t *left, *right;

    if (a->status != b->status || !text_is(a->code, b->code) || !text_is(a->type, b->type))
        return false;
    if (a->json == NULL || b->json == NULL)
        return a->json == b->json && text_is(a->body, b->body);
    left = json_deep_copy(a->json);
    right = json_deep_copy(b->json);
    json_object_del(left, "reference");
    json_object_del(right, "reference");

    bool same = text_is(json_text(mem, left), json_text(mem, right));

    json_decref(left);
    json_decref(right);
    return same;
}

/* Foreign and missing look alike, for every kind of id that the other company has. */
static void foreign_ids_are_missing_ids(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    PGconn *super = pg_open(PG_SUPER);
    size_t count, walked = 0;
    const struct route *routes = routes_all(&count);
    struct reply said = post(
        mem, other.member,
        text_printf(mem, "/api/v1/conversations/%s/messages", other.conversation_id),
        text_printf(mem, "{\"text\":\"" CANARY "\",\"key\":\"%s\"}", id_new(mem)));

    expect(&said, 202, NULL);

    const char *theirs[] = {
        other.conversation_id,
        other.at.employee_id,
        other.at.tenant_id,
        other.at.person_id,
        text_of(&said, "id"),
        pg_get(mem, super, "SELECT id FROM job WHERE tenant_id = '%s' AND kind = 'turn'",
               other.at.tenant_id),
    };

    for (size_t i = 0; i < count; i++) {
        if (routes[i].who < WHO_PERSON || !takes_ids(&routes[i]))
            continue;
        /* Whoever may ask at all; an admin's answer could hold more of the company. */
        const char *asker = who_permitted(routes[i].who, permits_of_role("member")) ? o.member
                                                                                    : o.admin;
        struct reply missing = ask(mem, &routes[i], asker, id_new(mem));

        walked++;
        if (strstr(routes[i].path, "/:id") != NULL)
            expect(&missing, 404, "not_found");
        for (size_t k = 0; k < COUNT_OF(theirs); k++) {
            struct reply foreign = ask(mem, &routes[i], asker, theirs[k]);

            if (!same_answer(mem, &missing, &foreign) || strstr(foreign.body, CANARY) != NULL)
                fail_msg("%s: missing %s, foreign %s", routes[i].path, missing.body, foreign.body);
        }
    }
    assert_true(walked >= 6);
    /* And nothing was written on the way. */
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM message WHERE tenant_id = '%s'", other.at.tenant_id),
        1);
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM message WHERE tenant_id = '%s'", o.at.tenant_id), 0);
    assert_int_equal(pg_count(super, "SELECT count(*) FROM conversation WHERE tenant_id = '%s'",
                              other.at.tenant_id),
                     1);
    PQfinish(super);
}

/* With one's own ids, no answer holds anything of the other company. */
static void no_answer_holds_anothers_words(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    const char *ids[] = {o.conversation_id, o.at.employee_id, o.at.tenant_id};
    const char *secrets[] = {CANARY, other.conversation_id, other.at.employee_id,
                             other.at.tenant_id, other.at.person_id};
    size_t count;
    const struct route *routes = routes_all(&count);
    struct reply said = post(
        mem, other.member,
        text_printf(mem, "/api/v1/conversations/%s/messages", other.conversation_id),
        text_printf(mem, "{\"text\":\"" CANARY "\",\"key\":\"%s\"}", id_new(mem)));

    expect(&said, 202, NULL);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < COUNT_OF(ids) && routes[i].who >= WHO_PERSON; k++) {
            if (strcmp(routes[i].path, "/api/v1/logout") == 0)
                continue;
            struct reply r = ask(mem, &routes[i], o.member, ids[k]);

            for (size_t s = 0; s < COUNT_OF(secrets); s++)
                if (strstr(r.body, secrets[s]) != NULL)
                    fail_msg("%s: %s", routes[i].path, r.body);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_these_are_open),
        cmocka_unit_test_setup_teardown(each_refuses_without_a_session, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(each_role_stays_below_its_line, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(foreign_ids_are_missing_ids, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(no_answer_holds_anothers_words, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
