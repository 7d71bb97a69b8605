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
    bool quiet; /* see purse_try */
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
 * The same for an event loop, from what lies here and without waiting; false when that is not
 * enough. The hold is quiet: the database need not know of the call yet, and a part of the slice
 * stands for it until purse_told. *stale: the list of caps gets old: the caller lets purse_lease
 * read it anew, for 0.
 */
bool purse_try(const char *tenant_id, const struct payer *payer, int64_t micros,
               struct purse_hold *out, bool *stale);
/* The call's row in call_open is committed, or all that it cost is booked. Once or not at all. */
void purse_told(struct purse_hold *hold);
/*
 * Leases what purse_try lacked for `most`, or where that is too much, for `least`, in the context's
 * tenant. Blocks, for two round trips; commits. PURSE_DRY: there is not enough now, and something
 * may come back; with `last` that is the refusal of purse_hold. PURSE_CRAMPED: there is enough, but
 * calls that the database does not know stand in its way until purse_told.
 */
enum purse_left { PURSE_ENOUGH, PURSE_DRY, PURSE_CRAMPED };
rc_t purse_lease(struct ctx *c, const struct payer *payer, int64_t most, int64_t least, bool last,
                 enum purse_left *left) MUST;

/*
 * The call is over and cost so much (0: nothing). Once for each hold. The database is told by
 * purse_book.
 */
void purse_spent(const struct purse_hold *hold, int64_t cost);

/* The same in the database, in the transaction that records the call. Nothing for a cost of 0. */
rc_t purse_book(struct ctx *c, const struct purse_hold *hold, int64_t cost) MUST;

#endif
