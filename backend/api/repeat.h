/*
 * Idempotency-Key: a POST that creates something may be repeated, by a caller who does not know
 * what became of it. The gate looks before the handler, and keeps the answer after it in the same
 * transaction; a parked request looks again when it goes on.
 */
#ifndef API_REPEAT_H
#define API_REPEAT_H

#include "api/routes.h"

/* Whether a route takes the header: each POST that answers 201. */
bool repeat_fits(const struct route *route);

/*
 * Reads the header; rq->repeat is NULL afterwards where it does not apply. E_INVALID
 * "idempotency_key_malformed" for what is not 1 to 255 visible ASCII characters.
 */
rc_t repeat_begin(struct ctx *c, struct req *rq, const struct route *route) MUST;

/*
 * Fills rs when this was answered before. E_CONFLICT "idempotency_under_way" when it is being done
 * at this moment, E_INVALID "idempotency_key_reused" when the key stands for another request.
 */
rc_t repeat_look(struct ctx *c, const struct req *rq, struct res *rs) MUST;

/* Keeps the answer of what was done. */
rc_t repeat_keep(struct ctx *c, const struct req *rq, const struct res *rs) MUST;

#endif
