/*
 * The books of an event loop's calls, written by a thread beside it, many at once. A call that is
 * under way for longer than a round (a quarter of a second) gets its row in call_open, and until
 * then its hold is quiet (flow/purse.h); a call that has ended by then never gets one. What a call
 * cost is entered into the ledger and taken out of the caps in one transaction, once: under the
 * call's id.
 */
#ifndef FLOW_POOL_LEDGER_H
#define FLOW_POOL_LEDGER_H

#include "core/usage.h"
#include "flow/pool.h"

struct pool_ledger;
struct ledger_entry; /* one try */

struct pool_ledger *pool_ledger_new(struct db_pool *db);
/* Every entry has ended. Writes what is left, for ten seconds at most; the rest is the sweep's. */
void pool_ledger_free(struct pool_ledger *l);

/* A call begins, with this hold. All texts are copied. */
struct ledger_entry *ledger_open(struct pool_ledger *l, const char *tenant_id,
                                 const struct payer *payer, const struct pool_candidate *who,
                                 const struct purse_hold *hold);

/*
 * It has ended, at u->cost_micros, which purse_spent knows. NULL: nothing came of it and nothing is
 * to be paid. Id, payer and account of `u` are the entry's own. The entry is not touched any more.
 */
void ledger_end(struct pool_ledger *l, struct ledger_entry *e, const struct usage *u);

/* All that is known by now is written soon: there is room for no other call until it is. */
void pool_ledger_hurry(struct pool_ledger *l);
/* Waits until all that has ended by now is written: for tests. */
void pool_ledger_flush(struct pool_ledger *l);

#endif
