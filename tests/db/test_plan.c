/* What a tenant may use: its own limit, else its plan's, else what the settings say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "core/plan.h"
#include "io/db.h"
#include "lib/pg.h"

#include <cmocka.h>

#define BY_SETTING 77

static int64_t limit_of(struct ctx *c, const char *name)
{
    int64_t value = BY_SETTING;

    if (plan_limit(c, name, &value) != OK || db_commit(c) != OK)
        fail_msg("%s", c->fault.detail);
    return value;
}

static void the_nearest_word_counts(void **state)
{
    struct arena *mem = arena_new(MIB(1));
    struct place at = place_new(mem), other = place_new(mem);
    PGconn *super = pg_open(PG_SUPER);
    static const enum pg_role roles[] = {PG_WEB, PG_WORKER};

    (void)state;
    pg_do(super, "INSERT INTO tenant_limit VALUES ('%s', 'api_key', 3)", other.tenant_id);
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        struct ctx *c = pg_ctx(roles[i], at.tenant_id);

        assert_int_equal(limit_of(c, "messages"), BY_SETTING); /* the plan of a new tenant */
        pg_do(super, "UPDATE tenant SET plan = 'trial' WHERE tenant_id = '%s'", at.tenant_id);
        assert_int_equal(limit_of(c, "messages"), 120);
        assert_int_equal(limit_of(c, "no such limit"), BY_SETTING);
        assert_int_equal(limit_of(c, "api_key"), 300); /* and never another tenant's */
        pg_do(super, "INSERT INTO tenant_limit VALUES ('%s', 'messages', 0)", at.tenant_id);
        assert_int_equal(limit_of(c, "messages"), 0);
        pg_do(super, "DELETE FROM tenant_limit WHERE tenant_id = '%s'", at.tenant_id);
        pg_do(super, "UPDATE tenant SET plan = 'gone' WHERE tenant_id = '%s'", at.tenant_id);
        assert_int_equal(limit_of(c, "messages"), BY_SETTING);
        pg_do(super, "UPDATE tenant SET plan = 'standard' WHERE tenant_id = '%s'", at.tenant_id);
        ctx_end(c);
    }
    PQfinish(super);
    arena_free(mem);
}

static void bad_lines_are_told(void **state)
{
    static const char *const lines[] = {"plan\tx", "limit\tmessages\t1",
                                        "plan\tx\ty\nlimit\tm\tmany", "plan\tx\ty\nlimit\tm\t-1",
                                        "plans\tx\ty"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct ctx *c = pg_ctx(PG_OWNER, NULL);

        assert_int_not_equal(plan_seed(c, lines[i]), OK);
        db_rollback(c);
        ctx_end(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_word_counts),
        cmocka_unit_test(bad_lines_are_told),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
