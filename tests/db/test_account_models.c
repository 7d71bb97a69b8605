/*
 * What a company says of the models of its accounts: kept with its bounds, seen by nobody else, and
 * held against its caps where nobody else knows what a model costs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "core/account_model.h"
#include "core/provider_account.h"
#include "core/tenant_key.h"
#include "fixture.h"
#include "flow/pool_booked.h"
#include "flow/routing.h"
#include "io/http.h"
#include "lib/model.h"

#include <cmocka.h>

#define DOLLAR 1000000
#define MODEL "ours-32b"

static int setup(void **state)
{
    fixture_setup(state);
    fixture_key(*state);
    conf_set(CONF_private_addresses, "on");
    return 0;
}

static int teardown(void **state)
{
    routing_book_forget();
    conf_set(CONF_private_addresses, "off");
    return fixture_teardown(state);
}

static const char *add(struct fixture *f, const char *url, const char *models)
{
    struct new_provider_account in = {.provider = "openai",
                                      .name = "Ours",
                                      .base_url = url,
                                      .key = "sk-of-nobody-0123456789",
                                      .models = models};
    struct provider_account made;

    ok(f->web, provider_account_add(f->web, &in, &made));
    ok(f->web, db_commit(f->web));
    return text_dup(f->mem, made.id);
}

static struct account_model say(struct fixture *f, const char *id, struct account_model_said in)
{
    struct account_model now;

    ok(f->web, account_model_put(f->web, id, &in));
    ok(f->web, account_model_get(f->web, id, in.name, &now));
    ok(f->web, db_commit(f->web));
    return now;
}

static void refused(struct fixture *f, const char *id, struct account_model_said in,
                    const char *code, const char *field)
{
    rc_t rc = account_model_put(f->web, id, &in);

    if (rc == OK || !text_is(f->web->fault.code, code))
        fail_msg("%s: %d %s", in.name, rc, rc == OK ? "" : f->web->fault.code);
    if (field != NULL)
        assert_string_equal(f->web->fault.field, field);
    ctx_forgive(f->web);
    db_rollback(f->web);
}

static void what_is_said_is_kept(void **state)
{
    struct fixture *f = *state;
    const char *id = add(f, "https://models.example.com/v1", "b-model " MODEL), *name;
    struct account_model now = say(
        f, id, (struct account_model_said){.name = MODEL, .input = " 0.15", .output = "10"});
    struct account_model *items;
    struct page page = {.most = 1};
    size_t count;

    assert_true(now.offered);
    assert_string_equal(now.input, "0.15");
    assert_string_equal(now.output, "10");
    assert_null(now.cached);
    assert_null(now.tools);
    assert_string_equal(now.price_from,
                        pg_get(f->mem, f->super, "SELECT (now() AT TIME ZONE 'UTC')::date"));
    /* A price that was said before holds from its own day, whatever else is said. */
    pg_do(f->super,
          "UPDATE provider_account_model SET price_from = '2025-01-02'"
          " WHERE tenant_id = '%s'",
          f->at.tenant_id);
    now = say(f, id,
              (struct account_model_said){.name = MODEL,
                                          .input = "0.150000",
                                          .output = "10.0",
                                          .tools = "yes",
                                          .images = "no",
                                          .size = "large",
                                          .context = 32768,
                                          .answer = 4096});
    assert_string_equal(now.price_from, "2025-01-02");
    assert_string_equal(now.tools, "yes");
    assert_string_equal(now.images, "no");
    assert_string_equal(now.size, "large");
    assert_int_equal(now.context, 32768);
    assert_int_equal(now.answer, 4096);
    now = say(f, id,
              (struct account_model_said){
                  .name = MODEL, .input = "0.000001", .cached = "0", .output = "10000"});
    assert_string_not_equal(now.price_from, "2025-01-02");
    assert_string_equal(now.input, "0.000001");
    assert_string_equal(now.cached, "0");
    assert_null(now.tools);

    /* By name, those that are offered and those that were said, each once. */
    say(f, id, (struct account_model_said){.name = "a-*", .context = 1000});
    ok(f->web, account_model_list(f->web, id, &page, &items, &count));
    assert_int_equal(count, 1);
    assert_true(page.more);
    assert_string_equal(items[0].name, "a-*");
    assert_false(items[0].offered);
    page.most = 10;
    ok(f->web, account_model_list(f->web, id, &page, &items, &count));
    assert_int_equal(count, 2);
    assert_string_equal(items[0].name, "b-model");
    assert_null(items[0].id);
    assert_string_equal(items[1].name, MODEL);
    ok(f->web, account_model_drop(f->web, id, items[1].id, &name));
    assert_string_equal(name, MODEL);
    assert_int_equal(account_model_drop(f->web, id, items[1].id, &name), E_NOT_FOUND);
    ctx_forgive(f->web);
    ok(f->web, db_commit(f->web));
    assert_int_equal(fixture_rows(f, "provider_account_model"), 1);
}

static void what_can_be_no_figure_is_refused(void **state)
{
    static const char *const prices[] = {"-1",  "1.",    "1,5", "0.0000001", "10000.000001",
                                         "1e3", "$1",    ".5",  "free",      "99999999999",
                                         "0x1", "1.5.5", "+1",  "1 2"};
    static const char *const names[] = {"two words", "a*b", "**", "line\nbreak"};
    struct fixture *f = *state;
    const char *id = add(f, "https://models.example.com/v1", MODEL);

    for (size_t i = 0; i < COUNT_OF(prices); i++)
        refused(f, id,
                (struct account_model_said){.name = MODEL, .input = prices[i], .output = "1"},
                "price_malformed", "input");
    for (size_t i = 0; i < COUNT_OF(names); i++)
        refused(f, id, (struct account_model_said){.name = names[i], .tools = "yes"},
                "name_malformed", "name");
    refused(f, id, (struct account_model_said){.name = MODEL, .input = "1"}, "missing", "output");
    refused(f, id, (struct account_model_said){.name = MODEL, .output = "1"}, "missing", "input");
    refused(f, id, (struct account_model_said){.name = MODEL, .cached = "1"}, "missing", "input");
    refused(f, id, (struct account_model_said){.name = MODEL}, "missing", NULL);
    refused(f, "01234567-89ab-7def-8123-456789abcdef",
            (struct account_model_said){.name = MODEL, .tools = "yes"}, "not_found", NULL);
    for (int i = 0; i < ACCOUNT_LINES_MAX; i++)
        say(f, id,
            (struct account_model_said){.name = text_printf(f->mem, "model-%d", i), .tools = "no"});
    refused(f, id, (struct account_model_said){.name = MODEL, .tools = "yes"},
            "account_models_too_many", NULL);
    say(f, id, (struct account_model_said){.name = "model-7", .tools = "yes"});
}

static void nobody_elses(void **state)
{
    struct fixture *f = *state;
    struct place other = place_new(f->mem);
    struct ctx *c = pg_ctx(PG_WEB, other.tenant_id);
    const char *id = add(f, "https://models.example.com/v1", MODEL), *name;
    const struct account_model_said in = {.name = MODEL, .tools = "yes"};
    struct account_model now = say(f, id, in), *items;
    struct page page = {.most = 10};
    struct account account;
    size_t count;

    assert_int_equal(account_model_put(c, id, &in), E_NOT_FOUND);
    ctx_forgive(c);
    assert_int_equal(account_model_drop(c, id, now.id, &name), E_NOT_FOUND);
    ctx_forgive(c);
    assert_int_equal(account_model_lines(c, id, &account), E_NOT_FOUND);
    ctx_forgive(c);
    ok(c, account_model_list(c, id, &page, &items, &count));
    assert_int_equal(count, 0);
    ctx_end(c);
}

/* With its account, which takes along what was said. */
static void it_goes_with_its_account(void **state)
{
    struct fixture *f = *state;
    const char *id = add(f, "https://models.example.com/v1", MODEL);
    struct provider_account was;

    say(f, id, (struct account_model_said){.name = MODEL, .tools = "yes"});
    ok(f->web, provider_account_drop(f->web, id, &was));
    ok(f->web, db_commit(f->web));
    assert_int_equal(fixture_rows(f, "provider_account_model"), 0);
}

static int64_t unpriced(struct fixture *f, const char *id)
{
    struct provider_account now;

    ok(f->web, provider_account_get(f->web, id, &now));
    ok(f->web, db_commit(f->web));
    return now.unpriced;
}

static void models_without_a_price_are_counted(void **state)
{
    struct fixture *f = *state;
    const char *id = add(f, "https://models.example.com/v1", "gpt-5-mini one-a one-b two");
    const char *own = add(f, NULL, "of-tomorrow");

    assert_int_equal(unpriced(f, id), 3);
    assert_int_equal(unpriced(f, own), 0);
    say(f, id, (struct account_model_said){.name = "two", .tools = "yes"});
    assert_int_equal(unpriced(f, id), 3);
    say(f, id, (struct account_model_said){.name = "one-*", .input = "0", .output = "0"});
    assert_int_equal(unpriced(f, id), 1);
    say(f, id, (struct account_model_said){.name = "*", .input = "1", .output = "2"});
    assert_int_equal(unpriced(f, id), 0);
}

/* One question, routed and paid as any other: how it ended. */
static rc_t ask(struct fixture *f, const char *model, struct pool_outcome *o, const char **code)
{
    static const struct llm_message hello[] = {LLM_SAYS(LLM_PERSON, "Hello")};
    const struct payer payer = {.employee_id = f->at.employee_id};
    const struct llm_ask question = {.messages = hello, .count = 1, .max_tokens = 100};
    const struct routing_want want = {.model = model};
    struct ctx *c = pg_ctx(PG_WORKER, f->at.tenant_id);
    struct routing r;
    rc_t rc;

    ok(c, routing_find(c, &want, &r));
    ok(c, db_commit(c));
    r.pool.payer = &payer;
    rc = pool_ask_booked(c, &r.pool, &question, NULL, o);
    *code = rc == OK ? "" : c->fault.code;
    ctx_end(c);
    return rc;
}

static int64_t sum(struct fixture *f, const char *what)
{
    return pg_count(f->super, "SELECT coalesce(sum(%s), 0) FROM usage WHERE tenant_id = '%s'", what,
                    f->at.tenant_id);
}

/*
 * Nobody but the company knows what its gateway takes: with its price the cap holds there as
 * everywhere, to the last call, and the ledger says whose price it was.
 */
static void an_own_price_is_held_against_the_cap(void **state)
{
    static const struct model_way way = {.pieces = 50};
    struct fixture *f = *state;
    struct model *model = model_start(&way);
    const char *id = add(f, model_url(model), MODEL), *code;
    struct pool_outcome o;
    int64_t asked = 0;

    pg_do(f->super, "UPDATE cap SET limit_micros = %d WHERE tenant_id = '%s'", DOLLAR,
          f->at.tenant_id);
    /* Without a price it costs nothing, and says so. */
    ok(f->c, ask(f, MODEL, &o, &code));
    assert_int_equal(sum(f, "cost_micros"), 0);
    assert_int_equal(sum(f, "(price_from IS NULL AND NOT price_own)::int"), 1);

    say(f, id, (struct account_model_said){.name = "ours-*", .input = "100", .output = "2000"});
    routing_book_forget();
    while (ask(f, MODEL, &o, &code) == OK && asked < 100)
        asked++;
    assert_string_equal(code, "cap_day");
    assert_true(asked >= 3);
    assert_int_equal(model->asked, asked + 1);
    assert_int_equal(sum(f, "price_own::int"), asked);
    assert_int_equal(sum(f, "(price_from = (now() AT TIME ZONE 'UTC')::date)::int"), asked);
    /* The company's figures: 100 dollars a million tokens in, 2,000 out, rounded up each time. */
    assert_int_equal(sum(f, "cost_micros"),
                     sum(f, "CASE WHEN price_own THEN input_tokens * 100 + output_tokens * 2000"
                            " ELSE 0 END"));
    assert_true(sum(f, "cost_micros") <= DOLLAR);
    assert_true(sum(f, "cost_micros") > DOLLAR / 2);
    model_stop(model);
}

/* The price of the moment of the call holds; a new one is felt as soon as the account is read. */
static void a_new_price_changes_no_past(void **state)
{
    static const struct model_way way = {.pieces = 10};
    struct fixture *f = *state;
    struct model *model = model_start(&way);
    const char *id = add(f, model_url(model), MODEL), *code;
    struct pool_outcome o;
    int64_t first;

    say(f, id, (struct account_model_said){.name = MODEL, .input = "0", .output = "1"});
    ok(f->c, ask(f, MODEL, &o, &code));
    first = sum(f, "cost_micros");
    assert_int_equal(first, sum(f, "output_tokens"));
    say(f, id, (struct account_model_said){.name = MODEL, .input = "0", .output = "3"});
    routing_book_forget();
    ok(f->c, ask(f, MODEL, &o, &code));
    assert_int_equal(sum(f, "cost_micros"), first + 3 * (sum(f, "output_tokens") - first));
    /* And it wins over the list, for this account only. */
    say(f, id, (struct account_model_said){.name = "gpt-5", .input = "0", .output = "0"});
    pg_do(f->super, "UPDATE provider_account SET models = 'gpt-5' WHERE tenant_id = '%s'",
          f->at.tenant_id);
    routing_book_forget();
    first = sum(f, "cost_micros");
    ok(f->c, ask(f, "gpt-5", &o, &code));
    assert_int_equal(sum(f, "cost_micros"), first);
    model_stop(model);
}

/* More than one account can hold in names and lines fits into what is kept of a company. */
static void a_company_with_all_that_it_may_have(void **state)
{
    struct fixture *f = *state;
    struct ctx *c = ctx_new(MIB(64), pg_pool(PG_WORKER));
    struct routing_book book;

    pg_do(f->super,
          "INSERT INTO provider_account (tenant_id, id, position, provider, name, models_found)"
          " SELECT '%s', gen_random_uuid(), n, 'openai', 'of ' || n, repeat('m ', 16000)"
          " FROM generate_series(1, %d) n",
          f->at.tenant_id, ACCOUNTS_MAX);
    pg_do(f->super,
          "INSERT INTO provider_account_model (tenant_id, id, account_id, name, context)"
          " SELECT tenant_id, gen_random_uuid(), id, repeat('n', 190) || n, 1000"
          " FROM provider_account, generate_series(1, %d) n WHERE tenant_id = '%s'",
          ACCOUNT_LINES_MAX, f->at.tenant_id);
    c->tenant_id = f->at.tenant_id;
    ok(c, routing_book(c, &book));
    assert_true(book.count >= ACCOUNTS_MAX);
    assert_int_equal(book.accounts[0].model_count, 16000);
    assert_int_equal(book.accounts[0].account.line_count, ACCOUNT_LINES_MAX);
    ctx_end(c);
}

static int start(void **state)
{
    int rc;

    http_start();
    rc = pg_start(state);
    purse_start(pg_pool(PG_WORKER));
    return rc;
}

static int stop(void **state)
{
    purse_stop();
    http_stop();
    return pg_stop(state);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_said_is_kept),
        TEST(what_can_be_no_figure_is_refused),
        TEST(nobody_elses),
        TEST(it_goes_with_its_account),
        TEST(models_without_a_price_are_counted),
        TEST(an_own_price_is_held_against_the_cap),
        TEST(a_new_price_changes_no_past),
        TEST(a_company_with_all_that_it_may_have),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
