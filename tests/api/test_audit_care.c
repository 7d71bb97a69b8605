/* What admins do about the audit: erase a subject, and choose where the anchor is posted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "call.h"
#include "core/audit.h"
#include "flow/runner.h"

#include <cmocka.h>

static int start(void **state)
{
    if (api_start(state) != 0)
        return 1;
    conf_set(CONF_master_key, "a master key for tests, long enough to be one");
    conf_set(CONF_web_key, "a web key for tests, also long enough for it");
    return 0;
}

static void work(struct arena *mem, const char *tenant_id, const char *kind)
{
    PGconn *super = pg_open(PG_SUPER);
    struct job_hint hint = {
        tenant_id, pg_get(mem, super,
                          "SELECT id FROM job WHERE tenant_id = '%s' AND kind = '%s' AND state = "
                          "'ready' ORDER BY number LIMIT 1",
                          tenant_id, kind)};

    assert_non_null(hint.job_id);
    runner_run(pg_pool(PG_WORKER), &hint, arena_take(mem, sizeof(struct run)));
    PQfinish(super);
}

static struct reply erase(struct arena *mem, const char *token, const char *subject)
{
    return post(mem, token, text_printf(mem, "/api/v1/audit/subjects/%s/erase", subject), "");
}

static struct reply choose(struct arena *mem, const char *token, const char *connection_id,
                           const char *place)
{
    const char *body = text_printf(mem, "{\"connection_id\":\"%s\",\"place\":\"%s\"}",
                                   connection_id, place);

    return call(mem, &(struct call){.method = PUT,
                                    .path = "/api/v1/audit/place",
                                    .token = token,
                                    .body = bytes_of(body)});
}

static void personal(const struct office *o)
{
    struct ctx *c = pg_ctx(PG_WEB, o->at.tenant_id);

    assert_int_equal(audit_add_personal(c, "system", "person.invited", o->member_id, o->member_id,
                                        "{\"email\":\"zoe@example.org\"}"),
                     OK);
    assert_int_equal(db_commit(c), OK);
    ctx_end(c);
}

static void a_subject_is_erased_while_the_request_waits(void **state)
{
    struct office o = office_new(*state), other = office_new(*state);
    struct reply r, late;

    personal(&o);
    r = erase(*state, o.manager, o.member_id);
    expect(&r, 403, "not_permitted");
    r = erase(*state, o.admin, other.member_id);
    expect(&r, 404, "not_found");
    r = erase(*state, other.admin, o.member_id);
    expect(&r, 404, "not_found");

    r = erase(*state, o.admin, o.member_id);
    assert_int_equal(r.status, 0);
    late = wake(*state, &r, WAKE_LOOK, BYTES(""));
    assert_int_equal(late.status, 0);
    late = wake(*state, &r, WAKE_DEADLINE, BYTES(""));
    expect(&late, 503, "not_erased");
    r = erase(*state, o.admin, o.member_id);
    work(*state, o.at.tenant_id, "subject_erase");
    r = wake(*state, &r, WAKE_NEWS, BYTES("{}"));
    expect(&r, 204, NULL);
    r = erase(*state, o.admin, o.member_id);
    expect(&r, 204, NULL);

    r = get(*state, o.admin, "/api/v1/audit?action=person.invited");
    expect(&r, 200, NULL);
    assert_null(strstr(r.body, "zoe@"));
    assert_true(json_is_true(json_object_get(item_of(&r, 0), "erased")));
    r = get(*state, o.admin, "/api/v1/audit?action=subject.erasure_asked");
    assert_int_equal(count_of(&r), 2);
}

static const char *connect(struct arena *mem, const struct office *o)
{
    PGconn *super = pg_open(PG_SUPER);
    const char *id = id_new(mem);

    pg_do(super,
          "INSERT INTO connection (tenant_id, id, channel, install, shown_name, employee_id, "
          "bot_token, signing_secret) VALUES ('%s', '%s', 'slack', '%s', 'Fern', '%s', 'x', 'x')",
          o->at.tenant_id, id, id, o->at.employee_id);
    PQfinish(super);
    return id;
}

static void admins_choose_where_the_anchor_goes(void **state)
{
    struct office o = office_new(*state), other = office_new(*state);
    const char *connection_id = connect(*state, &o);
    struct reply r = get(*state, o.manager, "/api/v1/audit/place");

    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "state"), "none");
    r = choose(*state, o.manager, connection_id, "C024BE91L");
    expect(&r, 403, "not_permitted");
    r = choose(*state, other.admin, connection_id, "C024BE91L");
    expect(&r, 404, "not_found");
    r = choose(*state, o.admin, "x", "C024BE91L");
    expect(&r, 404, "not_found");
    r = choose(*state, o.admin, connection_id, "#general");
    expect(&r, 400, "place_malformed");
    r = get(*state, o.admin, "/api/v1/audit/channels");
    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 1);

    r = choose(*state, o.admin, connection_id, "C024BE91L");
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "state"), "waiting");
    assert_string_equal(text_of(&r, "name"), "Fern");
    /* The first post is made at once. */
    work(*state, o.at.tenant_id, "audit_post");
    r = get(*state, o.manager, "/api/v1/audit/place");
    assert_true(number_of(&r, "posted") > 0);

    r = call(*state,
             &(struct call){.method = DELETE, .path = "/api/v1/audit/place", .token = o.admin});
    expect(&r, 204, NULL);
    r = get(*state, o.admin, "/api/v1/audit/place");
    assert_string_equal(text_of(&r, "state"), "none");
    r = get(*state, o.admin, "/api/v1/audit?action=audit.place_chosen");
    assert_int_equal(count_of(&r), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_subject_is_erased_while_the_request_waits, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(admins_choose_where_the_anchor_goes, api_setup,
                                        api_teardown),
    };

    return cmocka_run_group_tests(tests, start, api_stop);
}
