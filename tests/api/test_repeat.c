/*
 * Idempotency-Key: what creates something is done once however often it is asked for, and nothing
 * is created without the record that says so.
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
#include "core/idempotency.h"

#include <cmocka.h>

struct desk {
    struct arena *mem;
    struct office o;
    PGconn *super;
    const char *path; /* makes a conversation */
};

static struct desk desk_new(void **state)
{
    struct desk d = {.mem = *state, .o = office_new(*state), .super = pg_open(PG_SUPER)};

    d.path = text_printf(d.mem, "/api/v1/employees/%s/conversations", d.o.at.employee_id);
    return d;
}

static struct reply ask(const struct desk *d, const char *token, const char *path, const char *body,
                        const char *key)
{
    return call(d->mem, &(struct call){.method = POST,
                                       .path = path,
                                       .token = token,
                                       .body = bytes_of(body),
                                       .headers = {{"idempotency-key", key}}});
}

static bool replayed(const struct reply *r)
{
    for (int i = 0; i < r->res.header_count; i++)
        if (strcmp(r->res.headers[i].name, "idempotency-replayed") == 0)
            return strcmp(r->res.headers[i].value, "true") == 0;
    return false;
}

static int64_t conversations(const struct desk *d)
{
    return pg_count(d->super, "SELECT count(*) - 1 FROM conversation WHERE tenant_id = '%s'",
                    d->o.at.tenant_id); /* the office begins with one */
}

static void asked_again_is_done_once(void **state)
{
    struct desk d = desk_new(state);
    struct reply first = ask(&d, d.o.member, d.path, "{}", "a-key"), r;

    expect(&first, 201, NULL);
    assert_false(replayed(&first));
    for (int i = 0; i < 3; i++) {
        r = ask(&d, d.o.member, d.path, "{}", "a-key");
        expect(&r, 201, NULL);
        assert_true(replayed(&r));
        assert_string_equal(r.body, first.body);
        assert_string_equal(r.type, first.type);
    }
    assert_int_equal(conversations(&d), 1);
    r = ask(&d, d.o.member, d.path, "{}", "another-key");
    expect(&r, 201, NULL);
    assert_false(replayed(&r));
    assert_string_not_equal(text_of(&r, "id"), text_of(&first, "id"));
    assert_int_equal(conversations(&d), 2);
    PQfinish(d.super);
}

static void a_key_stands_for_one_request(void **state)
{
    struct desk d = desk_new(state), other = desk_new(state);
    struct reply r = ask(&d, d.o.member, d.path, "{}", "k");

    expect(&r, 201, NULL);
    r = ask(&d, d.o.member, d.path, "{ }", "k");
    expect(&r, 422, "idempotency_key_reused");
    r = ask(&d, d.o.member, text_printf(d.mem, "/api/v1/employees/%s/conversations", id_new(d.mem)),
            "{}", "k");
    expect(&r, 422, "idempotency_key_reused");
    assert_int_equal(conversations(&d), 1);
    /* Others have keys of their own: a colleague, and another company. */
    r = ask(&d, d.o.admin, d.path, "{}", "k");
    expect(&r, 201, NULL);
    assert_false(replayed(&r));
    r = ask(&other, other.o.member, other.path, "{}", "k");
    expect(&r, 201, NULL);
    assert_false(replayed(&r));
    PQfinish(d.super);
    PQfinish(other.super);
}

static void what_failed_may_be_mended_under_its_key(void **state)
{
    struct desk d = desk_new(state);
    struct reply r = ask(&d, d.o.admin, "/api/v1/api-keys", "{\"name\":\"\"}", "k");

    expect(&r, 400, "missing");
    r = ask(&d, d.o.admin, "/api/v1/api-keys", "{\"name\":\"x\",\"scopes\":\"employees:read\"}",
            "k");
    expect(&r, 201, NULL);
    PQfinish(d.super);
}

static void it_lasts_a_day(void **state)
{
    struct desk d = desk_new(state);
    struct reply r = ask(&d, d.o.member, d.path, "{}", "k");

    expect(&r, 201, NULL);
    pg_do(d.super,
          "UPDATE idempotency SET made_at = made_at - interval '23 h' WHERE tenant_id = '%s'",
          d.o.at.tenant_id);
    r = ask(&d, d.o.member, d.path, "{}", "k");
    assert_true(replayed(&r));
    pg_do(d.super,
          "UPDATE idempotency SET made_at = made_at - interval '2 h' WHERE tenant_id = '%s'",
          d.o.at.tenant_id);
    r = ask(&d, d.o.member, d.path, "{ }", "k");
    expect(&r, 201, NULL);
    assert_false(replayed(&r));
    assert_int_equal(conversations(&d), 2);
    r = ask(&d, d.o.member, d.path, "{ }", "k");
    assert_true(replayed(&r));
    PQfinish(d.super);
}

static void bad_keys_are_refused(void **state)
{
    struct desk d = desk_new(state);
    char *longest = arena_take(d.mem, 258);
    const char *const bad[] = {"", " ", "a b", "a\tb", "caf\xc3\xa9", "\x7f", longest};
    struct reply r;

    memset(longest, 'x', 256);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        r = ask(&d, d.o.member, d.path, "{}", bad[i]);
        expect(&r, 400, "idempotency_key_malformed");
    }
    longest[255] = '\0';
    r = ask(&d, d.o.member, d.path, "{}", longest);
    expect(&r, 201, NULL);
    assert_int_equal(conversations(&d), 1);
    PQfinish(d.super);
}

/* Somebody else is at it: told to wait, and not made to. */
static void two_at_once_are_not_both_done(void **state)
{
    struct desk d = desk_new(state);
    const char *id = ID_OF(d.mem, BYTES("idempotency"),
                           bytes_of(text_printf(d.mem, "person:%s", d.o.member_id)), BYTES("k"));
    struct reply r;

    pg_do(d.super, "BEGIN");
    pg_do(d.super, "SELECT pg_advisory_xact_lock(hashtextextended('idempotency %s %s', 0))",
          d.o.at.tenant_id, id);
    r = ask(&d, d.o.member, d.path, "{}", "k");
    expect(&r, 409, "idempotency_under_way");
    assert_int_equal(number_of(&r, "wait_s"), 1);
    assert_int_equal(conversations(&d), 0);
    pg_do(d.super, "COMMIT");
    r = ask(&d, d.o.member, d.path, "{}", "k");
    expect(&r, 201, NULL);
    PQfinish(d.super);
}

/* The record can't be written: then nothing was created either. */
static void nothing_is_created_without_its_record(void **state)
{
    struct desk d = desk_new(state);
    struct reply r;

    pg_do(d.super, "ALTER TABLE idempotency ADD CONSTRAINT broken CHECK (tenant_id <> '%s')",
          d.o.at.tenant_id);
    r = ask(&d, d.o.member, d.path, "{}", "k");
    pg_do(d.super, "ALTER TABLE idempotency DROP CONSTRAINT broken");
    assert_true(r.status >= 400);
    assert_int_equal(conversations(&d), 0);
    r = ask(&d, d.o.member, d.path, "{}", "k");
    expect(&r, 201, NULL);
    assert_int_equal(conversations(&d), 1);
    PQfinish(d.super);
}

/* What is shown once can be had again by who lost the answer, and is not in the database. */
static void secrets_are_sealed(void **state)
{
    static const char body[] = "{\"name\":\"x\",\"scopes\":\"employees:read\"}";
    struct desk d = desk_new(state);
    struct reply first = ask(&d, d.o.admin, "/api/v1/api-keys", body, "k"), r;
    const char *secret = text_of(&first, "secret");

    expect(&first, 201, NULL);
    r = ask(&d, d.o.admin, "/api/v1/api-keys", body, "k");
    assert_true(replayed(&r));
    assert_string_equal(text_of(&r, "secret"), secret);
    assert_int_equal(pg_count(d.super, "SELECT count(*) FROM idempotency WHERE tenant_id = '%s'",
                              d.o.at.tenant_id),
                     1);
    assert_int_equal(
        pg_count(d.super, "SELECT count(*) FROM idempotency i WHERE i::text ~ '%s'", secret + 4),
        0);
    /* Its key is gone: said, and not done again. */
    pg_do(d.super,
          "UPDATE idempotency SET answer_sealed = 'x' || answer_sealed WHERE tenant_id = "
          "'%s'",
          d.o.at.tenant_id);
    r = ask(&d, d.o.admin, "/api/v1/api-keys", body, "k");
    expect(&r, 409, "idempotency_lost");
    assert_int_equal(
        pg_count(d.super, "SELECT count(*) FROM api_key WHERE tenant_id = '%s'", d.o.at.tenant_id),
        1);
    PQfinish(d.super);
}

/* It parks for the password, and belongs to nobody yet. The session is for who did it. */
static void signing_up_twice_makes_one_company(void **state)
{
    struct desk d = desk_new(state);
    const char *company = id_new(d.mem),
               *body = text_printf(d.mem,
                                   "{\"company\":\"%s\",\"name\":\"Ann\",\"email\":\"%s@example."
                                   "com\",\"password\":\"correct horse battery\"}",
                                   company, company);
    struct reply first = ask(&d, NULL, "/api/v1/signup", body, company), r;

    expect(&first, 201, NULL);
    assert_non_null(first.token);
    r = ask(&d, NULL, "/api/v1/signup", body, company);
    expect(&r, 201, NULL);
    assert_true(replayed(&r));
    assert_null(r.token);
    assert_string_equal(text_of(&r, "tenant_id"), text_of(&first, "tenant_id"));
    assert_int_equal(pg_count(d.super, "SELECT count(*) FROM tenant WHERE name = '%s'", company),
                     1);
    PQfinish(d.super);
}

static void a_company_has_so_many(void **state)
{
    struct desk d = desk_new(state);
    struct reply r = ask(&d, d.o.member, d.path, "{}", "k");

    expect(&r, 201, NULL);
    pg_do(d.super,
          "INSERT INTO idempotency (tenant_id, id, request_hash, status, answer_sealed)"
          " SELECT '%s', gen_random_uuid(), sha256('x'), 201, 'x' FROM generate_series(2, %d)",
          d.o.at.tenant_id, IDEMPOTENCY_MOST);
    r = ask(&d, d.o.member, d.path, "{}", "one-more");
    expect(&r, 429, "idempotency_full");
    assert_string_equal(text_of(&r, "limit"), "idempotency_keys");
    r = ask(&d, d.o.member, d.path, "{}", "k");
    expect(&r, 201, NULL); /* what is kept is kept */
    r = post(d.mem, d.o.member, d.path, "{}");
    expect(&r, 201, NULL);
    PQfinish(d.super);
}

static void the_worker_sweeps(void **state)
{
    struct desk d = desk_new(state);
    struct ctx *c = pg_ctx(PG_WORKER, NULL);
    struct reply r;

    for (int i = 0; i < 3; i++) {
        r = ask(&d, d.o.member, d.path, "{}", text_printf(d.mem, "key-%d", i));
        expect(&r, 201, NULL);
    }
    pg_do(d.super,
          "UPDATE idempotency SET made_at = made_at - interval '25 h' WHERE (tenant_id, id) IN"
          " (SELECT tenant_id, id FROM idempotency WHERE tenant_id = '%s' LIMIT 2)",
          d.o.at.tenant_id);
    assert_int_equal(idempotency_sweep(c), OK);
    assert_int_equal(pg_count(d.super, "SELECT count(*) FROM idempotency WHERE tenant_id = '%s'",
                              d.o.at.tenant_id),
                     1);
    ctx_end(c);
    PQfinish(d.super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(asked_again_is_done_once, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_key_stands_for_one_request, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(what_failed_may_be_mended_under_its_key, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(it_lasts_a_day, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(bad_keys_are_refused, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(two_at_once_are_not_both_done, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_created_without_its_record, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(secrets_are_sealed, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(signing_up_twice_makes_one_company, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(a_company_has_so_many, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(the_worker_sweeps, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
