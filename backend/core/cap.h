/*
 * Caps on what models may cost: per tenant, team, employee, conversation and key; per day, per
 * month or for ever. The arithmetic is done by functions of the database, which lock a cap's row;
 * here they have names. Money is in millionths of a dollar.
 */
#ifndef CORE_CAP_H
#define CORE_CAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

/* that can apply to one call: five scopes, each with a day, a month and for ever */
#define CAPS_MAX 15

/* Who pays beside the tenant; each may be NULL. */
struct payer {
    const char *employee_id, *team_id, *conversation_id, *key_id;
};

struct cap {
    const char *id, *scope, *scope_id, *period;
};
/* All caps of the tenant, at most CAPS_OF_TENANT. */
#define CAPS_OF_TENANT 500
rc_t cap_list(struct ctx *c, struct cap **out, size_t *count) MUST;

/* A cap in its present period, with what was leased of it just now. */
struct cap_slice {
    const char *cap_id, *starts, *scope, *period;
    int64_t limit, granted;
};

enum cap_taken {
    CAP_TAKEN,
    CAP_WAIT,   /* refused, but something is leased that may come back */
    CAP_REFUSED /* used up */
};

/*
 * Leases at least `need` of every cap that applies, or of none: then the slices are those of the
 * caps that would be passed, and the first of them is the one that decides.
 */
rc_t cap_take(struct ctx *c, const char *holder, const struct payer *payer, int64_t need,
              int64_t seconds, struct cap_slice *out, size_t *count, enum cap_taken *how) MUST;

/* A call was refused at this cap: it counts as reached, and is told of once a period. */
rc_t cap_refused(struct ctx *c, const char *cap_id) MUST;

/* Which caps a call came out of, as arrays for the database. */
struct cap_list {
    const char *ids, *starts; /* "{...}" */
};

/* How much may be under way in a slice without a row of call_open. */
struct cap_bare {
    char cap_id[37], starts[11];
    int64_t micros;
};
/*
 * Raises it to what `bare` says, as far as each slice goes, and tells what it is now: -1 where
 * there is no slice. It holds once it is committed.
 */
rc_t cap_bare(struct ctx *c, const char *holder, struct cap_bare *bare, size_t count) MUST;

/* A call under way; its row goes with call_close. Both travel with the next statement. */
struct call_open {
    const char *id, *holder, *job_id, *provider, *model;
    const char *account_id; /* as in the ledger */
    struct payer payer;
    int64_t held;
};
rc_t call_open_add(struct ctx *c, const struct call_open *call) MUST;
rc_t call_close(struct ctx *c, const char *id) MUST;
/* The same for many ("{...}"). */
rc_t call_close_all(struct ctx *c, const char *ids) MUST;

/* What a call cost comes out of the holder's slices; it travels with the next statement. */
rc_t cap_settle(struct ctx *c, const char *holder, const struct cap_list *caps, int64_t cost) MUST;

/* Gives an unneeded part of a slice back. */
rc_t cap_give_back(struct ctx *c, const char *holder, const char *cap_id, const char *starts,
                   int64_t amount) MUST;

/*
 * The holder lives: its slices in this tenant end so many seconds from now. In a transaction of its
 * own, because it locks them all.
 */
rc_t cap_renew(struct ctx *c, const char *holder, int64_t seconds) MUST;

/*
 * In every tenant where a slice has ended: see cap_sweep in the migration. Commits; gives how many
 * calls were settled at what was held for them.
 */
rc_t cap_sweep(struct ctx *c, int64_t *settled) MUST;

/* "12.50"; below one cent as many places as there are, "0.0025". */
const char *cap_dollars(struct ctx *c, int64_t micros);
/* " for today", " for this month", "" */
const char *cap_period_text(const char *period);

/* The caps that every tenant has from its first minute, by the settings. */
rc_t cap_add_first(struct ctx *c) MUST;

#endif
