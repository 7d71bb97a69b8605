/* Vectors of texts cost money like answers: a cap holds, and the ledger knows every question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "flow/embed.h"
#include "io/http.h"
#include "lib/pg.h"
#include "unit/tiny_server.h"

#include <cmocka.h>

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"

static const char *const texts[] = {"one", "two"};

struct fixture {
    struct arena *mem;
    PGconn *super;
    struct place at;
    struct ctx *c;
    struct payer payer;
    struct tiny *server;
    struct pool_route route;
};

static int setup(void **state)
{
    static const struct tiny_step good = {
        HEAD "{\"model\":\"text-embedding-3-small\",\"usage\":{\"prompt_tokens\":1000},"
             "\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":1,\"embedding\":[2]}]}",
        0, TINY_CLOSE};
    struct fixture *f = calloc(1, sizeof(*f));

    f->mem = arena_new(MIB(16));
    f->super = pg_open(PG_SUPER);
    f->at = place_new(f->mem);
    f->c = pg_ctx(PG_WORKER, f->at.tenant_id);
    f->payer = (struct payer){.employee_id = f->at.employee_id};
    f->server = tiny_start(&good, 1);
    f->route = (struct pool_route){
        .payer = &f->payer,
        .count = 1,
        .candidates = {{.llm = llm_find("openai"),
                        .account = {.base_url = tiny_url(f->server), .key = "k"},
                        .model = "text-embedding-3-small",
                        .purpose = "primary"}}};
    http_start();
    purse_start(pg_pool(PG_WORKER));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    purse_stop();
    ctx_end(f->c);
    tiny_stop(f->server);
    http_stop();
    pg_do(f->super, "UPDATE job SET state = 'done' WHERE tenant_id = '%s'", f->at.tenant_id);
    PQfinish(f->super);
    arena_free(f->mem);
    free(f);
    return 0;
}

static const char *ledger(struct fixture *f)
{
    return pg_get(f->mem, f->super,
                  "SELECT coalesce(string_agg(concat_ws(' ', provider, model, input_tokens,"
                  "  output_tokens, cost_micros, price_from, outcome, employee_id IS NOT NULL),"
                  " '; ' ORDER BY created_at), '') FROM usage WHERE tenant_id = '%s'",
                  f->at.tenant_id);
}

static int64_t spent(struct fixture *f)
{
    return pg_count(f->super,
                    "SELECT coalesce(sum(p.spent_micros), 0) FROM cap_period p JOIN cap c"
                    " ON c.tenant_id = p.tenant_id AND c.id = p.cap_id"
                    " WHERE p.tenant_id = '%s' AND c.period = 'day'",
                    f->at.tenant_id);
}

static int64_t open_calls(struct fixture *f)
{
    return pg_count(f->super, "SELECT count(*) FROM call_open WHERE tenant_id = '%s'",
                    f->at.tenant_id);
}

static void a_question_is_in_the_ledger(void **state)
{
    struct fixture *f = *state;
    struct embedded_texts out;

    assert_int_equal(embed_texts(f->c, &f->route, texts, 2, 0, NULL, &out), OK);
    /* 1,000 tokens at 20,000 micro-dollars a million */
    assert_int_equal(out.cost_micros, 20);
    assert_string_equal(ledger(f), "openai text-embedding-3-small 1000 0 20 2024-01-25 answered t");
    assert_int_equal(spent(f), 20);
    assert_int_equal(open_calls(f), 0);
}

/* Each byte of the texts may be a token: 2,000 of them are 40 micro-dollars. */
static void a_cap_holds(void **state)
{
    struct fixture *f = *state;
    struct embedded_texts out;
    char *long_text = arena_take(f->mem, 2001);
    const char *two[] = {long_text, "two"};

    memset(long_text, 'a', 2000);
    pg_do(f->super, "UPDATE cap SET limit_micros = 30 WHERE tenant_id = '%s'", f->at.tenant_id);
    assert_int_equal(embed_texts(f->c, &f->route, two, 2, 0, NULL, &out), E_LIMIT);
    assert_true(text_starts(f->c->fault.code, "cap_"));
    assert_int_equal(tiny_requests(f->server), 0);
    assert_string_equal(ledger(f), "");
    assert_int_equal(open_calls(f), 0);
}

/* It failed on our side, but the provider counted: that is booked, and nothing twice. */
static void what_failed_and_was_counted_is_booked(void **state)
{
    struct fixture *f = *state;
    struct embedded_texts out;

    assert_int_equal(embed_texts(f->c, &f->route, texts, 1, 0, NULL, &out), E_UPSTREAM);
    assert_string_equal(f->c->fault.code, "llm_broken");
    assert_string_equal(ledger(f), "openai text-embedding-3-small 1000 0 20 2024-01-25 failed t");
    assert_int_equal(spent(f), 20);
    assert_int_equal(open_calls(f), 0);
}

/* The row of the answer says who was asked in vain before. */
static void who_failed_before_is_named(void **state)
{
    static const struct tiny_step broken = {
        "HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 0, TINY_CLOSE};
    struct fixture *f = *state;
    struct tiny *first = tiny_start(&broken, 1);
    struct embedded_texts out;

    f->route.candidates[1] = f->route.candidates[0];
    f->route.candidates[0].account.base_url = tiny_url(first);
    f->route.count = 2;
    assert_int_equal(embed_texts(f->c, &f->route, texts, 2, 0, NULL, &out), OK);
    assert_string_equal(ledger(f), "openai text-embedding-3-small 1000 0 20 2024-01-25 answered t");
    assert_string_equal(pg_get(f->mem, f->super,
                               "SELECT string_agg(t ->> 'code', ' ') FROM usage,"
                               " jsonb_array_elements(tries::jsonb) t WHERE tenant_id = '%s'",
                               f->at.tenant_id),
                        "llm_broken llm_broken");
    tiny_stop(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_question_is_in_the_ledger, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cap_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(what_failed_and_was_counted_is_booked, setup, teardown),
        cmocka_unit_test_setup_teardown(who_failed_before_is_named, setup, teardown),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
