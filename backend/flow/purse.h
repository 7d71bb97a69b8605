/*
 * Money for model calls inside this process. A call holds its worst case here before it is made;
 * the purse leases slices of the tenant's caps from the database for that (core/cap.h), many calls'
 * worth at once, and gives back what lies idle. No crash and no parallelism passes a cap: what is
 * leased counts as used for everybody else.
 */
#ifndef FLOW_PURSE_H
#define FLOW_PURSE_H

#include "core/cap.h"

struct purse_hold {
    size_t count; /* caps that it was taken from; 0: nothing is held */
    char tenant_id[37];
    struct {
        char cap_id[37], starts[11];
    } caps[CAPS_MAX];
    int64_t micros;
};

/* Starts the thread that renews, gives back and sweeps. Once a process, before the first hold. */
void purse_start(struct db_pool *db);
/* Gives everything back and ends the thread. Nothing may be held any more. */
void purse_stop(void);
/* Under which name this process leases. */
const char *purse_holder(void);

/*
 * Holds so much, or E_LIMIT "cap_day", "cap_month", "cap_ever" with a sentence that names the cap.
 * Waits up to five seconds when calls under way may leave enough. Uses a connection of its own for
 * a moment; the caller has no transaction open.
 */
rc_t purse_hold(struct ctx *c, const struct payer *payer, int64_t micros, struct purse_hold *out)
    MUST;

/*
 * The call is over and cost so much (0: nothing). Once for each hold. The database is told by
 * purse_book.
 */
void purse_spent(const struct purse_hold *hold, int64_t cost);

/* The same in the database, in the transaction that records the call. Nothing for a cost of 0. */
rc_t purse_book(struct ctx *c, const struct purse_hold *hold, int64_t cost) MUST;

#endif
