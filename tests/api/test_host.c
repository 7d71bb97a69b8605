/*
 * Those who run the instance: what they do with companies, what these see of it, and that no way
 * leads from there into what a company has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "api/routes.h"
#include "base/id.h"
#include "core/host.h"
#include "core/plan.h"
#include "slack.h"

#include <cmocka.h>

#define TENANTS "/api/v1/host/tenants"
#define FILL "isolation/fill.sql"

struct fixture {
    struct arena *mem;
    PGconn *super, *web;
    struct office own;   /* the host's own company, */
    const char *session; /* and the host's session there, as its admin */
    const char *email;
    struct office other;
};

static int setup(void **state)
{
    struct arena *mem = arena_new(MIB(256));
    struct fixture *f = arena_take(mem, sizeof(*f));
    struct ctx *owner = pg_ctx(PG_OWNER, NULL);

    f->mem = mem;
    f->super = pg_open(PG_SUPER);
    f->web = pg_open(PG_WEB);
    f->own = office_new(mem);
    f->session = f->own.admin;
    f->other = office_new(mem);
    f->email = text_printf(mem, "host.%s@example.org", id_new(mem));
    pg_do(f->super, "UPDATE person SET email = '%s', email_verified_at = now() WHERE id = '%s'",
          f->email, f->own.at.person_id);
    if (host_add(owner, f->email) != OK || db_commit(owner) != OK)
        fail_msg("%s", owner->fault.detail);
    ctx_end(owner);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    pg_do(f->super, "DELETE FROM host_person");
    PQfinish(f->super);
    PQfinish(f->web);
    arena_free(f->mem);
    return 0;
}

static const char *path_of(struct fixture *f, const char *rest)
{
    return text_printf(f->mem, TENANTS "/%s%s", f->other.at.tenant_id, rest);
}

static struct reply put(struct fixture *f, const char *rest, const char *body)
{
    return call(f->mem, &(struct call){.method = PUT,
                                       .path = path_of(f, rest),
                                       .token = f->session,
                                       .body = bytes_of(body)});
}

static struct reply act(struct fixture *f, const char *rest, const char *body)
{
    return post(f->mem, f->session, path_of(f, rest), body);
}

static int64_t audited(struct fixture *f, const char *action)
{
    return pg_count(f->super,
                    "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND action = '%s' AND actor "
                    "= 'host' AND body::jsonb ->> 'by' = '%s'",
                    f->other.at.tenant_id, action, f->own.at.person_id);
}

static void hosts_are_appointed_by_the_owner_alone(void **state)
{
    struct fixture *f = *state;
    struct ctx *owner = pg_ctx(PG_OWNER, NULL);
    static const char *const statements[] = {
        "SELECT host_add('x@example.org')", "SELECT host_remove('x@example.org')",
        "SELECT host_list()", "SELECT * FROM host_person",
        "INSERT INTO host_person (person_id) VALUES (gen_random_uuid())"};
    PGconn *worker = pg_open(PG_WORKER);
    struct reply r = get(f->mem, f->other.admin, TENANTS);
    struct host_person *items;
    size_t count;

    expect(&r, 403, "not_permitted");
    r = get(f->mem, f->session, TENANTS);
    expect(&r, 200, NULL);
    r = get(f->mem, f->session, "/api/v1/me");
    assert_true(json_is_true(json_object_get(r.json, "host")));
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        assert_string_equal(pg_try(f->web, "%s", statements[i]), "42501");
        assert_string_equal(pg_try(worker, "%s", statements[i]), "42501");
    }
    PQfinish(worker);
    /* Nobody becomes one by an address that they only claim. */
    pg_do(f->super, "UPDATE person SET email = 'claimed@example.org' WHERE id = '%s'",
          f->other.at.person_id);
    pg_do(f->super, "UPDATE person SET email_verified_at = NULL WHERE id = '%s'",
          f->other.at.person_id);
    assert_int_equal(host_add(owner, "claimed@example.org"), E_NOT_FOUND);
    ctx_forgive(owner);
    assert_int_equal(host_add(owner, f->email), OK); /* again changes nothing */
    assert_int_equal(host_list(owner, &items, &count), OK);
    assert_int_equal(count, 1);
    assert_string_equal(items[0].email, f->email);
    assert_false(items[0].factor);
    assert_int_equal(host_remove(owner, f->email), OK);
    assert_int_equal(db_commit(owner), OK);
    r = get(f->mem, f->session, TENANTS); /* at once */
    expect(&r, 403, "not_permitted");
    r = get(f->mem, f->session, "/api/v1/me");
    assert_true(json_is_false(json_object_get(r.json, "host")));
    assert_int_equal(host_remove(owner, f->email), E_NOT_FOUND);
    ctx_end(owner);
}

static const json_t *found_in(struct fixture *f, const char *path)
{
    struct reply r = get(f->mem, f->session, path);

    expect(&r, 200, NULL);
    for (size_t i = 0; i < count_of(&r); i++)
        if (text_is(json_str(item_of(&r, i), "id"), f->other.at.tenant_id))
            return item_of(&r, i);
    return NULL;
}

static void companies_are_listed_with_numbers(void **state)
{
    struct fixture *f = *state;
    const char *word = text_printf(f->mem, "Quaint %s", id_new(f->mem));
    const json_t *item;
    struct reply r;

    pg_do(f->super, "UPDATE tenant SET name = '%s' WHERE tenant_id = '%s'", word,
          f->other.at.tenant_id);
    pg_do(f->super, "UPDATE conversation SET message_count = 7 WHERE tenant_id = '%s'",
          f->other.at.tenant_id);
    /* Rolled up and not yet, in this month and in another. */
    pg_do(f->super,
          "INSERT INTO usage (tenant_id, id, provider, model, input_tokens, cached_tokens,"
          " output_tokens, counted, cost_micros, created_at) SELECT '%s', gen_random_uuid(), 'p',"
          " model, 1, 0, 1, true, 125, now() - make_interval(days => age) FROM (VALUES (0, 'a'),"
          " (0, 'b'), (40, 'a')) AS v(age, model); SET app.tenant_id = '%s'; SELECT usage_roll(2)",
          f->other.at.tenant_id, f->other.at.tenant_id);
    item = found_in(f, text_printf(f->mem, TENANTS "?name=qUAINT%%20%s", word + 7));
    assert_non_null(item);
    assert_string_equal(json_str(item, "name"), word);
    assert_string_equal(json_str(item, "state"), "active");
    assert_string_equal(json_str(item, "plan"), "standard");
    assert_int_equal(json_integer_value(json_object_get(item, "members")), 4);
    assert_int_equal(json_integer_value(json_object_get(item, "employees")), 1);
    assert_int_equal(json_integer_value(json_object_get(item, "messages")), 7);
    assert_int_equal(json_integer_value(json_object_get(item, "cost_micros")), 250);
    assert_null(found_in(f, TENANTS "?state=suspended"));
    assert_null(found_in(f, TENANTS "?name=%25"));
    /* Newest first, and a page goes on behind the one before. */
    assert_non_null(found_in(f, TENANTS));
    r = get(f->mem, f->session, TENANTS "?after=x");
    assert_int_equal(r.status, 400);
    r = get(f->mem, f->session, text_printf(f->mem, TENANTS "/%s", id_new(f->mem)));
    expect(&r, 404, "not_found");
}

static void pages_hold_each_company_once(void **state)
{
    struct fixture *f = *state;
    const char *mark = id_new(f->mem), *after = NULL;
    size_t seen = 0;

    for (int i = 0; i < 120; i++)
        pg_do(f->super, "INSERT INTO tenant (tenant_id, name) VALUES ('%s', 'Paged %s')",
              id_new(f->mem), mark);
    do {
        struct reply r = get(
            f->mem, f->session,
            text_printf(f->mem, TENANTS "?name=%s%s%s", mark,
                        after == NULL ? "" : "&after=", after == NULL ? "" : after));

        expect(&r, 200, NULL);
        seen += count_of(&r);
        after = json_str(r.json, "next");
    } while (after != NULL && seen < 1000);
    assert_int_equal(seen, 120);
}

static void a_company_is_made_for_somebody_else(void **state)
{
    struct fixture *f = *state;
    const char *email = text_printf(f->mem, "first.%s@example.org", id_new(f->mem)), *id;
    struct reply r = post(f->mem, f->session, TENANTS,
                          text_printf(f->mem,
                                      "{\"company\":\" New Ltd \",\"email\":\"%s\",\"plan\":"
                                      "\"trial\"}",
                                      email));

    expect(&r, 201, NULL);
    id = text_of(&r, "id");
    assert_string_equal(text_of(&r, "name"), "New Ltd");
    assert_string_equal(text_of(&r, "plan"), "trial");
    assert_int_equal(number_of(&r, "members"), 0);
    assert_int_equal(number_of(&r, "employees"), 1);
    assert_int_equal(pg_count(f->super,
                              "SELECT count(*) FROM invitation WHERE tenant_id = '%s' AND email = "
                              "'%s' AND role = 'admin'",
                              id, email),
                     1);
    assert_int_equal(
        pg_count(f->super, "SELECT count(*) FROM mail WHERE tenant_id = '%s' AND kind = 'invite'",
                 id),
        1);
    assert_int_equal(pg_count(f->super,
                              "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND action = "
                              "'tenant.made_by_host'",
                              id),
                     1);
    /* Whoever made it is where they were, and not in it. */
    r = get(f->mem, f->session, "/api/v1/me");
    assert_string_equal(text_of(&r, "tenant_id"), f->own.at.tenant_id);
    r = post(f->mem, f->session, TENANTS,
             "{\"company\":\"Half Ltd\",\"email\":\"x@example.org\",\"plan\":\"golden\"}");
    expect(&r, 400, "plan_unknown");
    r = post(f->mem, f->session, TENANTS,
             "{\"company\":\"Half Ltd\",\"email\":\"x\",\"plan\":\"trial\"}");
    expect(&r, 400, "email_malformed");
    assert_int_equal(pg_count(f->super, "SELECT count(*) FROM tenant WHERE name = 'Half Ltd'"), 0);
}

static void a_suspended_company_waits(void **state)
{
    struct fixture *f = *state;
    const char *key = text_of(
        &(struct reply[]){post(f->mem, f->other.admin, "/api/v1/api-keys",
                               "{\"name\":\"k\",\"scopes\":\"employees:read tenant:export\"}")}[0],
        "secret");
    const struct call by_key = {
        .method = GET,
        .path = "/api/v1/employees",
        .headers = {{"authorization", text_printf(f->mem, "Bearer %s", key)}}};
    struct call export_by_key = by_key;
    struct reply r = call(f->mem, &by_key);

    expect(&r, 200, NULL);
    r = act(f, "/suspend", "{\"why\":\" \"}");
    expect(&r, 400, "missing");
    r = act(f, "/suspend", "{\"why\":\"The invoice of May is open\"}");
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "state"), "suspended");
    assert_string_equal(text_of(&r, "why"), "The invoice of May is open");
    assert_non_null(found_in(f, TENANTS "?state=suspended"));
    r = get(f->mem, f->other.admin, "/api/v1/me");
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "barred"), "tenant_suspended");
    assert_string_equal(text_of(&r, "barred_why"), "The invoice of May is open");
    r = get(f->mem, f->other.admin, "/api/v1/employees");
    expect(&r, 403, "tenant_suspended");
    r = post(f->mem, f->other.member,
             text_printf(f->mem, "/api/v1/conversations/%s/messages", f->other.conversation_id),
             text_printf(f->mem, "{\"text\":\"x\",\"key\":\"%s\"}", id_new(f->mem)));
    expect(&r, 403, "tenant_suspended");
    r = call(f->mem, &by_key);
    expect(&r, 403, "tenant_suspended");
    /* What is theirs they can take out, and they can leave. */
    export_by_key.path = "/api/v1/exports";
    r = call(f->mem, &export_by_key);
    expect(&r, 200, NULL);
    r = get(f->mem, f->other.admin, "/api/v1/exports");
    expect(&r, 200, NULL);
    r = post(f->mem, f->other.viewer, "/api/v1/logout", "");
    assert_int_equal(r.status, 204);
    r = act(f, "/suspend", "{\"why\":\"The invoices of May and June are open\"}");
    expect(&r, 200, NULL);
    r = act(f, "/resume", "");
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "state"), "active");
    r = act(f, "/resume", "");
    expect(&r, 409, "not_suspended");
    r = get(f->mem, f->other.admin, "/api/v1/employees");
    expect(&r, 200, NULL);
    r = call(f->mem, &by_key);
    expect(&r, 200, NULL);
    assert_int_equal(audited(f, "tenant.suspended"), 2);
    assert_int_equal(audited(f, "tenant.resumed"), 1);
    r = post(f->mem, f->session, text_printf(f->mem, TENANTS "/%s/suspend", f->own.at.tenant_id),
             "{\"why\":\"x\"}");
    expect(&r, 409, "own_tenant");
}

/*
 * Vendors get their 200 after the commit, as ever; the message is there when the company goes on.
 */
static void what_comes_in_meanwhile_is_kept(void **state)
{
    struct fixture *f = *state;
    struct workspace w = workspace_new(f->mem);
    struct reply r = post(f->mem, f->session,
                          text_printf(f->mem, TENANTS "/%s/suspend", w.at.tenant_id),
                          "{\"why\":\"x\"}");

    expect(&r, 200, NULL);
    r = slack_deliver(&w, slack_mention(&w, "1700000000.000100"));
    assert_int_equal(r.status, 200);
    assert_int_equal(slack_rows(&w), 1);
    /* As the worker holds it; resumed, it is due at once. */
    pg_do(f->super, "UPDATE job SET run_at = now() + interval '5 minutes' WHERE tenant_id = '%s'",
          w.at.tenant_id);
    r = post(f->mem, f->session, text_printf(f->mem, TENANTS "/%s/resume", w.at.tenant_id), "");
    expect(&r, 200, NULL);
    assert_int_equal(pg_count(f->super,
                              "SELECT count(*) FROM job WHERE tenant_id = '%s' AND kind = 'turn' "
                              "AND run_at <= clock_timestamp()",
                              w.at.tenant_id),
                     1);
    PQfinish(w.super);
}

static int64_t limit_now(struct fixture *f)
{
    struct ctx *c = pg_ctx(PG_WEB, f->other.at.tenant_id);
    int64_t value = -1;

    assert_int_equal(plan_limit(c, "messages", &value), OK);
    ctx_end(c);
    return value;
}

static void plans_and_limits(void **state)
{
    struct fixture *f = *state;
    struct reply r = get(f->mem, f->session, "/api/v1/host/plans");

    expect(&r, 200, NULL);
    assert_true(count_of(&r) >= 3);
    assert_int_equal(limit_now(f), -1);
    r = put(f, "/plan", "{\"plan\":\"trial\"}");
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "plan"), "trial");
    assert_int_equal(limit_now(f), 120);
    r = put(f, "/plan", "{\"plan\":\"trial\"}");
    expect(&r, 200, NULL);
    r = put(f, "/plan", "{\"plan\":\"golden\"}");
    expect(&r, 400, "plan_unknown");
    r = put(f, "/limits/messages", "{\"per_minute\":5}");
    expect(&r, 200, NULL);
    for (size_t i = 0; i < count_of(&r); i++) {
        const json_t *item = item_of(&r, i);
        bool changed = text_is(json_str(item, "name"), "messages");

        assert_int_equal(json_is_true(json_object_get(item, "by_host")), changed);
        assert_int_equal(json_integer_value(json_object_get(item, "own")), changed ? 5 : 0);
        if (changed)
            assert_int_equal(json_integer_value(json_object_get(item, "of_plan")), 120);
    }
    assert_int_equal(limit_now(f), 5);
    r = put(f, "/limits/messages", "{\"per_minute\":-1}");
    assert_int_equal(r.status, 400);
    r = put(f, "/limits/no_such", "{\"per_minute\":1}");
    expect(&r, 404, "not_found");
    r = call(f->mem, &(struct call){.method = DELETE,
                                    .path = path_of(f, "/limits/messages"),
                                    .token = f->session});
    expect(&r, 200, NULL);
    assert_int_equal(limit_now(f), 120);
    assert_int_equal(audited(f, "tenant.plan_set"), 1);
    assert_int_equal(audited(f, "tenant.limit_set"), 2);
}

/*
 * The functions look at the session themselves: the web process's role alone gets nothing by them.
 */
static void without_a_hosts_session_the_doors_are_shut(void **state)
{
    struct fixture *f = *state;
    const char *sessions[] = {f->other.admin, "made up", NULL};
    const char *id = f->other.at.tenant_id;

    for (size_t i = 0; i < COUNT_OF(sessions); i++) {
        const char *hash = sessions[i] == NULL ? "NULL"
                                               : text_printf(f->mem, "sha256('%s')", sessions[i]);

        assert_int_equal(
            pg_count(f->web, "SELECT count(*) FROM host_tenants(%s, NULL, NULL, NULL, NULL, 50)",
                     hash),
            0);
        assert_int_equal(pg_count(f->web, "SELECT count(*) FROM host_limits(%s, '%s')", hash, id),
                         0);
        assert_null(pg_get(f->mem, f->web, "SELECT host_suspend(%s, '%s', 'x')", hash, id));
        assert_null(pg_get(f->mem, f->web, "SELECT host_plan(%s, '%s', 'trial')", hash, id));
        assert_null(pg_get(f->mem, f->web, "SELECT host_limit(%s, '%s', 'messages', 1)", hash, id));
    }
    assert_int_equal(pg_count(f->super,
                              "SELECT count(*) FROM tenant WHERE tenant_id = '%s' AND suspended_at "
                              "IS NULL AND plan = 'standard'",
                              id),
                     1);
    assert_string_equal(pg_try(f->web, "SELECT host_note('%s', 'x', '{}', NULL)", id), "42501");
    assert_string_equal(pg_try(f->web, "UPDATE tenant SET plan = 'large'"), "42501");
}

/* Letters only: some columns take nothing else. */
static const char *mark_new(struct arena *mem)
{
    char *mark = text_printf(mem, "canary%.12s", strrchr(id_new(mem), '-') + 1);

    for (char *at = mark; *at != '\0'; at++)
        if (*at >= '0' && *at <= '9')
            *at = (char)(*at - '0' + 'g');
    return mark;
}

static const char *fill_text(struct arena *mem)
{
    FILE *file = fopen(FILL, "r");
    char *text = arena_take(mem, KIB(64));

    if (file == NULL)
        fail_msg(FILL " can't be read; start the tests in the top folder");
    text[fread(text, 1, KIB(64) - 1, file)] = '\0';
    fclose(file);
    return text;
}

/*
 * A company with a row in every table, and the canary in every text but those that a host may see.
 */
static const char *planted(struct fixture *f, const char *mark)
{
    const char *id = id_new(f->mem);

    PQclear(PQexec(f->super, fill_text(f->mem)));
    pg_do(f->super, "BEGIN");
    assert_true(pg_count(f->super, "SELECT pg_temp.isolation_fill('%s', '%s')", id, mark) > 20);
    pg_do(f->super, "COMMIT");
    pg_do(f->super,
          "UPDATE tenant SET name = 'Seen Ltd', plan = 'standard', suspended_at = NULL, "
          "suspended_why = NULL WHERE tenant_id = '%s'",
          id);
    pg_do(f->super, "DELETE FROM tenant_limit WHERE tenant_id = '%s'", id);
    assert_true(pg_count(f->super,
                         "SELECT count(*) FROM message WHERE tenant_id = '%s' AND text "
                         "LIKE '%%%s%%'",
                         id, mark) > 0);
    return id;
}

static const char *path_with(struct fixture *f, const struct route *route, const char *id)
{
    struct buf out = buf_new(f->mem, KIB(4));

    for (const char *s = route->path; *s != '\0'; s++) {
        if (*s != ':') {
            buf_char(&out, *s);
            continue;
        }
        buf_text(&out, text_starts(s, ":name") ? "messages" : id);
        s += strcspn(s, "/") - 1;
    }
    if (route->query != NULL && strstr(route->query, "employee_id") != NULL)
        buf_printf(&out, "?employee_id=%s", id);
    return buf_str(&out);
}

static const char *body_for(const struct route *route)
{
    static const struct {
        const char *shape, *body;
    } rows[] = {{"HostReason", "{\"why\":\"x\"}"},
                {"HostPlanChoice", "{\"plan\":\"trial\"}"},
                {"HostLimitValue", "{\"per_minute\":1}"}};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (route->in != NULL && text_is(route->in->name, rows[i].shape))
            return rows[i].body;
    return "";
}

/*
 * With each id that a row of the company has, every route of the table; those that would end the
 * asking session are left out.
 */
static void no_route_tells_a_host_what_is_in_a_company(void **state)
{
    struct fixture *f = *state;
    const char *mark = mark_new(f->mem);
    const char *tenant = planted(f, mark);
    const char *all = pg_get(
        f->mem, f->super, "SELECT string_agg(DISTINCT id, ' ') FROM pg_temp.isolation_ids('%s') id",
        tenant);
    size_t count, asked = 0, told = 0;
    const struct route *routes = routes_all(&count);

    for (size_t i = 0; i < count; i++) {
        char *rest = text_dup(f->mem, all);

        if (routes[i].who < WHO_HOST || strstr(routes[i].path, "logout") != NULL)
            continue;
        for (const char *id; (id = strsep(&rest, " ")) != NULL;) {
            struct arena *mem = arena_new(MIB(64));
            struct reply r = call(mem, &(struct call){.method = routes[i].method,
                                                      .path = path_with(f, &routes[i], id),
                                                      .token = f->session,
                                                      .body = bytes_of(body_for(&routes[i]))});

            asked++;
            told += strstr(r.body, "Seen Ltd") != NULL;
            if (strstr(r.body, mark) != NULL)
                fail_msg("%s: %s", routes[i].path, r.body);
            if (routes[i].who > WHO_PERSON && strstr(r.body, tenant) != NULL)
                fail_msg("%s: %s", routes[i].path, r.body);
            if (r.status == 401 || r.status >= 500)
                fail_msg("%s: %d %s", routes[i].path, r.status, r.body);
            arena_free(mem);
        }
    }
    assert_true(asked > 300);
    assert_true(told > 3); /* the name is the host's to see: the look was not blind */
}

static void no_function_tells_a_host_what_is_in_a_company(void **state)
{
    struct fixture *f = *state;
    const char *mark = mark_new(f->mem);
    const char *tenant = planted(f, mark);
    const char *hash = text_printf(f->mem, "sha256('%s')", f->session);
    /* What the host's own session may call, and as which text its answer comes. */
    const char *calls[] = {
        text_printf(f->mem, "host_asks(%s)", hash),
        text_printf(f->mem, "host_tenants(%s, '%s', NULL, NULL, NULL, 50)", hash, tenant),
        text_printf(f->mem, "host_tenants(%s, NULL, NULL, NULL, NULL, 50)", hash),
        text_printf(f->mem, "host_limits(%s, '%s')", hash, tenant),
        text_printf(f->mem, "host_suspend(%s, '%s', 'reason')", hash, tenant),
        text_printf(f->mem, "host_plan(%s, '%s', 'trial')", hash, tenant),
        text_printf(f->mem, "host_limit(%s, '%s', 'messages', 1)", hash, tenant),
    };

    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        const char *said = pg_get(f->mem, f->web, "SELECT string_agg(x::text, ' ') FROM %s x",
                                  calls[i]);

        assert_non_null(said);
        if (strstr(said, mark) != NULL)
            fail_msg("%s: %s", calls[i], said);
        /* Nor does a call leave the web process in the company that it was about. */
        assert_int_equal(pg_count(f->web, "SELECT count(*) FROM tenant"), 0);
    }
    /* Each function that begins with host_ and that the web process may call was called. */
    assert_int_equal(pg_count(f->super, "SELECT count(*) FROM pg_proc WHERE proname ~ '^host_' AND "
                                        "has_function_privilege('konstruct_web', oid, 'EXECUTE')"),
                     COUNT_OF(calls) - 1);
    PQclear(PQexec(f->web, "BEGIN"));
    pg_do(f->web, "SELECT set_config('app.tenant_id', '%s', true)", f->own.at.tenant_id);
    pg_do(f->web, "SELECT count(*) FROM host_tenants(%s, NULL, NULL, NULL, NULL, 50)", hash);
    assert_string_equal(pg_get(f->mem, f->web, "SELECT current_setting('app.tenant_id')"),
                        f->own.at.tenant_id);
    assert_int_equal(
        pg_count(f->web, "SELECT count(*) FROM message WHERE text LIKE '%%%s%%'", mark), 0);
    PQclear(PQexec(f->web, "ROLLBACK"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hosts_are_appointed_by_the_owner_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(companies_are_listed_with_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(pages_hold_each_company_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_company_is_made_for_somebody_else, setup, teardown),
        cmocka_unit_test_setup_teardown(a_suspended_company_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(what_comes_in_meanwhile_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(plans_and_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_hosts_session_the_doors_are_shut, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(no_route_tells_a_host_what_is_in_a_company, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(no_function_tells_a_host_what_is_in_a_company, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
