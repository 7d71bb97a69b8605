/*
 * Accounts as routing uses them: a tenant's own with opened keys, in order, before the instance's,
 * read once for many questions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/conf.h"
#include "core/provider_account.h"
#include "core/tenant_key.h"
#include "fixture.h"
#include "flow/routing.h"
#include "lib/proxy.h"

#include <cmocka.h>

static int setup(void **state)
{
    fixture_setup(state);
    fixture_key(*state);
    return 0;
}

static int teardown(void **state)
{
    routing_book_forget();
    return fixture_teardown(state);
}

static void add(struct fixture *f, const char *name, const char *key, const char *models)
{
    struct new_provider_account in = {
        .provider = "anthropic", .name = name, .key = key, .models = models};
    struct provider_account made;

    ok(f->web, provider_account_add(f->web, &in, &made));
    ok(f->web, db_commit(f->web));
}

/* "name:key name:key ..." of the book, the instance's by their provider. */
static const char *book(struct ctx *c)
{
    struct buf b = buf_new(c->mem, KIB(4));
    struct routing_book book;

    ok(c, routing_book(c, &book));
    for (size_t i = 0; i < book.count; i++) {
        const struct pool_candidate *who = &book.accounts[i].who;

        buf_printf(&b, "%s%s:%s", i == 0 ? "" : " ",
                   who->account_name == NULL ? who->llm->name : who->account_name,
                   who->account.key == NULL ? "" : who->account.key);
    }
    return buf_str(&b);
}

static void own_accounts_come_first(void **state)
{
    struct fixture *f = *state;

    add(f, "one", "key-of-the-first-account", "claude-opus-4-5 claude-haiku-4-5");
    add(f, "two", "key-of-the-second-account", NULL);
    assert_string_equal(book(f->c), "one:key-of-the-first-account"
                                    " two:key-of-the-second-account ollama: starter:");
    routing_book_forget();
    pg_do(f->super,
          "UPDATE provider_account SET state = 'broken' WHERE tenant_id = '%s' AND name = 'one'",
          f->at.tenant_id);
    assert_string_equal(book(f->c), "two:key-of-the-second-account ollama:"
                                    " one:key-of-the-first-account starter:");
}

static void another_tenant_has_its_own(void **state)
{
    struct fixture *f = *state;
    struct place other = place_new(f->mem);
    struct ctx *c = pg_ctx(PG_WORKER, other.tenant_id);

    add(f, "one", "key-of-the-first-account", NULL);
    assert_non_null(strstr(book(f->c), "one:"));
    assert_string_equal(book(c), "ollama: starter:");
    ctx_end(c);
}

/* Many questions read the accounts once, without a transaction left open or needed. */
static void read_once_for_many_questions(void **state)
{
    struct fixture *f = *state;

    assert_false(routing_book_fresh(f->at.tenant_id));
    add(f, "one", "key-of-the-first-account", NULL);
    assert_string_equal(book(f->c), "one:key-of-the-first-account ollama: starter:");
    assert_null(f->c->conn);
    assert_true(routing_book_fresh(f->at.tenant_id));
    pg_do(f->super, "UPDATE provider_account SET name = 'new' WHERE tenant_id = '%s'",
          f->at.tenant_id);
    for (int i = 0; i < 3; i++) {
        struct ctx *blind = ctx_new(MIB(1), NULL); /* without any database */

        blind->tenant_id = f->at.tenant_id;
        assert_string_equal(book(blind), "one:key-of-the-first-account ollama: starter:");
        ctx_end(blind);
    }
}

/* While the database is away the accounts that were known go on being asked. */
static void an_old_book_serves_while_the_database_is_away(void **state)
{
    struct fixture *f = *state;
    struct proxy *proxy = proxy_new();
    struct ctx *c;

    pg_use(PG_WORKER, proxy_address(f->mem, proxy, PG_WORKER));
    c = pg_ctx(PG_WORKER, f->at.tenant_id);
    add(f, "one", "key-of-the-first-account", NULL);
    assert_string_equal(book(c), "one:key-of-the-first-account ollama: starter:");
    proxy_down(proxy);
    while (routing_book_fresh(f->at.tenant_id))
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    assert_string_equal(book(c), "one:key-of-the-first-account ollama: starter:");
    proxy_up(proxy);
    ctx_end(c);
    pg_use(PG_WORKER, NULL);
    proxy_free(proxy);
}

/* A book in use outlives its place in the process. */
static void a_route_keeps_its_keys(void **state)
{
    struct fixture *f = *state;
    const struct routing_want want = {.model = "one/claude-opus-4-5"};
    struct routing r;

    add(f, "one", "key-of-the-first-account", NULL);
    ok(f->c, routing_find(f->c, &want, &r));
    routing_book_forget();
    assert_int_equal(r.pool.count, 1);
    assert_string_equal(r.pool.candidates[0].account.key, "key-of-the-first-account");
    assert_string_equal(r.pool.candidates[0].model, "claude-opus-4-5");
    assert_true(r.pool.candidates[0].public_only);
}

static void models_are_listed_without_twins(void **state)
{
    struct fixture *f = *state;
    const struct routing_model *items;
    struct buf b = buf_new(f->mem, KIB(4));
    size_t count;

    add(f, "one", "key-of-the-first-account", "claude-opus-4-5 claude-haiku-4-5");
    add(f, "two", "key-of-the-second-account", "claude-haiku-4-5 claude-sonnet-4-5");
    ok(f->c, routing_models(f->c, &items, &count));
    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s ", items[i].name);
    assert_string_equal(buf_str(&b), "claude-opus-4-5 claude-haiku-4-5 claude-sonnet-4-5 starter "
                                     "all-MiniLM-L6-v2 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(own_accounts_come_first, setup, teardown),
        cmocka_unit_test_setup_teardown(another_tenant_has_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(read_once_for_many_questions, setup, teardown),
        cmocka_unit_test_setup_teardown(an_old_book_serves_while_the_database_is_away, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_route_keeps_its_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(models_are_listed_without_twins, setup, teardown),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
