/*
 * Accounts at providers: written by the web's role, which never reads a key again, and read in
 * their order by the worker's; a key goes nowhere but to the address that it was typed for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "core/account_book.h"
#include "core/key_rotation.h"
#include "core/provider_account.h"
#include "core/tenant_key.h"
#include "fixture.h"
#include "flow/account.h"
#include "flow/account_again.h"
#include "flow/live.h"

#include <cmocka.h>

#define KEY "sk-live-0123456789abcdef"

static int setup(void **state)
{
    fixture_setup(state);
    fixture_key(*state);
    return 0;
}

static struct provider_account add(struct fixture *f, const char *name, const char *key)
{
    struct new_provider_account in = {.provider = "openai", .name = name, .key = key};
    struct provider_account made;

    ok(f->web, provider_account_add(f->web, &in, &made));
    ok(f->web, db_commit(f->web));
    return made;
}

static size_t book(struct fixture *f, struct account **items)
{
    size_t count;

    ok(f->c, account_book(f->c, items, &count));
    ok(f->c, db_commit(f->c));
    return count;
}

static void refused(struct ctx *c, rc_t rc, rc_t wanted, const char *field)
{
    assert_int_equal(rc, wanted);
    if (field != NULL)
        assert_string_equal(c->fault.field, field);
    ctx_forgive(c);
    db_rollback(c);
}

static void the_worker_opens_what_the_web_sealed(void **state)
{
    struct fixture *f = *state;
    struct provider_account made = add(f, "Main", "  " KEY "\n");
    struct pool_candidate who;
    struct account *items;

    assert_string_equal(made.hint, "cdef");
    assert_true(made.has_key);
    assert_string_equal(made.state, "untested");
    assert_string_equal(add(f, "Short", "abcd").hint, "");
    assert_false(add(f, "None", NULL).has_key);
    assert_int_equal(book(f, &items), 3);
    assert_string_equal(items[0].key, KEY);
    assert_string_equal(items[1].key, "abcd");
    assert_null(items[2].key);
    assert_true(account_candidate(&items[0], &who));
    assert_string_equal(who.llm->name, "openai");
    assert_string_equal(who.account.key, KEY);
    assert_null(who.account.base_url);
    assert_true(who.public_only);

    const char *sealed = pg_get(f->mem, f->super,
                                "SELECT key_sealed FROM provider_account WHERE id = '%s'", made.id);

    assert_null(strstr(sealed, "0123456789"));
    pg_do(f->super, "BEGIN; SET LOCAL ROLE konstruct_web; SET LOCAL app.tenant_id = '%s'",
          f->at.tenant_id);
    pg_do(f->super, "SAVEPOINT s");
    assert_string_equal(pg_try(f->super, "SELECT key_sealed FROM provider_account"), "42501");
    pg_do(f->super, "ROLLBACK");
}

/*
 * A ciphertext that somebody moves to another row opens nothing there, and costs nobody else his.
 */
static void a_moved_key_does_not_open(void **state)
{
    struct fixture *f = *state;
    struct provider_account a = add(f, "A", KEY), b = add(f, "B", "another-key-of-mine");
    struct pool_candidate who;
    struct account *items;

    pg_do(f->super,
          "UPDATE provider_account b SET key_sealed = a.key_sealed FROM provider_account a"
          " WHERE a.id = '%s' AND b.id = '%s'",
          a.id, b.id);
    assert_int_equal(book(f, &items), 2);
    assert_string_equal(items[0].key, KEY);
    assert_true(items[1].unreadable);
    assert_null(items[1].key);
    assert_false(account_candidate(&items[1], &who));
}

static void a_rotation_seals_keys_anew(void **state)
{
    struct fixture *f = *state;
    struct provider_account a = add(f, "A", KEY);
    struct account *items;
    const char *before = pg_get(f->mem, f->super,
                                "SELECT key_sealed FROM provider_account WHERE id = '%s'", a.id);
    int64_t done;

    add(f, "None", NULL);
    ok(f->c, rotate_tenant(f->c, &done));
    assert_int_equal(done, 1);
    assert_string_not_equal(
        before,
        pg_get(f->mem, f->super, "SELECT key_sealed FROM provider_account WHERE id = '%s'", a.id));
    assert_int_equal(book(f, &items), 2);
    assert_string_equal(items[0].key, KEY);
}

/* Whoever may change accounts, and does not know the key, can't have it sent to a server of his. */
static void another_address_needs_the_key_again(void **state)
{
    struct fixture *f = *state;
    struct provider_account a = add(f, "A", KEY), out;
    struct provider_account_change in = {.base_url = "https://models.example.com/v1"};
    struct account *items;
    bool anew;

    refused(f->web, provider_account_change(f->web, a.id, &in, &out, &anew), E_INVALID, "key");
    in.key = "a-key-of-that-server";
    ok(f->web, provider_account_change(f->web, a.id, &in, &out, &anew));
    ok(f->web, db_commit(f->web));
    assert_true(anew);
    assert_int_equal(book(f, &items), 1);
    assert_string_equal(items[0].base_url, "https://models.example.com/v1");
    assert_string_equal(items[0].key, "a-key-of-that-server");
    in = (struct provider_account_change){.base_url = ""};
    refused(f->web, provider_account_change(f->web, a.id, &in, &out, &anew), E_INVALID, "key");
    /* Taken away, it goes nowhere. */
    in.key = "";
    ok(f->web, provider_account_change(f->web, a.id, &in, &out, &anew));
    assert_false(out.has_key);
    assert_string_equal(out.base_url, "");
    ok(f->web, db_commit(f->web));
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const wrong[] = {"http://models.example.com",
                                        "ftp://models.example.com",
                                        "models.example.com",
                                        "https://",
                                        "https://a b.example",
                                        "https://user:word@models.example.com",
                                        "https://models.example.com/#v1"};
    struct fixture *f = *state;
    struct provider_account out;

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct new_provider_account in = {
            .provider = "openai", .name = "A", .base_url = wrong[i], .key = KEY};

        refused(f->web, provider_account_add(f->web, &in, &out), E_INVALID, "base_url");
    }
}

static void order_and_switch(void **state)
{
    struct fixture *f = *state;
    struct provider_account a = add(f, "A", KEY), b = add(f, "B", KEY), d = add(f, "D", KEY), out;
    struct provider_account_change off = {.turned = "off"}, on = {.turned = "on"};
    struct account *items;
    bool anew;

    ok(f->web, provider_account_sort(f->web, text_printf(f->mem, "%s %s  %s", d.id, a.id, b.id)));
    ok(f->web, provider_account_change(f->web, a.id, &off, &out, &anew));
    ok(f->web, db_commit(f->web));
    assert_false(anew);
    assert_string_equal(out.state, "off");
    assert_int_equal(book(f, &items), 2);
    assert_string_equal(items[0].name, "D");
    assert_string_equal(items[1].name, "B");
    ok(f->web, provider_account_change(f->web, a.id, &on, &out, &anew));
    ok(f->web, db_commit(f->web));
    assert_int_equal(book(f, &items), 3);
    assert_string_equal(items[1].name, "A");
    refused(f->web, provider_account_sort(f->web, text_printf(f->mem, "%s %s", d.id, a.id)),
            E_CONFLICT, NULL);
    refused(f->web,
            provider_account_sort(f->web, text_printf(f->mem, "%s %s %s", d.id, a.id, a.id)),
            E_CONFLICT, NULL);
    refused(f->web,
            provider_account_sort(
                f->web, text_printf(f->mem, "%s %s %s %s", d.id, a.id, b.id, f->at.tenant_id)),
            E_CONFLICT, NULL);
}

static void no_more_than_there_may_be(void **state)
{
    struct fixture *f = *state;
    struct new_provider_account in = {.provider = "openai", .name = "one more"};
    struct provider_account out;

    pg_do(f->super,
          "INSERT INTO provider_account (tenant_id, id, position, provider, name)"
          " SELECT '%s', gen_random_uuid(), n, 'openai', 'x' FROM generate_series(1, %d) n",
          f->at.tenant_id, ACCOUNTS_MAX);
    refused(f->web, provider_account_add(f->web, &in, &out), E_CONFLICT, NULL);
}

static struct provider_account end_test(struct fixture *f, const char *id, const char *test_id,
                                        const char *code, const char *models)
{
    struct provider_account now;

    ok(f->c, account_test_end(f->c, test_id, code, "what it said", models));
    ok(f->c, db_commit(f->c));
    ok(f->web, provider_account_get(f->web, id, &now));
    ok(f->web, db_commit(f->web));
    return now;
}

static struct account_test begin_test(struct fixture *f, const char *id, bool anew)
{
    struct account_test t;

    ok(f->web, provider_account_test(f->web, id, anew, &t));
    ok(f->web, db_commit(f->web));
    return t;
}

static void a_test_from_asking_to_its_end(void **state)
{
    struct fixture *f = *state;
    struct provider_account a = add(f, "A", KEY), now;
    struct account_test first = begin_test(f, a.id, false), joined = begin_test(f, a.id, false);
    struct account tested, *items;

    assert_non_null(first.job_id);
    assert_null(joined.job_id);
    assert_string_equal(joined.test_id, first.test_id);
    assert_int_equal(
        pg_count(f->super, "SELECT count(*) FROM job WHERE subject_id = '%s'", first.test_id), 1);
    ok(f->c, account_tested(f->c, first.test_id, &tested));
    assert_string_equal(tested.key, KEY);
    ok(f->c, db_commit(f->c));

    /* A newer test has taken its place: the old one's result counts for nothing. */
    struct account_test second = begin_test(f, a.id, true);

    now = end_test(f, a.id, first.test_id, "account_key", NULL);
    assert_string_equal(now.state, "testing");
    assert_int_equal(account_tested(f->c, first.test_id, &tested), E_NOT_FOUND);
    ctx_forgive(f->c);
    db_rollback(f->c);
    now = end_test(f, a.id, second.test_id, NULL, "gpt-5 gpt-5-mini");
    assert_string_equal(now.state, "ok");
    assert_string_equal(now.models_found, "gpt-5 gpt-5-mini");
    assert_null(now.test_id);
    assert_null(now.fault_text);

    /* What mends itself is told, and takes nothing away. */
    now = end_test(f, a.id, begin_test(f, a.id, false).test_id, "account_busy", NULL);
    assert_string_equal(now.state, "ok");
    assert_non_null(now.fault_text);
    assert_string_equal(now.models_found, "gpt-5 gpt-5-mini");
    now = end_test(f, a.id, begin_test(f, a.id, false).test_id, "account_key", NULL);
    assert_string_equal(now.state, "broken");
    assert_string_equal(now.fault_detail, "what it said");
    assert_int_equal(book(f, &items), 1);
    assert_true(items[0].broken);
}

static void a_change_asks_for_a_new_test(void **state)
{
    struct fixture *f = *state;
    struct provider_account a = add(f, "A", KEY), now;
    struct provider_account_change rename = {.name = "B"}, models = {.models = "gpt-5,\n gpt-4o "};
    bool anew;

    end_test(f, a.id, begin_test(f, a.id, false).test_id, "account_key", NULL);
    ok(f->web, provider_account_change(f->web, a.id, &rename, &now, &anew));
    assert_false(anew);
    assert_string_equal(now.state, "broken");
    ok(f->web, provider_account_change(f->web, a.id, &models, &now, &anew));
    assert_true(anew);
    assert_string_equal(now.state, "untested");
    assert_null(now.fault);
    assert_string_equal(now.models, "gpt-5 gpt-4o");
    ok(f->web, db_commit(f->web));
}

static void which_models_an_account_serves(void **state)
{
    static const struct {
        const char *models, *model;
        bool serves;
    } rows[] = {
        {"", "anything", true},
        {"gpt-5 gpt-5-mini", "gpt-5", true},
        {"gpt-5-mini", "gpt-5", false},
        {"gpt-5", "gpt-5-mini", false},
        {"claude-sonnet-4-5-20250929", "claude-sonnet-4-5", true},
        {"claude-sonnet-4-5-20250929", "claude-sonnet-4", false},
        {"claude-3-5-haiku-20241022", "claude-3-5-haiku-latest", true},
        {"gpt-4o-2024-08-06", "gpt-4o", true},
        {"claude-opus-4@20250514", "claude-opus-4", true},
        {"llama3.2:latest", "llama3.2", true},
        {"llama3.2:70b", "llama3.2", false},
        {"llama3.2:latest", "llama3.2:latest", true},
        {"x-latest", "x-latest", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct account account = {.models = rows[i].models};

        if (account_serves(&account, rows[i].model) != rows[i].serves)
            fail_msg("%s of \"%s\"", rows[i].model, rows[i].models);
    }
}

/* Whether the account is to be tested again, with its times so many minutes ago; 0: never. */
static bool is_due(struct fixture *f, const char *id, int checked, int broken, int refused)
{
    struct account_due *due;
    size_t count;
    bool found = false;

    pg_do(f->super,
          "UPDATE provider_account SET state = CASE WHEN %d > 0 THEN 'broken' ELSE 'ok' END,"
          " checked_at = now() - interval '%d minutes',"
          " broken_at = nullif(now() - interval '%d minutes', now()),"
          " refused_at = nullif(now() - interval '%d minutes', now()) WHERE id = '%s'",
          broken, checked, broken, refused, id);
    ok(f->c, account_due_list(f->c, 100000, &due, &count));
    ok(f->c, db_commit(f->c));
    for (size_t i = 0; i < count; i++)
        found = found || (text_is(due[i].id, id) && text_is(due[i].tenant_id, f->at.tenant_id));
    return found;
}

/* After an hour, then each time as long again as it has been broken, daily at least. */
static void a_fault_is_looked_at_again(void **state)
{
    struct fixture *f = *state;
    const char *id = add(f, "Main", KEY).id;

    assert_false(is_due(f, id, 600, 0, 0));
    assert_false(is_due(f, id, 50, 50, 0));
    assert_true(is_due(f, id, 70, 70, 0));
    assert_false(is_due(f, id, 170, 400, 0));
    assert_true(is_due(f, id, 230, 400, 0));
    assert_false(is_due(f, id, 1400, 100000, 0));
    assert_true(is_due(f, id, 1450, 100000, 0));
    /* Refused in use since its test went well. */
    assert_false(is_due(f, id, 600, 0, 50));
    assert_true(is_due(f, id, 600, 0, 70));
    assert_false(is_due(f, id, 50, 0, 70));

    assert_true(is_due(f, id, 70, 70, 0));
    pg_do(f->super, "UPDATE provider_account SET is_on = false WHERE id = '%s'", id);
    assert_false(is_due(f, id, 70, 70, 0));
}

static int64_t broken_at(struct fixture *f, const char *id)
{
    return pg_count(f->super,
                    "SELECT coalesce(extract(epoch FROM broken_at) * 1000, 0)::bigint"
                    " FROM provider_account WHERE id = '%s'",
                    id);
}

static void end_any_test(struct fixture *f, const char *id, const char *code)
{
    const char *test_id = pg_get(f->mem, f->super,
                                 "UPDATE provider_account SET test_id = coalesce(test_id,"
                                 " gen_random_uuid()) WHERE id = '%s' RETURNING test_id",
                                 id);

    ok(f->c, account_test_end(f->c, test_id, code, NULL, NULL));
    ok(f->c, db_commit(f->c));
}

/* One test, however often it is looked; it stays broken since it was found so, until it is well. */
static void the_sweep_begins_a_test(void **state)
{
    struct fixture *f = *state;
    const char *id = add(f, "Main", KEY).id;
    int64_t since;

    live_start(NULL);
    assert_true(is_due(f, id, 70, 70, 0));
    since = broken_at(f, id);
    for (int i = 0; i < 2; i++) {
        struct ctx *c = pg_ctx(PG_WORKER, NULL);

        ok(c, account_again_sweep(c));
        ctx_end(c);
    }
    assert_int_equal(pg_count(f->super,
                              "SELECT count(*) FROM job WHERE tenant_id = '%s' AND"
                              " kind = 'account_test'",
                              f->at.tenant_id),
                     1);
    end_any_test(f, id, "account_key");
    assert_int_equal(broken_at(f, id), since);
    end_any_test(f, id, "account_busy");
    assert_int_equal(broken_at(f, id), since);
    end_any_test(f, id, NULL);
    assert_int_equal(broken_at(f, id), 0);
    end_any_test(f, id, "account_busy");
    assert_int_equal(broken_at(f, id), 0);
    end_any_test(f, id, "account_key");
    assert_true(broken_at(f, id) > since);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_worker_opens_what_the_web_sealed),
        CASE(a_moved_key_does_not_open),
        CASE(a_rotation_seals_keys_anew),
        CASE(another_address_needs_the_key_again),
        CASE(what_is_no_address_is_refused),
        CASE(order_and_switch),
        CASE(no_more_than_there_may_be),
        CASE(a_test_from_asking_to_its_end),
        CASE(a_change_asks_for_a_new_test),
        CASE(a_fault_is_looked_at_again),
        CASE(the_sweep_begins_a_test),
        cmocka_unit_test(which_models_an_account_serves),
    };
#undef CASE

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
