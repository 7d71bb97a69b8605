/* See fixture.h. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/conf.h"
#include "base/id.h"
#include "core/conversation.h"
#include "core/tenant_key.h"

#include <cmocka.h>

void fixture_open(struct fixture *f)
{
    f->mem = arena_new(MIB(16));
    f->super = pg_open(PG_SUPER);
    f->at = place_new(f->mem);
    f->c = pg_ctx(PG_WORKER, f->at.tenant_id);
    f->web = pg_ctx(PG_WEB, f->at.tenant_id);
    f->conversation_id = id_new(f->mem);
}

void fixture_close(struct fixture *f)
{
    ctx_end(f->c);
    ctx_end(f->web);
    pg_do(f->super, "UPDATE job SET state = 'done', lease_until = NULL WHERE tenant_id = '%s'",
          f->at.tenant_id);
    PQfinish(f->super);
    arena_free(f->mem);
}

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    fixture_open(f);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}

void fixture_key(struct fixture *f)
{
    conf_set(CONF_master_key, "a master key that is longer than 32 bytes");
    ok(f->c, tenant_key_make(f->c));
    ok(f->c, db_commit(f->c));
}

void fixture_conversation(struct fixture *f)
{
    const struct conversation v = {
        .id = f->conversation_id, .employee_id = f->at.employee_id, .channel = "portal"};

    ok(f->c, conversation_open(f->c, &v));
    ok(f->c, db_commit(f->c));
}

void fixture_job(struct fixture *f, struct job *job)
{
    const char *id = id_new(f->mem);
    bool claimed;

    ok(f->c, job_add(f->c, id, "turn", f->conversation_id, id_new(f->mem)));
    ok(f->c, job_claim(f->c, id, job, &claimed));
    assert_true(claimed);
    ok(f->c, db_commit(f->c));
}

int64_t fixture_rows(struct fixture *f, const char *table)
{
    return pg_count(f->super, "SELECT count(*) FROM %s WHERE tenant_id = '%s'", table,
                    f->at.tenant_id);
}
