/* The limits of the API: from which buckets a request takes. */
#ifndef API_LIMITS_H
#define API_LIMITS_H

#include "api/routes.h"

/*
 * Before anybody is looked up, so that a flood from one address is cheap. Vendors deliver for all
 * tenants from a few addresses, and are limited by what they deliver (api/hooks.c).
 */
rc_t limits_before(struct ctx *c, const struct req *rq, const struct route *route) MUST;

/* Once it is known who asks: the company, and the key if it is one. */
rc_t limits_known(struct ctx *c, const struct req *rq) MUST;

#endif
