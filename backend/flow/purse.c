/* See purse.h. */
#include "flow/purse.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "flow/purse_slice.h"
#include "flow/purse_tenants.h"
#include "io/db.h"

#define WAIT_MS 5000
#define DRY_MS 200

static rc_t ask(struct ctx *c, const struct payer *payer, int64_t micros, bool last,
                struct purse_said *said)
{
    TRY(cap_list(c, &said->caps, &said->cap_count));
    TRY(cap_take(c, purse_holder(), payer, micros, PURSE_LEASE_S, said->slices, &said->count,
                 &said->how));
    if (said->how == CAP_WAIT && last)
        said->how = CAP_REFUSED;
    if (said->how == CAP_REFUSED)
        TRY(cap_refused(c, said->slices[0].cap_id));
    return db_commit(c);
}

void purse_take_over(struct purse_tenant *t, const struct purse_said *said, int64_t asked_ms)
{
    purse_list(t, said->caps, said->cap_count);
    t->listed_ms = asked_ms;
    if (t->renewed_ms == 0)
        t->renewed_ms = asked_ms;
    t->day = purse_today();
    for (size_t i = 0; i < said->count && said->how == CAP_TAKEN; i++)
        purse_put(t, &said->slices[i]);
    t->dry_ms = said->how == CAP_WAIT ? clock_mono_ms() + DRY_MS : 0;
}

rc_t purse_refuse(struct ctx *c, const struct cap_slice *slice)
{
    return ctx_fail(c, E_LIMIT,
                    text_is(slice->period, "day")     ? "cap_day"
                    : text_is(slice->period, "month") ? "cap_month"
                                                      : "cap_ever",
                    "This could cost more than what is left of the %s dollars%s of this %s.",
                    cap_dollars(c, slice->limit), cap_period_text(slice->period),
                    text_is(slice->scope, "tenant") ? "company" : slice->scope);
}

/* Asks the database for more, in a context of its own: the caller's tenant, another transaction. */
static rc_t take_more(struct ctx *c, const struct payer *payer, int64_t micros, bool last)
{
    struct ctx *own = ctx_new(MIB(4), c->db);
    struct purse_said said = {.how = CAP_WAIT};
    int64_t asked_ms = clock_mono_ms();
    struct purse_tenant *t;
    rc_t rc;

    own->tenant_id = text_dup(own->mem, c->tenant_id);
    own->reference = c->reference;
    rc = ask(own, payer, micros, last, &said);
    pthread_mutex_lock(&purse_lock);
    t = purse_tenant(c->tenant_id);
    t->asking = false;
    if (rc == OK)
        purse_take_over(t, &said, asked_ms);
    pthread_cond_broadcast(&purse_changed);
    pthread_mutex_unlock(&purse_lock);
    if (rc != OK)
        rc = ctx_fail(c, rc, own->fault.code, "%s", own->fault.detail);
    else if (said.how == CAP_REFUSED)
        rc = purse_refuse(c, &said.slices[0]);
    ctx_end(own);
    return rc;
}

/* With the lock held; until something changes, at most to the next time that asking makes sense. */
static void wait_a_little(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += DRY_MS * 1000000L / 2;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&purse_changed, &purse_lock, &until);
}

rc_t purse_hold(struct ctx *c, const struct payer *payer, int64_t micros, struct purse_hold *out)
{
    const int64_t until_ms = clock_mono_ms() + WAIT_MS;

    *out = (struct purse_hold){.count = 0};
    for (;;) {
        bool done = false, wait = false;

        pthread_mutex_lock(&purse_lock);
        struct purse_tenant *t = purse_tenant(c->tenant_id);

        done = purse_take_here(t, payer, micros, false, out);
        wait = !done && (t->asking || clock_mono_ms() < t->dry_ms);
        if (wait)
            wait_a_little();
        else if (!done)
            t->asking = true;
        pthread_mutex_unlock(&purse_lock);
        if (done)
            return OK;
        if (!wait)
            TRY(take_more(c, payer, micros, clock_mono_ms() >= until_ms));
    }
}

void purse_spent(const struct purse_hold *hold, int64_t cost)
{
    pthread_mutex_lock(&purse_lock);
    struct purse_tenant *t = hold->count == 0 ? NULL : purse_tenant(hold->tenant_id);

    for (size_t i = 0; i < hold->count; i++) {
        struct purse_account *a = purse_account(t, hold->caps[i].cap_id, hold->caps[i].starts);

        if (a == NULL)
            continue;
        a->held -= hold->micros;
        a->left -= cost < a->left ? cost : a->left;
        a->used_ms = clock_mono_ms();
    }
    pthread_cond_broadcast(&purse_changed);
    pthread_mutex_unlock(&purse_lock);
}

rc_t purse_book(struct ctx *c, const struct purse_hold *hold, int64_t cost)
{
    struct buf ids = buf_new(c->mem, KIB(1)), starts = buf_new(c->mem, KIB(1));
    struct cap_list list;

    if (hold->count == 0 || cost == 0)
        return OK;
    for (size_t i = 0; i < hold->count; i++) {
        buf_printf(&ids, "%c%s", i == 0 ? '{' : ',', hold->caps[i].cap_id);
        buf_printf(&starts, "%c%s", i == 0 ? '{' : ',', hold->caps[i].starts);
    }
    buf_char(&ids, '}');
    buf_char(&starts, '}');
    list = (struct cap_list){buf_str(&ids), buf_str(&starts)};
    return cap_settle(c, purse_holder(), &list, cost);
}
