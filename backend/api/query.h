/* The query parameters that a route's row allows. */
#ifndef API_QUERY_H
#define API_QUERY_H

#include "api/routes.h"

/*
 * In the row they are written with blanks between: `name`, `name#` for a whole number from 0 on,
 * `name=one|other` for a choice, each with `!` at its end when the route can't do without it.
 * `limit` is the number of items of a page.
 */
struct query_param {
    const char *name;
    const char *one_of; /* the values that there are, with blanks between, or NULL */
    bool number, required;
    int64_t least, most; /* of a number */
};

#define QUERY_VALUE_MAX 1000 /* bytes of one value, decoded */

/* The next parameter of a row; *rest is where to go on. False: there is none. */
bool query_next(struct arena *mem, const char **rest, struct query_param *out);

/*
 * Holds the request's query to its route: every value is UTF-8 of at most QUERY_VALUE_MAX bytes, a
 * number or a choice where the row says so, and there when it must be. List routes take no other
 * parameter and none twice. E_INVALID with the parameter named.
 */
rc_t query_check(struct ctx *c, const struct req *rq, const struct route *route) MUST;

#endif
