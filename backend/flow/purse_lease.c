/*
 * The purse for event loops (purse.h): a hold that never waits, and the slices that it lacks, for
 * many calls at once.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "flow/purse_slice.h"
#include "flow/purse_tenants.h"
#include "io/db.h"

/* So many times what is asked for may be under way without rows: the next ones come at once. */
#define BARE_TIMES 4
/* Who leases more often than this asks for more each time, so that it becomes seldom. */
#define OFTEN_MS 2000
#define STRETCH_MAX 256

bool purse_try(const char *tenant_id, const struct payer *payer, int64_t micros,
               struct purse_hold *out, bool *stale)
{
    const int64_t now_ms = clock_mono_ms();
    bool taken;

    pthread_mutex_lock(&purse_lock);
    struct purse_tenant *t = purse_tenant(tenant_id);

    taken = purse_take_here(t, payer, micros, true, out);
    *stale = taken && now_ms - t->listed_ms > PURSE_FRESH_MS / 2 &&
             now_ms - t->stale_ms > PURSE_FRESH_MS / 4;
    if (*stale)
        t->stale_ms = now_ms;
    pthread_mutex_unlock(&purse_lock);
    return taken;
}

void purse_told(struct purse_hold *hold)
{
    if (!hold->quiet)
        return;
    hold->quiet = false;
    pthread_mutex_lock(&purse_lock);
    struct purse_tenant *t = hold->count == 0 ? NULL : purse_tenant(hold->tenant_id);

    for (size_t i = 0; i < hold->count; i++) {
        struct purse_account *a = purse_account(t, hold->caps[i].cap_id, hold->caps[i].starts);

        if (a != NULL)
            a->quiet -= hold->micros;
    }
    pthread_mutex_unlock(&purse_lock);
}

/* What is missing here, and the accounts that apply with what is to be bare in them. */
struct lack {
    int64_t micros;
    struct cap_bare bare[CAPS_MAX];
    unsigned given[CAPS_MAX];
    size_t count;
};

/* With the lock held. */
static void look(struct purse_tenant *t, const struct payer *payer, int64_t micros,
                 struct lack *out)
{
    *out = (struct lack){.micros = 0};
    if (t->renewed_ms == 0 || t->day != purse_today())
        out->micros = micros;
    for (size_t i = 0; i < t->count; i++) {
        const struct purse_account *a = &t->accounts[i];
        int64_t missing = a->starts[0] == '\0' ? micros : micros - (a->left - a->held);

        if (a->scope[0] == '\0' || !purse_applies(a, payer) || out->count == CAPS_MAX)
            continue;
        if (missing > out->micros)
            out->micros = missing;

        struct cap_bare *b = &out->bare[out->count];

        snprintf(b->cap_id, sizeof(b->cap_id), "%s", a->cap_id);
        snprintf(b->starts, sizeof(b->starts), "%s", a->starts);
        b->micros = a->quiet + BARE_TIMES * micros;
        out->given[out->count++] = a->given;
    }
}

/* The same of the slices that were taken just now: they may be of another period. */
static void bare_of_slices(const struct purse_said *said, struct lack *lack)
{
    const struct lack before = *lack;

    lack->count = said->count;
    for (size_t i = 0; i < said->count; i++) {
        const struct cap_slice *s = &said->slices[i];
        struct cap_bare *b = &lack->bare[i];

        b->micros = BARE_TIMES * said->asked;
        for (size_t k = 0; k < before.count; k++)
            if (text_is(before.bare[k].cap_id, s->cap_id))
                b->micros = before.bare[k].micros;
        snprintf(b->cap_id, sizeof(b->cap_id), "%s", s->cap_id);
        snprintf(b->starts, sizeof(b->starts), "%s", s->starts);
    }
}

static rc_t take(struct ctx *c, const struct payer *payer, int64_t micros, struct lack *lack,
                 struct purse_said *said)
{
    said->asked = micros;
    pthread_mutex_lock(&purse_lock);
    struct purse_tenant *t = purse_tenant(c->tenant_id);

    purse_drop_ended(t, clock_mono_ms());
    purse_list(t, said->caps, said->cap_count);
    look(t, payer, micros, lack);
    pthread_mutex_unlock(&purse_lock);
    said->how = CAP_TAKEN;
    said->count = 0;
    if (lack->micros <= 0)
        return OK;
    TRY(cap_take(c, purse_holder(), payer, lack->micros, PURSE_LEASE_S, said->slices, &said->count,
                 &said->how));
    if (said->how == CAP_TAKEN)
        bare_of_slices(said, lack);
    return OK;
}

/* How much more than what is asked for is asked of the database. */
static int64_t stretch_of(const char *tenant_id)
{
    const int64_t now_ms = clock_mono_ms();
    int64_t stretch;

    pthread_mutex_lock(&purse_lock);
    struct purse_tenant *t = purse_tenant(tenant_id);

    if (now_ms - t->leased_ms < OFTEN_MS)
        t->stretch = t->stretch < STRETCH_MAX ? 2 * t->stretch : STRETCH_MAX;
    else
        t->stretch /= 2;
    if (t->stretch < 1)
        t->stretch = 1;
    t->leased_ms = now_ms;
    stretch = t->stretch;
    pthread_mutex_unlock(&purse_lock);
    return stretch;
}

static rc_t ask(struct ctx *c, const struct payer *payer, int64_t most, int64_t least, bool last,
                struct lack *lack, struct purse_said *said)
{
    const int64_t amounts[] = {most * (most > 0 ? stretch_of(c->tenant_id) : 1), most, least};

    TRY(cap_list(c, &said->caps, &said->cap_count));
    said->how = CAP_WAIT;
    for (size_t i = 0; i < COUNT_OF(amounts) && said->how != CAP_TAKEN; i++)
        if (i == 0 || amounts[i] < amounts[i - 1])
            TRY(take(c, payer, amounts[i], lack, said));
    if (said->how == CAP_WAIT && last)
        said->how = CAP_REFUSED;
    if (said->how == CAP_REFUSED)
        TRY(cap_refused(c, said->slices[0].cap_id));
    if (said->how == CAP_TAKEN)
        TRY(cap_bare(c, purse_holder(), lack->bare, lack->count));
    return db_commit(c);
}

/*
 * With the lock held: what may be bare from now on. Of a slice of which something went back
 * meanwhile nobody knows whether it is still there; one that the database does not have is gone.
 */
static void put_bare(struct purse_tenant *t, const struct lack *lack, bool taken)
{
    for (size_t i = 0; i < lack->count; i++) {
        const struct cap_bare *b = &lack->bare[i];
        struct purse_account *a = purse_account(t, b->cap_id, b->starts);

        if (a == NULL)
            continue;
        if (b->micros < 0)
            a->left = a->held;
        a->bare = b->micros > 0 && (taken || a->given == lack->given[i]) ? b->micros : 0;
    }
}

/* With the lock held: whether what may be bare is all that is missing for so much. */
static bool is_cramped(const struct purse_tenant *t, const struct payer *payer, int64_t micros)
{
    bool cramped = false;

    for (size_t i = 0; i < t->count; i++) {
        const struct purse_account *a = &t->accounts[i];

        if (a->scope[0] == '\0' || !purse_applies(a, payer))
            continue;
        if (a->left - a->held < micros)
            return false;
        cramped = cramped || (a->quiet > 0 && a->bare - a->quiet < micros);
    }
    return cramped;
}

rc_t purse_lease(struct ctx *c, const struct payer *payer, int64_t most, int64_t least, bool last,
                 enum purse_left *left)
{
    struct purse_said said = {.how = CAP_WAIT};
    int64_t asked_ms = clock_mono_ms();
    struct lack lack;

    *left = PURSE_ENOUGH;
    TRY(ask(c, payer, most, least, last, &lack, &said));
    pthread_mutex_lock(&purse_lock);
    struct purse_tenant *t = purse_tenant(c->tenant_id);

    purse_take_over(t, &said, asked_ms);
    if (said.how == CAP_TAKEN)
        put_bare(t, &lack, said.count > 0);
    if (said.how == CAP_WAIT)
        *left = PURSE_DRY;
    else if (is_cramped(t, payer, least))
        *left = PURSE_CRAMPED;
    pthread_cond_broadcast(&purse_changed);
    pthread_mutex_unlock(&purse_lock);
    return said.how == CAP_REFUSED ? purse_refuse(c, &said.slices[0]) : OK;
}
