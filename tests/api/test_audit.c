/* The audit's routes: who may, what filters find, and exports that verify. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/conf.h"
#include "call.h"
#include "core/audit.h"
#include "core/audit_check.h"
#include "core/audit_head.h"

#include <cmocka.h>

#define MASTER "a master key for tests, long enough to be one"
#define WEB_KEY "a web key for tests, also long enough for it"

static int start(void **state)
{
    if (api_start(state) != 0)
        return 1;
    conf_set(CONF_master_key, MASTER);
    conf_set(CONF_web_key, WEB_KEY);
    return 0;
}

/* What the worker's job does. */
static void sign(const char *tenant_id)
{
    struct ctx *c = pg_ctx(PG_WORKER, tenant_id);

    ok(c, audit_head_sign(c));
    ok(c, db_commit(c));
    ctx_end(c);
}

static void add(const char *tenant_id, const char *action, int count)
{
    struct ctx *c = pg_ctx(PG_WEB, tenant_id);

    for (int i = 0; i < count; i++)
        ok(c, audit_add(c, "system", action, "thing", "{}"));
    ok(c, db_commit(c));
    ctx_end(c);
}

static void the_audit_is_for_managers_and_exports_for_admins(void **state)
{
    struct office o = office_new(*state);
    static const char *const paths[] = {"/api/v1/audit", "/api/v1/audit/names?of=actor",
                                        "/api/v1/audit/state",
                                        "/api/v1/audit/export?after=1&until=1"};

    sign(o.at.tenant_id);
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        bool admins = strstr(paths[i], "export") != NULL;
        struct reply r = get(*state, NULL, paths[i]);

        expect(&r, 401, "unauthenticated");
        r = get(*state, o.viewer, paths[i]);
        expect(&r, 403, "not_permitted");
        r = get(*state, o.member, paths[i]);
        expect(&r, 403, "not_permitted");
        r = get(*state, o.manager, paths[i]);
        expect(&r, admins ? 403 : 200, admins ? "not_permitted" : NULL);
        r = get(*state, o.admin, paths[i]);
        expect(&r, 200, NULL);
    }
}

static void filters_and_pages(void **state)
{
    struct office o = office_new(*state), other = office_new(*state);

    add(o.at.tenant_id, "thing.done", 60);
    add(other.at.tenant_id, "thing.foreign", 1);

    struct reply r = get(*state, o.manager, "/api/v1/audit?action=thing.done");

    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 50);

    const char *next = text_of(&r, "next");

    r = get(*state, o.manager,
            text_printf(*state, "/api/v1/audit?action=thing.done&after=%s", next));
    assert_int_equal(count_of(&r), 10);
    assert_true(json_is_null(json_object_get(r.json, "next")));
    r = get(*state, o.manager, "/api/v1/audit?text=tenant+crea");
    assert_int_equal(count_of(&r), 1);
    assert_string_equal(json_str(item_of(&r, 0), "actor"), "system");
    r = get(*state, o.manager, "/api/v1/audit?text=foreign");
    assert_int_equal(count_of(&r), 0);
    r = get(*state, o.manager, "/api/v1/audit/names?of=action");
    assert_int_equal(count_of(&r), 2);
}

static void wrong_questions_are_told(void **state)
{
    static const struct {
        const char *path, *code;
        int status;
    } rows[] = {
        {"/api/v1/audit?from=yesterday", "not_a_number", 400},
        {"/api/v1/audit?to=-1", "not_a_number", 400},
        {"/api/v1/audit?after=7", "cursor_wrong", 400},
        {"/api/v1/audit?text=%ff", "too_long", 400},
        {"/api/v1/audit?from=99999999999999999999", "not_a_number", 400},
        {"/api/v1/audit/names", "missing", 400},
        {"/api/v1/audit/names?of=body", "not_a_choice", 400},
        {"/api/v1/audit/export?after=x", "not_a_number", 400},
        {"/api/v1/audit/export?after=1&until=999", "not_found", 404},
    };
    struct office o = office_new(*state);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct reply r = get(*state, o.admin, rows[i].path);

        expect(&r, rows[i].status, rows[i].code);
    }
    /* Far away, and no fault. */
    struct reply r = get(*state, o.admin, "/api/v1/audit?from=9999999999999&to=9999999999999");

    assert_true(r.status == 200 || r.status == 400);
}

static const char *header_of(const struct reply *r, const char *name)
{
    for (int i = 0; i < r->res.header_count; i++)
        if (strcmp(r->res.headers[i].name, name) == 0)
            return r->res.headers[i].value;
    return NULL;
}

/* The first piece waits for the worker; the others follow the Link header; together they verify. */
static void exports_are_signed_and_verify(void **state)
{
    struct office o = office_new(*state);
    unsigned char key[SIGN_PUBLIC_BYTES], private_key[SIGN_PRIVATE_BYTES];
    struct audit_trust trust = {.public_key = key, .tenant_id = o.at.tenant_id};
    struct audit_check k;
    struct buf whole = buf_new(*state, MIB(16));

    add(o.at.tenant_id, "thing.done", 2500);

    struct reply r = get(*state, o.admin, "/api/v1/audit/export");

    assert_int_equal(r.status, 0);
    r = wake(*state, &r, WAKE_LOOK, BYTES(""));
    assert_int_equal(r.status, 0);

    struct reply late = wake(*state, &r, WAKE_DEADLINE, BYTES(""));

    expect(&late, 503, "not_signed");
    r = get(*state, o.admin, "/api/v1/audit/export");
    sign(o.at.tenant_id);
    add(o.at.tenant_id, "thing.later", 1);
    r = wake(*state, &r, WAKE_NEWS, BYTES("{}"));
    expect(&r, 200, NULL);
    assert_non_null(strstr(header_of(&r, "content-disposition"), "attachment"));
    buf_add(&whole, r.res.body.data, r.res.body.len);

    const char *link = header_of(&r, "link");

    assert_non_null(link);
    while (link != NULL) {
        r = get(*state, o.admin, text_copy(*state, link + 1, strcspn(link, ">") - 1));
        expect(&r, 200, NULL);
        buf_add(&whole, r.res.body.data, r.res.body.len);
        link = header_of(&r, "link");
    }

    struct ctx *c = ctx_new(MIB(4), NULL);

    ok(c, audit_keys(c, key, private_key));
    audit_check_begin(c, &k, &trust);
    ok(c, audit_check_text(c, &k, buf_bytes(&whole)));
    assert_true(k.seq > 2500);
    assert_null(strstr(whole.data, "thing.later"));
    assert_non_null(strstr(whole.data, "audit.exported"));
    ctx_end(c);
}

static void personal_text_is_shown_to_those_who_may_read(void **state)
{
    struct office o = office_new(*state);
    struct ctx *c = pg_ctx(PG_WEB, o.at.tenant_id);

    ok(c, audit_add_personal(c, "system", "person.invited", o.at.person_id, o.at.person_id,
                             "{\"email\":\"zoe@example.org\"}"));
    ok(c, db_commit(c));
    ctx_end(c);

    struct reply r = get(*state, o.manager, "/api/v1/audit?action=person.invited");

    expect(&r, 200, NULL);
    assert_string_equal(json_str(item_of(&r, 0), "personal"), "{\"email\":\"zoe@example.org\"}");
    assert_null(strstr(json_str(item_of(&r, 0), "body"), "zoe"));
}

/* Names and addresses of people are in the audit of what they do, and only sealed. */
static void who_signed_up_stands_there_sealed(void **state)
{
    const char *email = text_printf(*state, "quill.%s@example.org", office_new(*state).member_id);
    struct reply r = post(*state, NULL, "/api/v1/signup",
                          text_printf(*state,
                                      "{\"company\":\"Fern\",\"name\":\"Zoe Quill\",\"email\":"
                                      "\"%s\",\"password\":\"a quiet green garden\"}",
                                      email));

    expect(&r, 201, NULL);
    r = get(*state, r.token, "/api/v1/audit?action=person.signed_up");
    expect(&r, 200, NULL);
    assert_non_null(strstr(json_str(item_of(&r, 0), "personal"), email));
    assert_null(strstr(json_str(item_of(&r, 0), "body"), "quill"));
    assert_string_equal(json_str(item_of(&r, 0), "actor_name"), "Zoe Quill");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_audit_is_for_managers_and_exports_for_admins, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(filters_and_pages, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(wrong_questions_are_told, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(exports_are_signed_and_verify, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(who_signed_up_stands_there_sealed, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(personal_text_is_shown_to_those_who_may_read, api_setup,
                                        api_teardown),
    };

    return cmocka_run_group_tests(tests, start, api_stop);
}
