/*
 * A call in the books of flow/pool_ledger.h, from its beginning until it is booked. All that it
 * names is its own, as it outlives the call. For flow/pool_ledger*.c only.
 */
#ifndef FLOW_POOL_LEDGER_ENTRY_H
#define FLOW_POOL_LEDGER_ENTRY_H

#include "flow/pool_ledger.h"

struct ledger_entry {
    struct ledger_entry *next_begun, *next_ended;
    char id[37], tenant_id[37], employee_id[37], team_id[37], conversation_id[37], key_id[37];
    char account_id[37];
    const char *provider; /* of a constant */
    char *asked;          /* the model's name; own */
    char *model, *tries;  /* the same as it was answered by, and `tries` of usage; own */
    struct purse_hold hold;
    struct usage u; /* figures; its texts point to the members here, or to constants */
    char price_from[11];
    bool has_ended; /* under the ledger's lock */
    bool was_there; /* the same: in the last round it was under way already */
    bool nothing;   /* it ended, and there is nothing to enter */
    bool touched;   /* its row in call_open may be committed */
    bool again;     /* it may be in the ledger: a commit broke off */
    int refusals;   /* by the database, of it alone */
    bool stored;    /* it was written in this round, and may not be on disk yet */
    bool there;     /* it was, when it was written last */
};

struct ledger_entry *ledger_entry_new(const char *tenant_id, const struct payer *payer,
                                      const struct pool_candidate *who,
                                      const struct purse_hold *hold);
void ledger_entry_fill(struct ledger_entry *e, const struct usage *u);
void ledger_entry_free(struct ledger_entry *e);

/* As a call that is under way; its texts are the entry's. */
struct call_open ledger_entry_call(const struct ledger_entry *e);

#endif
