/*
 * Requests that may be repeated without doing it again: what was answered, under a key that the
 * caller chose. It is kept in the transaction of what it tells of, so that there is never the one
 * without the other, for a day, and sealed.
 */
#ifndef CORE_IDEMPOTENCY_H
#define CORE_IDEMPOTENCY_H

#include "base/ctx.h"

#define IDEMPOTENCY_HOURS 24
#define IDEMPOTENCY_MOST 10000 /* kept for one tenant */

/* Who asks before there is a company: those who sign up. */
#define IDEMPOTENCY_NOBODY "00000000-0000-0000-0000-000000000000"

/* One request: the same key of the same asker is the same one. */
struct idempotency {
    const char *tenant_id, *id;
    struct bytes request_hash; /* of all that was asked, under the web key */
};

struct idempotent_answer {
    int64_t status; /* 0: there is none */
    struct bytes request_hash;
    const char *body;
};

/* Of a key, an asker as the audit names him, and all that he asks, as one text. */
struct idempotency idempotency_of(struct ctx *c, const char *key, struct bytes request);

/*
 * Makes all others with this key wait outside until this transaction ends; E_CONFLICT
 * "idempotency_under_way" when somebody else is at it. Never waits.
 */
rc_t idempotency_lock(struct ctx *c, const struct idempotency *i) MUST;

/*
 * What was answered; E_CONFLICT "idempotency_lost" when it can't be opened any more, E_LIMIT
 * "idempotency_full" when there is none and no room for one either.
 */
rc_t idempotency_find(struct ctx *c, const struct idempotency *i, struct idempotent_answer *out)
    MUST;

/* Keeps the answer, with what the transaction does. */
rc_t idempotency_keep(struct ctx *c, const struct idempotency *i, int64_t status, struct bytes body)
    MUST;

/* Removes what is over, of all tenants; worker. */
rc_t idempotency_sweep(struct ctx *c) MUST;

#endif
