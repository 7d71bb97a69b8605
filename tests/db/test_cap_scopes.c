/*
 * Whose caps hold for a call: the tenant's, its team's, employee's, conversation's and key's, all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/id.h"
#include "core/cap.h"
#include "fixture.h"
#include "flow/purse.h"

#include <cmocka.h>

#define DOLLAR 1000000

static void cap_for(struct fixture *f, const char *scope, const char *id, const char *period,
                    int64_t micros)
{
    pg_do(f->super,
          "INSERT INTO cap (tenant_id, id, scope, scope_id, period, limit_micros)"
          " VALUES ('%s', gen_random_uuid(), '%s', '%s', '%s', %lld)",
          f->at.tenant_id, scope, id, period, (long long)micros);
}

static void the_narrower_cap_holds_for_its_own(void **state)
{
    struct fixture *f = *state;
    const struct payer own = {.employee_id = f->at.employee_id},
                       other = {.employee_id = id_new(f->mem)};
    struct cap_slice slices[CAPS_MAX];
    enum cap_taken how;
    size_t count;

    cap_for(f, "employee", f->at.employee_id, "ever", 5000);
    ok(f->c, cap_take(f->c, id_new(f->mem), &own, 6000, 60, slices, &count, &how));
    ok(f->c, db_commit(f->c));
    assert_int_equal(how, CAP_REFUSED);
    ok(f->c, cap_take(f->c, id_new(f->mem), &other, 6000, 60, slices, &count, &how));
    ok(f->c, db_commit(f->c));
    assert_int_equal(how, CAP_TAKEN);
    assert_int_equal(count, 2);
}

/* Of all employees in it together, also where the purse has something left of other caps. */
static void a_teams_cap_holds_for_all_who_are_in_it(void **state)
{
    struct fixture *f = *state;
    const char *team_id = id_new(f->mem);
    const struct payer one = {.employee_id = f->at.employee_id, .team_id = team_id},
                       two = {.employee_id = id_new(f->mem), .team_id = team_id},
                       other = {.employee_id = id_new(f->mem), .team_id = id_new(f->mem)};
    struct purse_hold hold;

    cap_for(f, "team", team_id, "day", 10000);
    purse_start(pg_pool(PG_WORKER));
    ok(f->c, purse_hold(f->c, &other, 4000, &hold));
    purse_spent(&hold, 0);
    for (int i = 0; i < 2; i++) {
        ok(f->c, purse_hold(f->c, i == 0 ? &one : &two, 4000, &hold));
        purse_spent(&hold, 4000);
        ok(f->c, purse_book(f->c, &hold, 4000));
        ok(f->c, db_commit(f->c));
    }
    assert_int_equal(purse_hold(f->c, &two, 4000, &hold), E_LIMIT);
    assert_string_equal(f->c->fault.code, "cap_day");
    ctx_forgive(f->c);
    ok(f->c, purse_hold(f->c, &other, 4000, &hold));
    purse_spent(&hold, 0);
    purse_stop();
}

/* As many caps as one call can have: all are held, and all are settled. */
static void every_cap_that_there_can_be_holds(void **state)
{
    static const char *const scopes[] = {"team", "employee", "conversation", "key"},
                             *const periods[] = {"day", "month", "ever"};
    struct fixture *f = *state;
    const struct payer payer = {.employee_id = f->at.employee_id,
                                .team_id = id_new(f->mem),
                                .conversation_id = id_new(f->mem),
                                .key_id = id_new(f->mem)};
    const char *const ids[] = {payer.team_id, payer.employee_id, payer.conversation_id,
                               payer.key_id};
    struct purse_hold hold;

    for (size_t i = 0; i < COUNT_OF(scopes); i++)
        for (size_t k = 0; k < COUNT_OF(periods); k++)
            cap_for(f, scopes[i], ids[i], periods[k], DOLLAR);
    cap_for(f, "tenant", f->at.tenant_id, "ever", DOLLAR);
    purse_start(pg_pool(PG_WORKER));
    ok(f->c, purse_hold(f->c, &payer, 1000, &hold));
    assert_int_equal(hold.count, 15);
    purse_spent(&hold, 700);
    ok(f->c, purse_book(f->c, &hold, 700));
    ok(f->c, db_commit(f->c));
    purse_stop();
    assert_int_equal(pg_count(f->super,
                              "SELECT sum(spent_micros) FROM cap_period WHERE tenant_id = '%s'"
                              " AND leased_micros = 0",
                              f->at.tenant_id),
                     15 * 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(the_narrower_cap_holds_for_its_own),
        FIXTURE_TEST(a_teams_cap_holds_for_all_who_are_in_it),
        FIXTURE_TEST(every_cap_that_there_can_be_holds),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
