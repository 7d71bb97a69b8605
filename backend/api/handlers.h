/* All handlers, declared from the routes table, and the few helpers that they share. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include <jansson.h>

#include "api/http.h"
#include "base/shape.h"

#define ROUTE(method, path, handler, who, body_max, query, in, kind, out, status, about) \
    rc_t handler(struct ctx *c, const struct req *rq, struct res *rs);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls" /* a handler may serve two routes */
#include "api/routes.def"
#pragma GCC diagnostic pop
#undef ROUTE

/* The value of `:name` as text; aborts when the route has no such parameter. */
const char *req_param(struct ctx *c, const struct req *rq, const char *name);

/* The same for an id; anything that is no UUID is as good as missing: E_NOT_FOUND. */
rc_t req_id(struct ctx *c, const struct req *rq, const char *name, const char **out) MUST;

/* The value of a query parameter, decoded, or NULL. Of two with one name the first counts. */
const char *req_query(struct ctx *c, const struct req *rq, const char *name);

/* The value of a cookie, or NULL. */
const char *req_cookie(struct ctx *c, const struct req *rq, const char *name);

/* Whether the body is said to be of this type, whatever parameters follow it. */
bool req_is_type(const struct req *rq, const char *wanted);

/* Reads the body by its shape. */
rc_t req_body(struct ctx *c, const struct req *rq, const struct shape *shape, void *out) MUST;

/* Answers. */
rc_t res_one(struct ctx *c, struct res *rs, int status, const struct shape *shape,
             const void *object);
rc_t res_list(struct ctx *c, struct res *rs, const struct shape *shape, const void *items,
              size_t count, const char *next);
/* takes the reference over */
rc_t res_json(struct ctx *c, struct res *rs, int status, json_t *object);
rc_t res_text(struct res *rs, int status, const char *text);

/* Fills rs with problem details (RFC 9457) from the fault in c. */
void res_problem(struct ctx *c, struct res *rs);

/* The title that goes with the status of a problem. */
const char *res_title(int status);

#define SESSION_COOKIE "__Host-konstruct"
/* NULL: takes the cookie away */
void res_session(struct ctx *c, struct res *rs, const char *token);

#endif
