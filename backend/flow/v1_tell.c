/* See v1_tell.h. */
#include "flow/v1_tell.h"

#include "base/log.h"
#include "flow/account.h"
#include "io/db.h"

struct telling {
    struct ctx *c;
    struct errand errand;
    struct pool_try tries[POOL_TRIES_MAX];
    size_t count;
};

static void work(void *arg)
{
    const struct telling *t = arg;
    rc_t rc = OK;

    for (size_t i = 0; i < t->count && rc == OK; i++)
        rc = account_tell(t->c, &t->tries[i]);
    if (rc == OK)
        rc = db_commit(t->c);
    if (rc != OK)
        log_fault(t->c, "account_not_told");
    db_rollback(t->c);
}

static void worked(void *arg)
{
    struct telling *t = arg;

    ctx_end(t->c);
}

static struct telling *telling_new(const struct ctx *call)
{
    struct ctx *c = ctx_new(KIB(256), call->db);
    struct telling *t = arena_take(c->mem, sizeof(*t));

    c->tenant_id = text_dup(c->mem, call->tenant_id);
    c->reference = call->reference == NULL ? NULL : text_dup(c->mem, call->reference);
    *t = (struct telling){.c = c};
    t->errand = (struct errand){
        .work = work, .arg = t, .done = {.fn = worked, .arg = t}, .lane = c->tenant_id};
    return t;
}

void v1_tell(struct helpers *helpers, const struct ctx *c, const struct pool_outcome *o)
{
    struct telling *t = NULL;

    for (size_t i = 0; i < o->try_count; i++) {
        if (!account_tells(&o->tries[i]))
            continue;
        if (t == NULL)
            t = telling_new(c);
        t->tries[t->count++] = (struct pool_try){
            .account_id = text_dup(t->c->mem, o->tries[i].account_id),
            .code = text_dup(t->c->mem, o->tries[i].code),
            .status = o->tries[i].status};
    }
    if (t != NULL)
        helpers_send(helpers, &t->errand);
}
