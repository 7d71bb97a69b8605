/* See audit_help.h. */
#include "audit_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "core/audit.h"

#include <cmocka.h>

#define MASTER "a master key for tests, long enough to be one"
#define WEB_KEY "a web key for tests, also long enough for it"

int audit_help_start(void **state)
{
    if (pg_start(state) != 0)
        return 1;
    conf_set(CONF_master_key, MASTER);
    conf_set(CONF_web_key, WEB_KEY);
    return 0;
}

int audit_help_setup(void **state)
{
    *state = arena_new(MIB(64));
    return 0;
}

int audit_help_teardown(void **state)
{
    arena_free(*state);
    return 0;
}

void add(const char *tenant_id, const char *actor, const char *action, const char *object,
         const char *body)
{
    struct ctx *c = pg_ctx(PG_WEB, tenant_id);

    ok(c, audit_add(c, actor, action, object, body));
    ok(c, db_commit(c));
    ctx_end(c);
}

/* By the door that every entry comes through. */
void add_many(const char *tenant_id, int count)
{
    PGconn *web = pg_open(PG_WEB);

    for (int from = 1; from <= count; from += 500)
        pg_do(web,
              "BEGIN; SET LOCAL app.tenant_id = '%s'; SELECT count(audit_add('person:many', "
              "'thing.done', 'object ' || n, '{\"n\":' || n || '}')) FROM generate_series(%d, "
              "least(%d, %d)) n; COMMIT",
              tenant_id, from, from + 499, count);
    PQfinish(web);
}
