/* What the bank's threads do: one errand each at a time. For flow/pool_bank*.c only. */
#ifndef FLOW_POOL_BANK_CLERK_H
#define FLOW_POOL_BANK_CLERK_H

#include "flow/pool.h"
#include "io/loop.h"

struct bank_payer {
    char tenant_id[37], employee_id[37], team_id[37], conversation_id[37], key_id[37];
};
struct bank_payer bank_payer_of(const char *tenant_id, const struct payer *payer);

/* Of one kind each: `model` is set for a price, else it is a lease. */
struct bank_errand {
    struct bank_errand *next;
    struct loop_task done; /* handed to the loop when it is over; set by whoever sends it */
    struct bank_payer payer;
    const char *provider;
    char *model; /* own */
    int64_t most, least;
    bool last;
    /* the outcome */
    rc_t rc;
    enum purse_left left;
    struct price price; /* `from` points to the next member */
    char from[11];
    const char *code;
    char detail[300];
};

struct bank_clerk;
struct bank_clerk *bank_clerk_new(struct loop *loop, struct db_pool *db);
/* Ends the threads; nothing is under way any more. */
void bank_clerk_free(struct bank_clerk *k);

/* A new errand, and its end. */
struct bank_errand *bank_errand_new(const struct bank_payer *payer);
void bank_errand_free(struct bank_errand *e);
void bank_clerk_send(struct bank_clerk *k, struct bank_errand *e);

#endif
