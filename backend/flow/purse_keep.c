/*
 * The purse's thread: renews slices that are in use, gives back what lies idle, ends those of the
 * dead.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "flow/purse_tenants.h"
#include "io/db.h"

#define LOOK_MS 500
#define SWEEP_MS 10000
#define MOST 256 /* of each kind in one look; the rest comes with the next */

static struct {
    struct db_pool *db;
    pthread_t thread;
    atomic_bool over;
    char holder[37];
} keeper;

const char *purse_holder(void)
{
    return keeper.holder;
}

struct parcel {
    char tenant_id[37], cap_id[37], starts[11];
    int64_t micros;
};

/* What one look found to do. */
struct chores {
    int64_t now_ms;
    bool all; /* everything goes back: the process ends */
    struct parcel back[MOST];
    size_t back_count;
    char renew[MOST][37];
    size_t renew_count;
};

static void look_at(struct purse_tenant *t, void *arg)
{
    struct chores *chores = arg;
    bool in_use = false;

    purse_drop_ended(t, chores->now_ms);
    for (size_t i = 0; i < t->count; i++) {
        struct purse_account *a = &t->accounts[i];
        bool idle = chores->all || a->scope[0] == '\0' ||
                    chores->now_ms - a->used_ms > PURSE_IDLE_MS;

        if (a->left > a->held && idle && chores->back_count < MOST) {
            struct parcel *p = &chores->back[chores->back_count++];

            memcpy(p->tenant_id, t->id, sizeof(t->id));
            memcpy(p->cap_id, a->cap_id, sizeof(a->cap_id));
            memcpy(p->starts, a->starts, sizeof(a->starts));
            p->micros = a->left - a->held;
            a->left = a->held;
            a->bare = 0;
            a->given++;
        }
        in_use = in_use || a->left > 0;
    }
    if (in_use && t->renewed_ms != 0 && chores->now_ms - t->renewed_ms > PURSE_RENEW_MS &&
        chores->renew_count < MOST)
        memcpy(chores->renew[chores->renew_count++], t->id, sizeof(t->id));
}

static rc_t give_back(struct ctx *c, const struct parcel *p)
{
    TRY(db_tenant(c, p->tenant_id));
    TRY(cap_give_back(c, purse_holder(), p->cap_id, p->starts, p->micros));
    return db_commit(c);
}

static rc_t renew(struct ctx *c, const char *tenant_id, int64_t now_ms)
{
    TRY(db_tenant(c, tenant_id));
    TRY(cap_renew(c, purse_holder(), PURSE_LEASE_S));
    TRY(db_commit(c));
    pthread_mutex_lock(&purse_lock);
    purse_tenant(tenant_id)->renewed_ms = now_ms;
    pthread_mutex_unlock(&purse_lock);
    return OK;
}

/* What does not come through is not lost: it ends with its lease. */
static void tell(struct ctx *c, rc_t rc)
{
    if (rc == OK)
        return;
    log_fault(c, "purse_not_kept");
    db_rollback(c);
    ctx_forgive(c);
}

static void look(bool all)
{
    struct ctx *c = ctx_new(MIB(8), keeper.db);
    struct chores *chores = arena_take(c->mem, sizeof(*chores));

    chores->now_ms = clock_mono_ms();
    chores->all = all;
    pthread_mutex_lock(&purse_lock);
    purse_each(look_at, chores);
    purse_tidy(chores->now_ms);
    pthread_mutex_unlock(&purse_lock);
    for (size_t i = 0; i < chores->back_count; i++)
        tell(c, give_back(c, &chores->back[i]));
    for (size_t i = 0; i < chores->renew_count; i++)
        tell(c, renew(c, chores->renew[i], chores->now_ms));
    ctx_end(c);
}

static void sweep(void)
{
    struct ctx *c = ctx_new(MIB(4), keeper.db);
    int64_t settled = 0;

    tell(c, cap_sweep(c, &settled));
    if (settled > 0)
        log_warn("calls_unknown", "count", text_printf(c->mem, "%lld", (long long)settled), NULL);
    ctx_end(c);
}

static void *keep(void *arg)
{
    int64_t next_ms = clock_mono_ms() + SWEEP_MS;

    (void)arg;
    while (!atomic_load(&keeper.over)) {
        usleep(LOOK_MS * 1000);
        look(false);
        if (clock_mono_ms() < next_ms)
            continue;
        sweep();
        next_ms = clock_mono_ms() + SWEEP_MS;
    }
    return NULL;
}

void purse_start(struct db_pool *db)
{
    struct ctx *c = ctx_new(MIB(1), NULL);

    keeper.db = db;
    atomic_store(&keeper.over, false);
    memcpy(keeper.holder, id_new(c->mem), sizeof(keeper.holder));
    ctx_end(c);
    if (pthread_create(&keeper.thread, NULL, keep, NULL) != 0)
        abort();
}

void purse_stop(void)
{
    atomic_store(&keeper.over, true);
    pthread_join(keeper.thread, NULL);
    look(true);
}
