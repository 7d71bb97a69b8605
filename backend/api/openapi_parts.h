/* The parts of the API document; see openapi.h. Each gives a new reference. */
#ifndef API_OPENAPI_PARTS_H
#define API_OPENAPI_PARTS_H

#include <jansson.h>

#include "api/routes.h"

/* A member, taken over; running out of memory aborts. */
void doc_put(json_t *object, const char *key, json_t *value);
json_t *doc_ref(struct ctx *c, const char *part, const char *name);

/* A shape's schema. Of what only comes out every member is always there. */
json_t *doc_shape(struct ctx *c, const struct shape *shape, bool only_out);
json_t *doc_list(struct ctx *c, const struct shape *shape);
json_t *doc_problem(void);
/* An object of this shape as one would send it, or as it comes. */
json_t *doc_example(struct ctx *c, const struct shape *shape, bool incoming);
json_t *doc_list_example(struct ctx *c, const struct shape *shape);

/* Everything that the route may answer with, by status. */
json_t *doc_responses(struct ctx *c, const struct route *r);
/* What is the same for all routes: components/responses. */
json_t *doc_shared_responses(struct ctx *c);
/* The shapes of answers that are no route's `out`; calls `add` for each. */
void doc_other_shapes(void (*add)(const struct shape *shape, void *arg), void *arg);

/* Whether whoever asks must be logged in (or hold a key). */
bool doc_needs_login(const struct route *r);

#endif
