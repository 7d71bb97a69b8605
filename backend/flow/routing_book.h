/*
 * Which accounts there are to ask: a tenant's own in its order, then the instance's. Kept in the
 * process for a moment, so that most questions need no database for it.
 */
#ifndef FLOW_ROUTING_BOOK_H
#define FLOW_ROUTING_BOOK_H

#include "flow/account.h"

/* So long a changed, new or removed account may go unnoticed. */
#define ROUTING_FRESH_MS 5000

struct routing_account {
    struct pool_candidate who; /* all of it but model and purpose */
    struct account account;    /* of the instance's own: blank */
    const char *const *models; /* what it offers; none: not known */
    size_t model_count;
};

struct routing_book {
    const struct routing_account *accounts;
    size_t count;
};

/*
 * Those of the context's tenant: first its own that work, then the instance's, then its own that
 * are known to be broken, then what answers by itself. Lives as long as the context, keys included.
 * What is not fresh is read from the database, in the context's transaction if it has one open.
 */
rc_t routing_book(struct ctx *c, struct routing_book *out) MUST;

/* True when routing_book of this tenant needs no database now. */
bool routing_book_fresh(const char *tenant_id);

/* Forgets all: for tests, and before a process ends. */
void routing_book_forget(void);

#endif
