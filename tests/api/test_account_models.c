/*
 * What a company says of the models of its accounts, through the API: who may, what is shown of
 * each, what holds, what is refused, and what stands in the audit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "call.h"
#include "core/tenant_key.h"

#include <cmocka.h>

#define ACCOUNTS "/api/v1/provider-accounts"
#define SAID "{\"name\":\"ours-32b\",\"input\":\"0.15\",\"output\":\"0.60\",\"tools\":\"yes\"}"

static struct office office_with_key(struct arena *mem)
{
    struct office o = office_new(mem);
    struct ctx *c = pg_ctx(PG_WORKER, o.at.tenant_id);

    conf_set(CONF_master_key, "a master key that is longer than 32 bytes");
    ok(c, tenant_key_make(c));
    ok(c, db_commit(c));
    ctx_end(c);
    return o;
}

static struct reply put(struct arena *mem, const char *token, const char *path, const char *body)
{
    return call(
        mem, &(struct call){.method = PUT, .path = path, .token = token, .body = bytes_of(body)});
}

static struct reply drop(struct arena *mem, const char *token, const char *path)
{
    return call(mem, &(struct call){.method = DELETE, .path = path, .token = token});
}

/* Where what is said of a new account's models stands. */
static const char *models_of(struct arena *mem, const struct office *o, const char *base_url)
{
    struct reply r = post(
        mem, o->admin, ACCOUNTS,
        text_printf(mem,
                    "{\"provider\":\"openai\",\"name\":\"Ours\",\"base_url\":\"%s\","
                    "\"models\":\"gpt-5-mini ours-32b unheard-of\"}",
                    base_url));

    expect(&r, 201, NULL);
    return text_printf(mem, ACCOUNTS "/%s/models", text_of(&r, "id"));
}

static void only_admins_say_and_managers_see(void **state)
{
    struct arena *mem = *state;
    struct office o = office_with_key(mem);
    const char *path = models_of(mem, &o, "https://models.example.com/v1");
    const char *const others[] = {o.manager, o.member, o.viewer};
    struct reply r = put(mem, o.admin, path, SAID);
    const char *one;

    expect(&r, 200, NULL);
    one = text_printf(mem, "%s/%s", path, text_of(&r, "id"));
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        r = put(mem, others[i], path, SAID);
        expect(&r, 403, "not_permitted");
        r = drop(mem, others[i], one);
        expect(&r, 403, "not_permitted");
    }
    r = get(mem, o.manager, path);
    expect(&r, 200, NULL);
    assert_int_equal(count_of(&r), 3);
    r = get(mem, o.viewer, path);
    expect(&r, 403, "not_permitted");
    r = drop(mem, o.admin, one);
    expect(&r, 204, NULL);
    r = drop(mem, o.admin, one);
    expect(&r, 404, "not_found");
}

static const char *told(const json_t *item, const char *name)
{
    const char *text = json_string_value(json_object_get(item, name));

    return text == NULL ? "-" : text;
}

/* "name price_by input/output tools images size context" of each. */
static const char *holds(struct arena *mem, const struct reply *r)
{
    struct buf b = buf_new(mem, KIB(8));

    for (size_t i = 0; i < count_of(r); i++) {
        const json_t *m = item_of(r, i);

        buf_printf(&b, "%s%s %s %s/%s %s %s %s %lld", i == 0 ? "" : "; ", told(m, "name"),
                   told(m, "price_by"), told(m, "holds_input"), told(m, "holds_output"),
                   told(m, "holds_tools"), told(m, "holds_images"), told(m, "holds_size"),
                   json_integer_value(json_object_get(m, "holds_context")));
    }
    return buf_str(&b);
}

static void what_holds_is_told_of_each(void **state)
{
    struct arena *mem = *state;
    struct office o = office_with_key(mem);
    const char *path = models_of(mem, &o, "https://models.example.com/v1");
    struct reply r = get(mem, o.admin, path);

    assert_string_equal(holds(mem, &r),
                        "gpt-5-mini list 0.25/2 yes yes small 400000;"
                        " ours-32b unknown -/- - - - 0; unheard-of unknown -/- - - - 0");
    r = get(mem, o.admin, ACCOUNTS);
    assert_int_equal(json_integer_value(json_object_get(item_of(&r, 0), "unpriced")), 2);
    r = put(mem, o.admin, path, SAID);
    expect(&r, 200, NULL);
    assert_string_equal(text_of(&r, "input"), "0.15");
    assert_string_equal(text_of(&r, "output"), "0.6");
    assert_string_equal(text_of(&r, "price_by"), "own");
    r = put(
        mem, o.admin, path,
        "{\"name\":\"*\",\"input\":\"3\",\"output\":\"9\",\"images\":\"no\",\"context\":32000}");
    expect(&r, 200, NULL);
    r = put(mem, o.admin, path,
            "{\"name\":\"ours-32b\",\"input\":\"1\",\"output\":\"2\","
            "\"size\":\"large\",\"context\":64000,\"answer\":8000}");
    expect(&r, 200, NULL);
    assert_int_equal(number_of(&r, "answer"), 8000);
    r = get(mem, o.admin, path);
    assert_string_equal(holds(mem, &r), "* own 3/9 - no - 32000;"
                                        " gpt-5-mini line 3/9 yes no small 32000;"
                                        " ours-32b own 1/2 - no large 64000;"
                                        " unheard-of line 3/9 - no - 32000");
    r = get(mem, o.admin, ACCOUNTS);
    assert_int_equal(json_integer_value(json_object_get(item_of(&r, 0), "unpriced")), 0);
    /* At the provider's own address nothing slips by the caps. */
    r = get(mem, o.admin, models_of(mem, &o, ""));
    assert_int_equal(count_of(&r), 3);
    assert_string_equal(told(item_of(&r, 2), "price_by"), "assumed");
    assert_non_null(strstr(holds(mem, &r), "; unheard-of assumed "));
}

static void pages_go_on_where_they_stopped(void **state)
{
    struct arena *mem = *state;
    struct office o = office_with_key(mem);
    const char *path = models_of(mem, &o, "https://models.example.com/v1");
    struct reply r = get(mem, o.admin, text_printf(mem, "%s?limit=2", path));

    assert_int_equal(count_of(&r), 2);
    r = get(mem, o.admin, text_printf(mem, "%s?limit=2&after=%s", path, text_of(&r, "next")));
    assert_int_equal(count_of(&r), 1);
    assert_string_equal(told(item_of(&r, 0), "name"), "unheard-of");
}

static void what_can_be_no_figure_is_refused(void **state)
{
    static const struct {
        const char *body, *code, *field;
    } rows[] = {
        {"{\"name\":\"x\"}", "missing", "input"},
        {"{\"input\":\"1\",\"output\":\"1\"}", "missing", "name"},
        {"{\"name\":\"x y\",\"tools\":\"yes\"}", "name_malformed", "name"},
        {"{\"name\":\"x\",\"input\":\"-1\",\"output\":\"1\"}", "price_malformed", "input"},
        {"{\"name\":\"x\",\"input\":\"1\",\"output\":\"10001\"}", "price_malformed", "output"},
        {"{\"name\":\"x\",\"input\":\"1\"}", "missing", "output"},
        {"{\"name\":\"x\",\"input\":1,\"output\":1}", "wrong_type", "input"},
        {"{\"name\":\"x\",\"tools\":\"maybe\"}", NULL, "tools"},
        {"{\"name\":\"x\",\"size\":\"huge\"}", NULL, "size"},
        {"{\"name\":\"x\",\"context\":-1}", "out_of_range", "context"},
        {"{\"name\":\"x\",\"context\":100000001}", "out_of_range", "context"},
        {"{\"name\":\"x\",\"context\":1.5}", "wrong_type", "context"},
        {"{\"name\":\"x\",\"tools\":\"yes\",\"price_by\":\"own\"}", NULL, NULL},
    };
    struct arena *mem = *state;
    struct office o = office_with_key(mem);
    const char *path = models_of(mem, &o, "https://models.example.com/v1");

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct reply r = put(mem, o.admin, path, rows[i].body);

        if (r.status != 400 || (rows[i].code != NULL && strcmp(r.code, rows[i].code) != 0) ||
            (rows[i].field != NULL && strcmp(text_of(&r, "field"), rows[i].field) != 0))
            fail_msg("%s: %d %s", rows[i].body, r.status, r.body);
    }
}

/* What was said when by whom, in words that can be checked later. */
static void it_stands_in_the_audit(void **state)
{
    struct arena *mem = *state;
    struct office o = office_with_key(mem);
    const char *path = models_of(mem, &o, "https://models.example.com/v1");
    PGconn *super = pg_open(PG_SUPER);
    struct reply r = put(mem, o.admin, path, SAID);

    r = drop(mem, o.admin, text_printf(mem, "%s/%s", path, text_of(&r, "id")));
    expect(&r, 204, NULL);
    assert_int_equal(pg_count(super,
                              "SELECT count(*) FROM audit WHERE tenant_id = '%s'"
                              " AND (action = 'provider_account.model_said' AND body::jsonb @>"
                              "  '{\"model\": \"ours-32b\", \"input\": \"0.15\","
                              "   \"output\": \"0.6\", \"tools\": \"yes\"}'"
                              " OR action = 'provider_account.model_forgotten' AND body::jsonb @>"
                              "  '{\"model\": \"ours-32b\"}')",
                              o.at.tenant_id),
                     2);
    PQfinish(super);
}

static void another_company_finds_nothing(void **state)
{
    struct arena *mem = *state;
    struct office o = office_with_key(mem), other = office_with_key(mem);
    const char *path = models_of(mem, &o, "https://models.example.com/v1");
    struct reply r = put(mem, o.admin, path, SAID);
    const char *one = text_printf(mem, "%s/%s", path, text_of(&r, "id"));

    r = get(mem, other.admin, path);
    expect(&r, 404, "not_found");
    r = put(mem, other.admin, path, SAID);
    expect(&r, 404, "not_found");
    r = drop(mem, other.admin, one);
    expect(&r, 404, "not_found");
    r = get(mem, o.admin, path);
    assert_non_null(strstr(holds(mem, &r), "ours-32b own 0.15/0.6 yes"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_setup, api_teardown)
    const struct CMUnitTest tests[] = {
        TEST(only_admins_say_and_managers_see), TEST(what_holds_is_told_of_each),
        TEST(pages_go_on_where_they_stopped),   TEST(what_can_be_no_figure_is_refused),
        TEST(it_stands_in_the_audit),           TEST(another_company_finds_nothing),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
