/* The purse's books: what of which cap lies here. For flow/purse*.c only; all under one lock. */
#ifndef FLOW_PURSE_TENANTS_H
#define FLOW_PURSE_TENANTS_H

#include <pthread.h>

#include "base/conf.h"
#include "flow/purse.h"

/*
 * A process that does not renew for so long has lost its slices; it stops using them before that.
 * Twice as long as the lease of a job, so that a worker that is only slow keeps both.
 */
#define PURSE_LEASE_S (2 * conf_number(CONF_lease_seconds))
#define PURSE_SURE_MS (1000 * PURSE_LEASE_S * 2 / 3)
#define PURSE_RENEW_MS (1000 * PURSE_LEASE_S / 4)
#define PURSE_FRESH_MS 5000 /* so long a new or changed cap may go unnoticed */
#define PURSE_IDLE_MS 2000  /* what nobody used for so long goes back */

struct purse_account {
    char cap_id[37], starts[11]; /* starts "": nothing was taken of it yet */
    /* "" once the cap is gone or its period is over: only what lies here goes back */
    char scope[16], scope_id[37];
    int64_t left; /* leased and not spent; what is held is part of it */
    int64_t held;
    /*
     * Held for calls of which the database has no row yet, or spent and not booked. Never more than
     * `bare`, for which the database knows that it may be so (cap_bare).
     */
    int64_t quiet, bare;
    unsigned given;  /* how often something of it went back */
    int64_t used_ms; /* last time that something was held */
};

struct purse_tenant {
    struct purse_tenant *next;
    char id[37];
    struct purse_account *accounts;
    size_t count, room;
    int64_t listed_ms;  /* when the list of caps was read; 0: never */
    int64_t renewed_ms; /* when the slices were last known to be ours; 0: never */
    int64_t day;        /* since 1970, UTC, when slices were last taken */
    int64_t dry_ms;     /* until then the database is not asked again */
    int64_t used_ms;
    int64_t leased_ms, stretch; /* purse_lease: when last, and how much more than was asked for */
    int64_t stale_ms;           /* when somebody was told that the list gets old */
    bool asking;                /* somebody is asking it right now */
};

extern pthread_mutex_t purse_lock;
extern pthread_cond_t purse_changed;

/* All with the lock held. The tenant of this id; made when it is new. */
struct purse_tenant *purse_tenant(const char *id);
/* Each tenant; `see` may not add or drop any. */
void purse_each(void (*see)(struct purse_tenant *t, void *arg), void *arg);
/* Frees tenants of which nothing lies here and that nobody has used for a minute. */
void purse_tidy(int64_t now_ms);

/*
 * Slices that were not renewed for PURSE_SURE_MS may be swept already and somebody else's: what is
 * not held is given up. Before anything is taken from them, or they are renewed.
 */
void purse_drop_ended(struct purse_tenant *t, int64_t now_ms);

int64_t purse_today(void); /* as in purse_tenant.day */
/* Whether the account's cap holds for this payer. */
bool purse_applies(const struct purse_account *a, const struct payer *payer);
/* Whether what lies here may be used: the caps are known, and the slices are of today and ours. */
bool purse_usable(struct purse_tenant *t, int64_t now_ms);
/* Takes it from every account that applies, or from none; `quiet`: for a call without a row. */
bool purse_take_here(struct purse_tenant *t, const struct payer *payer, int64_t micros, bool quiet,
                     struct purse_hold *out);

/* NULL when there is none. starts NULL: the account of the present period. */
struct purse_account *purse_account(struct purse_tenant *t, const char *cap_id, const char *starts);
/* Takes over the newest list of caps; those that are not in it are gone. */
void purse_list(struct purse_tenant *t, const struct cap *caps, size_t count);
/* Puts what was taken into the account of its period. */
void purse_put(struct purse_tenant *t, const struct cap_slice *slice);

#endif
