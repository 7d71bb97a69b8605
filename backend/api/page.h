/*
 * Pages of a list route, as its query asks for them. Where a page ends is told as an opaque text:
 * the last row's key under a signature that binds tenant, route and order, so that only what we
 * gave out comes back into a statement.
 */
#ifndef API_PAGE_H
#define API_PAGE_H

#include "api/http.h"
#include "base/shape.h"
#include "io/db.h"

/*
 * From the parameters limit, sort and after, as far as the route's row has them. The first choice
 * of `sort` is the usual one. E_INVALID "cursor_wrong" for an `after` that is from no page of this
 * list.
 */
rc_t req_page(struct ctx *c, const struct req *rq, struct page *out) MUST;

/* The answer: the items, and in `next` where the next page begins. */
rc_t res_page(struct ctx *c, const struct req *rq, struct res *rs, const struct shape *shape,
              const void *items, size_t count, const struct page *page);

#endif
