/* See pool_bank.h. */
#include "flow/pool_bank.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "flow/pool_bank_clerk.h"
#include "flow/pool_cost.h"

#define WAIT_MS 5000 /* for what others may give back, as in the purse */
#define DRY_MS 100
#define CRAMPED_MS 20   /* a round of the ledger is written meanwhile */
#define TOGETHER_MAX 64 /* who wait and are leased for at once */

/* Those who wait for the same caps. It is there as long as somebody waits. */
struct bank_group {
    struct bank_group *next;
    struct pool_bank *b;
    struct bank_payer payer;
    struct bank_wait *first, **end;
    struct loop_timer again;
    bool asking;
};

struct pool_bank {
    struct loop *loop;
    struct pool_ledger *ledger;
    struct bank_clerk *clerk;
    struct bank_group *groups;
    struct loop_task freed;
    size_t errands; /* under way */
};

static void serve(struct bank_group *g);

static void serve_all(void *arg)
{
    struct pool_bank *b = arg;

    for (struct bank_group *g = b->groups, *next; g != NULL; g = next) {
        next = g->next;
        if (!g->asking)
            serve(g);
    }
}

struct pool_bank *pool_bank_new(struct loop *loop, struct db_pool *db, struct pool_ledger *ledger)
{
    struct pool_bank *b = calloc(1, sizeof(*b));

    if (b == NULL)
        abort();
    b->loop = loop;
    b->ledger = ledger;
    b->clerk = bank_clerk_new(loop, db);
    b->freed = (struct loop_task){.fn = serve_all, .arg = b};
    return b;
}

void pool_bank_free(struct pool_bank *b)
{
    while (b->errands > 0 || b->freed.queued)
        loop_turn(b->loop, 100);
    assert(b->groups == NULL);
    bank_clerk_free(b->clerk);
    free(b);
}

static void tell(void *arg)
{
    struct bank_wait *w = arg;

    w->served(w->arg, w->rc);
}

static void finish(struct bank_wait *w, rc_t rc)
{
    w->group = NULL;
    w->rc = rc;
    w->task = (struct loop_task){.fn = tell, .arg = w};
    loop_soon(w->bank->loop, &w->task);
}

static void send(struct pool_bank *b, struct bank_errand *e, void (*done)(void *arg), void *arg)
{
    e->done = (struct loop_task){.fn = done, .arg = arg};
    b->errands++;
    bank_clerk_send(b->clerk, e);
}

/* The list of a tenant's caps gets old: it is read again while the old one still holds. */
struct refresh {
    struct pool_bank *b;
    struct bank_errand *e;
};

static void refreshed(void *arg)
{
    struct refresh *r = arg;

    r->b->errands--;
    bank_errand_free(r->e);
    free(r);
}

static void refresh(struct pool_bank *b, const struct bank_wait *w)
{
    const struct bank_payer payer = bank_payer_of(w->c->tenant_id, w->payer);
    struct refresh *r = calloc(1, sizeof(*r));

    if (r == NULL)
        abort();
    *r = (struct refresh){.b = b, .e = bank_errand_new(&payer)};
    send(b, r->e, refreshed, r);
}

static bool try_here(struct bank_wait *w)
{
    bool stale, taken;

    taken = purse_try(w->c->tenant_id, w->payer, w->micros, &w->cost->hold, &stale);
    if (stale)
        refresh(w->bank, w);
    return taken;
}

static struct bank_wait *take_first(struct bank_group *g)
{
    struct bank_wait *w = g->first;

    g->first = w->next;
    if (g->first == NULL)
        g->end = &g->first;
    return w;
}

static void group_end(struct bank_group *g)
{
    struct bank_group **at = &g->b->groups;

    while (*at != g)
        at = &(*at)->next;
    *at = g->next;
    loop_timer_stop(g->b->loop, &g->again);
    free(g);
}

/* An errand of a group. */
struct asked {
    struct bank_group *g;
    struct bank_errand *e;
};

/*
 * Who asks for as much as was refused is refused as well; where the refusal was about waiting
 * longer, only who has waited so long.
 */
static void refuse(struct bank_group *g, const struct bank_errand *e)
{
    const int64_t now_ms = loop_now_ms(g->b->loop);
    struct bank_wait *list = g->first;

    g->first = NULL;
    g->end = &g->first;
    for (struct bank_wait *w = list, *next; w != NULL; w = next) {
        bool refused = e->rc != E_LIMIT ||
                       (w->micros >= e->least && (!e->last || now_ms >= w->until_ms));

        next = w->next;
        if (refused) {
            finish(w, ctx_fail(w->c, e->rc, e->code, "%s", e->detail));
            continue;
        }
        w->next = NULL;
        *g->end = w;
        g->end = &w->next;
    }
}

static void group_asked(void *arg)
{
    struct asked *a = arg;
    struct bank_group *g = a->g;

    g->b->errands--;
    g->asking = false;
    if (a->e->rc != OK)
        refuse(g, a->e);
    if (a->e->rc == OK && a->e->left == PURSE_DRY)
        loop_timer_set(g->b->loop, &g->again, DRY_MS);
    if (a->e->rc == OK && a->e->left == PURSE_CRAMPED) {
        pool_ledger_hurry(g->b->ledger);
        loop_timer_set(g->b->loop, &g->again, CRAMPED_MS);
    }
    bank_errand_free(a->e);
    free(a);
    serve(g);
}

static void ask(struct bank_group *g)
{
    struct asked *a = calloc(1, sizeof(*a));
    size_t count = 0;

    if (a == NULL)
        abort();
    *a = (struct asked){.g = g, .e = bank_errand_new(&g->payer)};
    for (const struct bank_wait *w = g->first; w != NULL && count < TOGETHER_MAX; w = w->next) {
        a->e->most += w->micros;
        count++;
    }
    a->e->least = g->first->micros;
    a->e->last = loop_now_ms(g->b->loop) >= g->first->until_ms;
    g->asking = true;
    send(g->b, a->e, group_asked, a);
}

static void serve(struct bank_group *g)
{
    while (g->first != NULL && try_here(g->first))
        finish(take_first(g), OK);
    if (g->first == NULL) {
        if (!g->asking)
            group_end(g);
        return;
    }
    if (!g->asking && g->again.place == 0)
        ask(g);
}

static void serve_again(void *arg)
{
    struct bank_group *g = arg;

    if (!g->asking)
        serve(g);
}

static struct bank_group *group_of(struct pool_bank *b, const struct bank_wait *w, bool make)
{
    const struct bank_payer payer = bank_payer_of(w->c->tenant_id, w->payer);
    struct bank_group *g = b->groups;

    while (g != NULL && memcmp(&g->payer, &payer, sizeof(payer)) != 0)
        g = g->next;
    if (g != NULL || !make)
        return g;
    g = calloc(1, sizeof(*g));
    if (g == NULL)
        abort();
    g->b = b;
    g->payer = payer;
    g->end = &g->first;
    g->again = (struct loop_timer){.fn = serve_again, .arg = g};
    g->next = b->groups;
    b->groups = g;
    return g;
}

/* The price is known. True: held at once. */
static bool hold(struct bank_wait *w)
{
    struct bank_group *g = NULL;

    w->micros = pool_worst_at(&w->cost->price, w->who, w->ask);
    if (w->micros == 0)
        return true;
    /* Nobody passes those who wait already. */
    if (w->bank->groups != NULL)
        g = group_of(w->bank, w, false);
    if (g == NULL && try_here(w))
        return true;
    if (g == NULL)
        g = group_of(w->bank, w, true);
    w->group = g;
    w->until_ms = loop_now_ms(w->bank->loop) + WAIT_MS;
    w->next = NULL;
    *g->end = w;
    g->end = &w->next;
    if (!g->asking && g->again.place == 0)
        ask(g);
    return false;
}

struct priced {
    struct bank_wait *w;
    struct bank_errand *e;
};

static void got_price(void *arg)
{
    struct priced *p = arg;
    struct bank_wait *w = p->w;
    rc_t rc = p->e->rc;

    w->bank->errands--;
    w->cost->price = p->e->price;
    pool_price_at(w->who, &w->cost->price);
    if (rc == OK && w->cost->price.from != NULL)
        w->cost->price.from = text_dup(w->c->mem, p->e->price.from);
    if (rc != OK)
        finish(w, ctx_fail(w->c, rc, p->e->code, "%s", p->e->detail));
    else if (hold(w))
        finish(w, OK);
    bank_errand_free(p->e);
    free(p);
}

static void fetch_price(struct bank_wait *w)
{
    const struct bank_payer payer = bank_payer_of(w->c->tenant_id, w->payer);
    struct priced *p = calloc(1, sizeof(*p));

    if (p == NULL)
        abort();
    *p = (struct priced){.w = w, .e = bank_errand_new(&payer)};
    p->e->provider = w->who->llm->name;
    p->e->model = strdup(w->who->model);
    if (p->e->model == NULL)
        abort();
    send(w->bank, p->e, got_price, p);
}

bool pool_bank_hold(struct pool_bank *b, struct bank_wait *w, rc_t *rc)
{
    *w->cost = (struct pool_cost){.micros = 0};
    w->bank = b;
    w->group = NULL;
    *rc = OK;
    if (pool_price_recall(w->c->mem, w->who, &w->cost->price))
        return hold(w);
    fetch_price(w);
    return false;
}

void pool_bank_leave(struct bank_wait *w)
{
    struct bank_group *g = w->group;
    struct bank_wait **at;

    if (g == NULL)
        return;
    for (at = &g->first; *at != w; at = &(*at)->next)
        ;
    *at = w->next;
    if (g->end == &w->next)
        g->end = at;
    finish(w, ctx_fail(w->c, E_TIMEOUT, "llm_cancelled", "nobody waits for this answer any more"));
    if (g->first == NULL && !g->asking)
        group_end(g);
}

void pool_bank_freed(struct pool_bank *b)
{
    if (b->groups != NULL && !b->freed.queued)
        loop_soon(b->loop, &b->freed);
}
