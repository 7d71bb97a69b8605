/* API keys: made, shown once, used, bound to their scopes, rotated with an overlap, over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "api/routes.h"
#include "base/conf.h"
#include "base/id.h"
#include "base/log.h"
#include "call.h"
#include "core/token.h"
#include "flow/line_open.h"

#include <cmocka.h>

#define KEYS "/api/v1/api-keys"
#define ALL_TALK "employees:read conversations:read conversations:write"

/* As a program asks: no cookie, no origin, nothing but the key. */
static struct reply use(struct arena *mem, const char *key, enum method method, const char *path,
                        const char *body)
{
    return call(mem,
                &(struct call){.method = method,
                               .path = path,
                               .body = bytes_of(body),
                               .bare = true,
                               .headers = {{"authorization", text_printf(mem, "Bearer %s", key)},
                                           {"content-type", "application/json"}}});
}

static struct reply make(struct arena *mem, const char *admin, const char *scopes)
{
    struct reply r = post(
        mem, admin, KEYS,
        text_printf(mem, "{\"name\":\"Nightly export\",\"scopes\":\"%s\"}", scopes));

    expect(&r, 201, NULL);
    return r;
}

static const char *challenge_of(const struct reply *r)
{
    for (int i = 0; i < r->res.header_count; i++)
        if (strcmp(r->res.headers[i].name, "www-authenticate") == 0)
            return r->res.headers[i].value;
    return "";
}

static void expect_refused(const struct reply *r, const char *words)
{
    expect(r, 401, "invalid_token");
    if (strstr(r->body, words) == NULL ||
        strstr(challenge_of(r), "error=\"invalid_token\"") == NULL)
        fail_msg("%s / %s", r->body, challenge_of(r));
}

static void it_is_shown_once_and_stored_hashed(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply made = make(mem, o.admin, "employees:read"), list = get(mem, o.admin, KEYS);
    const char *secret = text_of(&made, "secret");
    PGconn *super = pg_open(PG_SUPER);

    expect(&list, 200, NULL);
    assert_int_equal(count_of(&list), 1);
    assert_null(strstr(list.body, secret));
    assert_null(json_object_get(item_of(&list, 0), "secret"));
    assert_string_equal(json_str(item_of(&list, 0), "hint"), secret + strlen(secret) - 4);
    assert_string_equal(json_str(item_of(&list, 0), "scopes"), "employees:read");
    /* Ninety days unless something else was asked for. */
    assert_int_equal(number_of(&made, "expires") - number_of(&made, "created"), 90 * 86400);
    assert_int_equal(json_integer_value(json_object_get(item_of(&list, 0), "used")), 0);
    assert_int_equal(
        pg_count(super, "SELECT count(*) FROM api_key k WHERE k::text LIKE '%%%s%%'", secret + 4),
        0);
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM audit a WHERE tenant_id = '%s' AND"
                              " (a::text LIKE '%%%s%%')",
                              o.at.tenant_id, secret),
                     0);
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND action = "
                              "'key.created' AND object = '%s'",
                              o.at.tenant_id, text_of(&made, "id")),
                     1);
    assert_string_equal(log_mask(mem, secret), "[secret]");
    PQfinish(super);
}

static void it_acts_as_itself(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply made = make(mem, o.admin, ALL_TALK " tenant:read audit:export"), r;
    const char *key = text_of(&made, "secret"), *id = text_of(&made, "id"), *talk;
    PGconn *super = pg_open(PG_SUPER);

    r = use(mem, key, GET, "/api/v1/me", "");
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "name"), "Nightly export");
    assert_string_equal(text_of(&r, "role"), "key");
    assert_string_equal(text_of(&r, "csrf"), "");
    assert_string_equal(text_of(&r, "may"), "tenant:read employees:read conversations:read"
                                            " conversations:write audit:export");

    r = use(mem, key, POST,
            text_printf(mem, "/api/v1/employees/%s/conversations", o.at.employee_id), "{}");
    expect(&r, 201, NULL);
    talk = text_printf(mem, "/api/v1/conversations/%s/messages", text_of(&r, "id"));
    r = use(mem, key, POST, talk,
            text_printf(mem, "{\"text\":\"Good morning\",\"key\":\"%s\"}", id_new(mem)));
    expect(&r, 202, NULL);
    assert_string_equal(text_of(&r, "name"), "Nightly export");
    r = use(mem, key, GET,
            text_printf(mem, "/api/v1/conversations?employee_id=%s", o.at.employee_id), "");
    assert_int_equal(count_of(&r), 1);

    /* What is the key's is not the admin's, and the other way round. */
    r = get(mem, o.admin, talk);
    expect(&r, 404, "not_found");
    r = use(mem, key, GET, text_printf(mem, "/api/v1/conversations/%s/messages", o.conversation_id),
            "");
    expect(&r, 404, "not_found");

    r = use(mem, key, GET, "/api/v1/audit/export", "");
    assert_int_equal(r.status, 0); /* waits for the signature */
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND action = "
                              "'audit.exported' AND actor = 'key:%s'",
                              o.at.tenant_id, id),
                     1);
    r = get(mem, o.admin, text_printf(mem, "/api/v1/audit?actor=key:%s", id));
    assert_string_equal(json_str(item_of(&r, 0), "actor_name"), "Nightly export");
    PQfinish(super);
}

/* Every route, by the table: open with the one scope that it names, closed with all the others. */
static void scopes_are_all_that_counts(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    size_t count, open = 0, closed = 0;
    const struct route *routes = routes_all(&count);

    for (enum permission p = 0; p < PERMISSION_COUNT; p++) {
        if (!permits_has(permits_for_keys(), p))
            continue;
        struct reply made = make(mem, o.admin, permission_row(p)->shown);

        for (size_t i = 0; i < count; i++) {
            if (routes[i].who < WHO_HOST)
                continue;
            struct buf path = buf_new(mem, KIB(1));

            for (const char *s = routes[i].path; *s != '\0'; s++)
                if (*s == ':') {
                    buf_text(&path, id_new(mem));
                    s += strcspn(s, "/") - 1;
                } else {
                    buf_char(&path, *s);
                }
            struct reply r = use(mem, text_of(&made, "secret"), routes[i].method, buf_str(&path),
                                 "");
            bool may = routes[i].who > WHO_PERSON && who_permitted(routes[i].who, (permits)1 << p);

            if ((r.status == 403) == may || r.status == 401)
                fail_msg("%s with %s: %d %s", routes[i].path, permission_row(p)->shown, r.status,
                         r.body);
            if (!may) {
                expect(&r, 403,
                       routes[i].who <= WHO_PERSON ? "persons_only" : "insufficient_scope");
                assert_non_null(strstr(challenge_of(&r), "error=\"insufficient_scope\""));
            }
            open += may;
            closed += !may;
        }
    }
    assert_true(open > 5 && closed > open);
}

static void a_cookie_beside_it_counts_for_nothing(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply made = make(mem, o.admin, "employees:read"), r;
    const char *rows[] = {text_of(&made, "secret"), "", "kst_nonsense"};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        r = call(mem, &(struct call){
                          .method = GET,
                          .path = "/api/v1/audit",
                          .token = o.admin,
                          .headers = {{"authorization", text_printf(mem, "bearer %s", rows[i])}}});
        expect(&r, i == 0 ? 403 : 401, i == 0 ? "insufficient_scope" : "invalid_token");
    }
}

static void refusals_name_their_reason(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply made = make(mem, o.admin, "employees:read"), r;
    const char *key = text_of(&made, "secret"), *id = text_of(&made, "id");
    const char *never = token_new(mem, "kst");
    PGconn *super = pg_open(PG_SUPER);

    r = get(mem, NULL, "/api/v1/employees");
    expect(&r, 401, "unauthenticated");
    assert_string_equal(challenge_of(&r), "Bearer realm=\"Konstruct\"");

    r = use(mem, text_copy(mem, key, 52), GET, "/api/v1/employees", "");
    expect_refused(&r, "missing or mistyped");
    r = use(mem, never, GET, "/api/v1/employees", "");
    expect_refused(&r, "no such API key");
    r = use(mem, o.admin, GET, "/api/v1/employees", "");
    expect_refused(&r, "missing or mistyped");

    pg_do(super, "UPDATE api_key SET expires_at = now() - interval '1 second' WHERE id = '%s'", id);
    r = use(mem, key, GET, "/api/v1/employees", "");
    expect_refused(&r, "has expired");
    pg_do(super, "UPDATE api_key SET expires_at = NULL WHERE id = '%s'", id);
    r = use(mem, key, GET, "/api/v1/employees", "");
    expect(&r, 200, NULL);

    r = call(mem, &(struct call){.method = DELETE,
                                 .path = text_printf(mem, KEYS "/%s", id),
                                 .token = o.admin});
    assert_int_equal(r.status, 204);
    r = use(mem, key, GET, "/api/v1/employees", "");
    expect_refused(&r, "was revoked");
    r = get(mem, o.admin, KEYS);
    assert_int_equal(count_of(&r), 0);
    r = post(mem, o.admin, text_printf(mem, KEYS "/%s/rotate", id), "{}");
    expect(&r, 404, "not_found");
    PQfinish(super);
}

/* What a key waits for or reads live ends with it. */
static void a_stream_ends_with_its_key(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply made = make(mem, o.admin, ALL_TALK), r;
    const char *key = text_of(&made, "secret");
    PGconn *super = pg_open(PG_SUPER);

    r = use(mem, key, POST,
            text_printf(mem, "/api/v1/employees/%s/conversations", o.at.employee_id), "{}");
    r = use(mem, key, GET, text_printf(mem, "/api/v1/conversations/%s/stream", text_of(&r, "id")),
            "");
    assert_true(r.park != NULL && r.park->stream);
    pg_do(super, "UPDATE api_key SET revoked_at = now() WHERE tenant_id = '%s'", o.at.tenant_id);
    r = wake(mem, &r, WAKE_NEWS, BYTES("{\"type\":\"message\"}"));
    expect_refused(&r, "was revoked");
    PQfinish(super);
}

/* A mistyped key costs no look at the database: it is told apart even while that is away. */
static void a_mistyped_key_needs_no_database(void **state)
{
    struct arena *mem = *state;
    struct reply r;

    pg_use(PG_WEB, "host=/nowhere");
    r = use(mem, "kst_mistyped", GET, "/api/v1/employees", "");
    expect_refused(&r, "missing or mistyped");
    r = use(mem, token_new(mem, "kst"), GET, "/api/v1/employees", "");
    assert_int_equal(r.status, 503);
    pg_use(PG_WEB, NULL);
}

static void rotation_overlaps(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply first = make(mem, o.admin, "employees:read"), second, third, r;
    const char *id = text_of(&first, "id");
    const char *path = text_printf(mem, KEYS "/%s/rotate", id);
    PGconn *super = pg_open(PG_SUPER);

    second = post(mem, o.admin, path, "{}");
    expect(&second, 200, NULL);
    assert_string_equal(text_of(&second, "id"), id);
    r = use(mem, text_of(&first, "secret"), GET, "/api/v1/employees", "");
    expect(&r, 200, NULL);
    r = use(mem, text_of(&second, "secret"), GET, "/api/v1/employees", "");
    expect(&r, 200, NULL);
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM api_key WHERE id = '%s' AND old_until BETWEEN"
                              " now() + interval '23 hours' AND now() + interval '25 hours'",
                              id),
                     1);
    pg_do(super, "UPDATE api_key SET old_until = now() - interval '1 second' WHERE id = '%s'", id);
    r = use(mem, text_of(&first, "secret"), GET, "/api/v1/employees", "");
    expect_refused(&r, "replaced by a newer one");

    third = post(mem, o.admin, path, "{\"at_once\":true}");
    expect(&third, 200, NULL);
    r = use(mem, text_of(&second, "secret"), GET, "/api/v1/employees", "");
    expect_refused(&r, "replaced by a newer one");
    r = use(mem, text_of(&third, "secret"), GET, "/api/v1/employees", "");
    expect(&r, 200, NULL);
    r = post(mem, o.admin, path, "{\"overlap_hours\":169}");
    expect(&r, 400, "out_of_range");
    PQfinish(super);
}

static void its_use_is_noted_now_and_then(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply made = make(mem, o.admin, "employees:read"), list;
    const char *id = text_of(&made, "id"), *first;
    PGconn *super = pg_open(PG_SUPER);

    use(mem, text_of(&made, "secret"), GET, "/api/v1/employees", "");
    list = get(mem, o.admin, KEYS);
    assert_true(json_integer_value(json_object_get(item_of(&list, 0), "used")) > 0);
    assert_string_equal(json_str(item_of(&list, 0), "used_from"), "127.0.0.1");
    first = pg_get(mem, super, "SELECT xmin FROM api_key WHERE id = '%s'", id);
    use(mem, text_of(&made, "secret"), GET, "/api/v1/employees", "");
    assert_string_equal(first, pg_get(mem, super, "SELECT xmin FROM api_key WHERE id = '%s'", id));
    pg_do(super, "UPDATE api_key SET used_at = now() - interval '11 minutes' WHERE id = '%s'", id);
    use(mem, text_of(&made, "secret"), GET, "/api/v1/employees", "");
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM api_key WHERE id = '%s' AND used_at > now() -"
                              " interval '1 minute'",
                              id),
                     1);
    PQfinish(super);
}

static void bad_wishes_are_refused(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    const struct {
        const char *body, *code;
    } rows[] = {
        {"{\"name\":\"x\",\"scopes\":\"everything\"}", "not_a_scope"},
        {"{\"name\":\"x\",\"scopes\":\"employees:read keys:manage\"}", "not_a_scope"},
        {"{\"name\":\"x\",\"scopes\":\"employees:read,audit:read\"}", "not_a_scope"},
        {"{\"name\":\"x\",\"scopes\":\" \"}", "missing"},
        {"{\"name\":\"\",\"scopes\":\"employees:read\"}", "missing"},
        {"{\"name\":\"x\",\"scopes\":\"employees:read\",\"days\":31}", "days_too_many"},
        {"{\"name\":\"x\",\"scopes\":\"employees:read\",\"endless\":true}", "days_too_many"},
    };
    struct reply r;

    conf_set(CONF_api_key_days, "30");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        r = post(mem, o.admin, KEYS, rows[i].body);
        expect(&r, 400, rows[i].code);
    }
    r = make(mem, o.admin, "employees:read");
    assert_int_equal(number_of(&r, "expires") - number_of(&r, "created"), 30 * 86400);
    conf_set(CONF_api_key_days, "0");
    r = post(mem, o.admin, KEYS, "{\"name\":\"x\",\"scopes\":\"employees:read\",\"endless\":true}");
    expect(&r, 201, NULL);
    assert_int_equal(number_of(&r, "expires"), 0);
    conf_set(CONF_api_keys, "2");
    r = post(mem, o.admin, KEYS, "{\"name\":\"x\",\"scopes\":\"employees:read\"}");
    expect(&r, 409, "keys_too_many");
    conf_set(CONF_api_keys, "100");
}

/* Keys end with their company: at once when it is erased, and held off while it is suspended. */
static void it_ends_with_its_company(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply made = make(mem, o.admin, "employees:read"), r;
    PGconn *super = pg_open(PG_SUPER);

    pg_do(super,
          "UPDATE tenant SET suspended_at = now(), suspended_why = 'x' WHERE tenant_id = '%s'",
          o.at.tenant_id);
    r = use(mem, text_of(&made, "secret"), GET, "/api/v1/employees", "");
    expect(&r, 403, "tenant_suspended");
    pg_do(super,
          "UPDATE tenant SET suspended_at = NULL, suspended_why = NULL, erasing_at = now()"
          " WHERE tenant_id = '%s'",
          o.at.tenant_id);
    r = use(mem, text_of(&made, "secret"), GET, "/api/v1/employees", "");
    expect_refused(&r, "no such API key");
    PQfinish(super);
}

/* Another company's key opens nothing here, and its rows are out of reach. */
static void it_stays_in_its_company(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem), other = office_new(mem);
    struct reply made = make(mem, other.admin, ALL_TALK), r;

    r = use(mem, text_of(&made, "secret"), GET,
            text_printf(mem, "/api/v1/employees/%s", o.at.employee_id), "");
    expect(&r, 404, "not_found");
    r = call(mem, &(struct call){.method = DELETE,
                                 .path = text_printf(mem, KEYS "/%s", text_of(&made, "id")),
                                 .token = o.admin});
    expect(&r, 404, "not_found");
    r = use(mem, text_of(&made, "secret"), GET, "/api/v1/employees", "");
    expect(&r, 200, NULL);
}

static const struct line_open *asks(struct arena *mem, const char *key)
{
    struct reply r = use(mem, key, GET, "/v1/models", "");

    assert_int_equal(r.status, 0);
    assert_int_equal(r.park->kind, PARK_LINE);
    return r.park->call;
}

/* A call of a model names the key, its company and its models; what changes is felt by the next. */
static void models_and_a_cap_come_with_it(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply r = post(mem, o.admin, KEYS,
                          "{\"name\":\"Asker\",\"scopes\":\"models:use\",\"models\":\" gpt-5  "
                          "gpt-5-mini \",\"cap_micros\":5000000,\"cap_period\":\"day\"}");
    const char *key = text_of(&r, "secret"), *id = text_of(&r, "id");
    const char *path = text_printf(mem, KEYS "/%s", id);
    PGconn *super = pg_open(PG_SUPER);

    expect(&r, 201, NULL);
    assert_string_equal(text_of(&r, "models"), "gpt-5 gpt-5-mini");
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM cap WHERE scope = 'key' AND scope_id = '%s'"
                              " AND period = 'day' AND limit_micros = 5000000",
                              id),
                     1);
    assert_string_equal(asks(mem, key)->models, "gpt-5 gpt-5-mini");
    assert_string_equal(asks(mem, key)->key_id, id);
    assert_string_equal(asks(mem, key)->tenant_id, o.at.tenant_id);

    r = call(mem, &(struct call){.method = PATCH,
                                 .path = path,
                                 .body = BYTES("{\"models\":\"gpt-5\"}"),
                                 .token = o.admin});
    expect(&r, 200, NULL);
    assert_string_equal(asks(mem, key)->models, "gpt-5");
    r = call(mem, &(struct call){.method = PATCH,
                                 .path = path,
                                 .body = BYTES("{\"models\":\" \"}"),
                                 .token = o.admin});
    expect(&r, 200, NULL);
    assert_null(asks(mem, key)->models);
    r = call(mem, &(struct call){.method = DELETE, .path = path, .token = o.admin});
    expect(&r, 204, NULL);
    r = use(mem, key, GET, "/v1/models", "");
    expect(&r, 401, "invalid_api_key");
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND action IN"
                              " ('key.changed', 'cap.added')",
                              o.at.tenant_id),
                     3);
    PQfinish(super);
}

/* Who was let in is known for a while, and asks the database nothing. */
static void a_call_of_a_model_needs_no_database(void **state)
{
    struct arena *mem = *state;
    struct office o = office_new(mem);
    struct reply made = make(mem, o.admin, "models:use"), other = make(mem, o.admin, "models:use");
    const char *key = text_of(&made, "secret");

    assert_non_null(asks(mem, key));
    pg_use(PG_WEB, "host=/nowhere");
    for (int i = 0; i < 100; i++)
        assert_string_equal(asks(mem, key)->key_id, text_of(&made, "id"));

    struct reply r = use(mem, text_of(&other, "secret"), GET, "/v1/models", "");

    assert_int_equal(r.status, 503);
    pg_use(PG_WEB, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_shown_once_and_stored_hashed, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(it_acts_as_itself, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(scopes_are_all_that_counts, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_cookie_beside_it_counts_for_nothing, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(refusals_name_their_reason, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_stream_ends_with_its_key, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_mistyped_key_needs_no_database, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(rotation_overlaps, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(its_use_is_noted_now_and_then, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(bad_wishes_are_refused, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(it_ends_with_its_company, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(it_stays_in_its_company, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(models_and_a_cap_come_with_it, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_call_of_a_model_needs_no_database, api_setup,
                                        api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
