/* Which accounts there are to ask: a tenant's own in its order, then the instance's. */
#ifndef FLOW_ROUTING_BOOK_H
#define FLOW_ROUTING_BOOK_H

#include "llm/llm.h"

struct routing_account {
    const struct llm *llm;
    struct llm_account account;
    const char *name;          /* of a tenant's own account; NULL: the instance's */
    const char *const *models; /* what it offers; none: not known */
    size_t model_count;
};

struct routing_book {
    const struct routing_account *accounts;
    size_t count;
};

/* Those of the context's tenant. Lives as long as the context. */
rc_t routing_book(struct ctx *c, struct routing_book *out) MUST;

#endif
