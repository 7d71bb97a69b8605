/* What the tries of one question leave in the ledger. For flow/pool_loop.c only. */
#ifndef FLOW_POOL_ENTER_H
#define FLOW_POOL_ENTER_H

#include "flow/pool_ledger.h"

struct pool_entering {
    struct pool_ledger *ledger;
    const char *tenant_id;
    const struct payer *payer; /* NULL: nothing is entered */
    const struct llm_ask *ask;
    struct arena *mem;
    const char *ended; /* as in the ledger; NULL: whole */
    /* own */
    struct ledger_entry *open; /* of the try under way */
    size_t tries;              /* that are entered already */
};

/* A call is made on this hold. */
void pool_enter_begin(struct pool_entering *e, const struct pool_candidate *who,
                      const struct purse_hold *hold);

/* The tries that have failed since: how many. */
size_t pool_enter_tries(struct pool_entering *e, const struct pool_outcome *out);

/* The answer: whole, so that of one that was to be cut off the rest had come already. */
void pool_enter_answer(struct pool_entering *e, const struct pool_candidate *who,
                       const struct pool_outcome *out);

#endif
