/*
 * The one table of routes: everything a reviewer must know about a route stands in its row in
 * routes.def.
 */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "api/http.h"
#include "base/shape.h"
#include "core/permission.h"

/*
 * Who may call a route. The zero value is nobody, so a forgotten column opens nothing. Behind
 * WHO_PERSON comes a value for each row of the permission table: MAY_audit_read, and so on.
 */
enum who {
    WHO_NOBODY,
    WHO_PUBLIC, /* anybody */
    /* anybody, but the handler checks a signature over the raw body; no origin check */
    WHO_VENDOR,
    WHO_METRICS, /* holders of the metrics token */
    WHO_CLIENT,  /* an OAuth client, by its own form; errors as RFC 6749 has them */
    WHO_HOST,    /* the session of who runs the instance, whatever tenant it is in */
    WHO_PERSON,  /* whoever is logged in, whatever the role: for what concerns oneself */
#define PERMISSION(name, ...) MAY_##name,
#include "core/permissions.def"
#undef PERMISSION
    WHO_COUNT
};

/* Whether a set of permissions is enough; what is below WHO_PERSON is not a matter of these. */
bool who_permitted(enum who who, permits may);

/* As people read it: "everybody", "audit:read". */
const char *who_name(enum who who);

/* What a route answers with, for the API document. */
enum answer_kind {
    ANSWER_NONE,
    ANSWER_ONE,
    ANSWER_LIST,
    ANSWER_STREAM,
    ANSWER_TEXT,
    ANSWER_FILE,
    ANSWER_OBJECT,
    ANSWER_MODEL /* in OpenAI's format, errors too */
};

struct route {
    enum method method;
    const char *path; /* `:name` stands for one segment */
    rc_t (*handler)(struct ctx *c, const struct req *rq, struct res *rs);
    enum who who;
    size_t body_max;   /* bytes; 0: the route takes no body */
    const char *query; /* its query parameters, written as query.h says, or NULL */
    const struct shape *in;
    enum answer_kind kind;
    const struct shape *out;
    int status; /* of success */
    const char *about;
    const char *name; /* of its handler */
};

const struct route *routes_all(size_t *count);

/*
 * Serves another table in this process, NULL: our own again. For the proof that tenants are sealed
 * off, which widens a copy and must notice; routes_all stays what the program was built with.
 */
void routes_serve(const struct route *rows, size_t count);

/*
 * The route of a request, with its parameters filled; *other_method says that only the method did
 * not fit.
 */
const struct route *route_find(struct req *rq, bool *other_method);

#endif
