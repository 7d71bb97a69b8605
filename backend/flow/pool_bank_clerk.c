/* See pool_bank_clerk.h. */
#include "flow/pool_bank_clerk.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/db.h"

/* So that a company whose caps are fought for does not keep all others waiting. */
#define CLERKS 2

struct bank_clerk {
    struct loop *loop;
    struct db_pool *db;
    pthread_t threads[CLERKS];
    pthread_mutex_t lock;
    pthread_cond_t sent;
    struct bank_errand *first, **end;
    bool over;
};

static void copy(char to[37], const char *from)
{
    snprintf(to, 37, "%s", from == NULL ? "" : from);
}

struct bank_payer bank_payer_of(const char *tenant_id, const struct payer *payer)
{
    struct bank_payer p = {.tenant_id = ""};

    copy(p.tenant_id, tenant_id);
    copy(p.employee_id, payer->employee_id);
    copy(p.team_id, payer->team_id);
    copy(p.conversation_id, payer->conversation_id);
    copy(p.key_id, payer->key_id);
    return p;
}

static const char *or_null(const char *id)
{
    return id[0] == '\0' ? NULL : id;
}

static rc_t run(struct ctx *c, struct bank_errand *e)
{
    const struct payer payer = {.employee_id = or_null(e->payer.employee_id),
                                .team_id = or_null(e->payer.team_id),
                                .conversation_id = or_null(e->payer.conversation_id),
                                .key_id = or_null(e->payer.key_id)};

    if (e->model == NULL)
        return purse_lease(c, &payer, e->most, e->least, e->last, &e->left);
    TRY(price_find(c, e->provider, e->model, &e->price));
    snprintf(e->from, sizeof(e->from), "%s", e->price.from == NULL ? "" : e->price.from);
    e->price.from = e->from[0] == '\0' ? NULL : e->from;
    return db_commit(c);
}

static void do_errand(struct bank_clerk *k, struct bank_errand *e)
{
    struct ctx *c = ctx_new(MIB(8), k->db);

    c->tenant_id = e->payer.tenant_id;
    e->rc = run(c, e);
    if (e->rc != OK) {
        e->code = c->fault.code;
        snprintf(e->detail, sizeof(e->detail), "%s",
                 c->fault.detail == NULL ? "" : c->fault.detail);
    }
    if (e->rc != OK && e->rc != E_LIMIT)
        log_fault(c, "money_not_leased");
    ctx_end(c);
    loop_post(k->loop, &e->done);
}

static void *work(void *arg)
{
    struct bank_clerk *k = arg;

    pthread_mutex_lock(&k->lock);
    for (;;) {
        struct bank_errand *e = k->first;

        if (e == NULL && k->over)
            break;
        if (e == NULL) {
            pthread_cond_wait(&k->sent, &k->lock);
            continue;
        }
        k->first = e->next;
        if (k->first == NULL)
            k->end = &k->first;
        pthread_mutex_unlock(&k->lock);
        do_errand(k, e);
        pthread_mutex_lock(&k->lock);
    }
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

struct bank_clerk *bank_clerk_new(struct loop *loop, struct db_pool *db)
{
    struct bank_clerk *k = calloc(1, sizeof(*k));

    if (k == NULL)
        abort();
    k->loop = loop;
    k->db = db;
    k->end = &k->first;
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->sent, NULL);
    for (size_t i = 0; i < CLERKS; i++)
        if (pthread_create(&k->threads[i], NULL, work, k) != 0)
            abort();
    return k;
}

void bank_clerk_free(struct bank_clerk *k)
{
    pthread_mutex_lock(&k->lock);
    k->over = true;
    pthread_cond_broadcast(&k->sent);
    pthread_mutex_unlock(&k->lock);
    for (size_t i = 0; i < CLERKS; i++)
        pthread_join(k->threads[i], NULL);
    pthread_cond_destroy(&k->sent);
    pthread_mutex_destroy(&k->lock);
    free(k);
}

struct bank_errand *bank_errand_new(const struct bank_payer *payer)
{
    struct bank_errand *e = calloc(1, sizeof(*e));

    if (e == NULL)
        abort();
    e->payer = *payer;
    return e;
}

void bank_errand_free(struct bank_errand *e)
{
    free(e->model);
    free(e);
}

void bank_clerk_send(struct bank_clerk *k, struct bank_errand *e)
{
    e->next = NULL;
    pthread_mutex_lock(&k->lock);
    *k->end = e;
    k->end = &e->next;
    pthread_cond_signal(&k->sent);
    pthread_mutex_unlock(&k->lock);
}
