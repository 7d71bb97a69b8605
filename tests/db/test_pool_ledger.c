/*
 * The books of many companies' calls in one round: each company's once, whoever of them can't be
 * booked, and whatever becomes of the moment in which all of it should be on disk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "flow/live.h"
#include "flow/pool_ledger.h"
#include "lib/pg.h"

#include <cmocka.h>

#define COMPANIES 12
#define CALLS 3 /* of each */
#define HELD 1000
#define COST 400

struct books {
    struct arena *mem;
    PGconn *super;
    struct pool_ledger *ledger;
    const char *tenants[COMPANIES];
};

static int setup(void **state)
{
    struct books *b = calloc(1, sizeof(*b));

    b->mem = arena_new(MIB(16));
    b->super = pg_open(PG_SUPER);
    purse_start(pg_pool(PG_WORKER));
    b->ledger = pool_ledger_new(pg_pool(PG_WORKER));
    for (size_t i = 0; i < COMPANIES; i++)
        b->tenants[i] = place_new(b->mem).tenant_id;
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct books *b = *state;

    pool_ledger_free(b->ledger);
    purse_stop();
    PQfinish(b->super);
    arena_free(b->mem);
    free(b);
    return 0;
}

/* Begins and ends a call that costs COST, and holds more than that until it is booked. */
static void call_once(struct books *b, const char *tenant_id)
{
    static const struct usage u = {.model = "gpt-4o",
                                   .provider = "openai",
                                   .outcome = "answered",
                                   .tokens = {.input = 5, .output = 7},
                                   .counted = true,
                                   .cost_micros = COST};
    static const struct payer company = {.employee_id = NULL};
    const struct pool_candidate who = {.llm = llm_find("openai"), .model = "gpt-4o"};
    struct ctx *c = pg_ctx(PG_WORKER, tenant_id);
    struct purse_hold hold;

    ok(c, purse_hold(c, &company, HELD, &hold));
    purse_spent(&hold, COST);
    ledger_end(b->ledger, ledger_open(b->ledger, tenant_id, &company, &who, &hold), &u);
    ctx_end(c);
}

/* Each company's ledger and caps agree on CALLS calls. */
static void all_booked_once(struct books *b)
{
    for (size_t i = 0; i < COMPANIES; i++) {
        assert_int_equal(
            pg_count(b->super, "SELECT count(*) FROM usage WHERE tenant_id = '%s'", b->tenants[i]),
            CALLS);
        assert_int_equal(pg_count(b->super,
                                  "SELECT count(*) FROM cap_period WHERE tenant_id = '%s'"
                                  " AND spent_micros <> %d",
                                  b->tenants[i], CALLS * COST),
                         0);
    }
}

static void call_all(struct books *b)
{
    for (size_t i = 0; i < COMPANIES; i++)
        for (size_t k = 0; k < CALLS; k++)
            call_once(b, b->tenants[(i + k) % COMPANIES]);
}

static void each_company_once(void **state)
{
    struct books *b = *state;

    call_all(b);
    pool_ledger_flush(b->ledger);
    all_booked_once(b);
}

/* What can't be booked stands in nobody else's way. */
static void one_spoils_it_for_nobody(void **state)
{
    static const char nobody[] = "ffffffff-ffff-4fff-bfff-ffffffffffff";
    static const struct payer company = {.employee_id = NULL};
    static const struct usage u = {
        .model = "gpt-4o", .provider = "openai", .outcome = "answered", .cost_micros = 1};
    const struct pool_candidate who = {.llm = llm_find("openai"), .model = "gpt-4o"};
    const struct purse_hold nothing = {.count = 0};
    struct books *b = *state;

    ledger_end(b->ledger, ledger_open(b->ledger, nobody, &company, &who, &nothing), &u);
    ledger_end(b->ledger, ledger_open(b->ledger, b->tenants[0], &company, &who, &nothing),
               &(struct usage){.model = "gpt-4o",
                               .provider = "openai",
                               .outcome = "no outcome of ours",
                               .cost_micros = 1});
    call_all(b);
    for (int i = 0;
         i < 100 && pg_count(b->super, "SELECT count(*) FROM usage WHERE tenant_id = '%s'",
                             b->tenants[COMPANIES - 1]) < CALLS;
         i++)
        usleep(50 * 1000);
    all_booked_once(b);
    assert_int_equal(
        pg_count(b->super, "SELECT count(*) FROM usage WHERE tenant_id = '%s'", nobody), 0);
    /* It is given up at last: the end of the process need not wait for it. */
    pool_ledger_flush(b->ledger);
}

/* Nobody knows whether all is on disk: all comes again, and is found to be there. */
static void what_may_be_lost_comes_again(void **state)
{
    struct books *b = *state;

    pg_do(b->super, "REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text)"
                    " FROM PUBLIC");
    call_all(b);
    for (int i = 0;
         i < 100 && pg_count(b->super, "SELECT count(*) FROM usage WHERE tenant_id = '%s'",
                             b->tenants[COMPANIES - 1]) < CALLS;
         i++)
        usleep(50 * 1000);
    usleep(700 * 1000); /* it came again, and failed again */
    all_booked_once(b);
    pg_do(b->super, "GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text)"
                    " TO PUBLIC");
    pool_ledger_flush(b->ledger);
    all_booked_once(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_company_once, setup, teardown),
        cmocka_unit_test_setup_teardown(one_spoils_it_for_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(what_may_be_lost_comes_again, setup, teardown),
    };

    live_start(NULL);
    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
