/*
 * konstruct prove isolation: what its parts share. The proof runs on a database of its own; what it
 * found is gathered as JSON, from which the summary and the readable page are made.
 */
#ifndef APP_CLI_PROVE_H
#define APP_CLI_PROVE_H

#include <jansson.h>
#include <stdbool.h>

#include "api/http.h"
#include "api/routes.h"
#include "base/ctx.h"
#include "io/db_batch.h"

enum { PROVE_ROLES = 4 };
extern const char *const prove_roles[PROVE_ROLES]; /* lowest first */

/* A tenant of the proof: its canary stands in every text of its rows. */
struct prove_tenant {
    const char *id, *mark;
    const char *tokens[PROVE_ROLES]; /* a session for each role */
    const char **ids;                /* every id that its rows hold */
    size_t id_count;
};

struct prove {
    struct ctx *c;       /* as superuser in the scratch database; its arena holds everything */
    struct db_pool *web; /* as the web process in the scratch database */
    struct db_batch *group;
    struct prove_tenant a, b;
    json_t *report;
    const char *json_text, *page_text; /* the finished report */
    bool broken;                       /* something was found, or a hole was not noticed */
};

/* One part of the proof in the report. */
json_t *prove_part(struct prove *p, const char *name, const char *about);
void prove_checked(json_t *part, size_t more);
void prove_finding(struct prove *p, json_t *part, const char *text);

/* E_TIMEOUT once somebody has asked the process to stop. */
rc_t prove_go_on(struct ctx *c) MUST;

/* The catalogue and the rows, and afterwards the holes that SQL makes. */
rc_t prove_fill(struct prove *p) MUST;
rc_t prove_catalogue(struct prove *p) MUST;
rc_t prove_rows(struct prove *p) MUST;
rc_t prove_holes(struct prove *p) MUST;

/* The routes, and afterwards the holes in their table. */
rc_t prove_routes(struct prove *p) MUST;
rc_t prove_route_holes(struct prove *p) MUST;

/* What a company takes out, and afterwards a hole in that. */
rc_t prove_export(struct prove *p) MUST;
rc_t prove_export_hole(struct prove *p) MUST;

/* Adds a hole to the report; `by` is NULL when nothing noticed it, which breaks the proof. */
void prove_hole(struct prove *p, const char *name, const char *by, const char *said);

/* A request in this process, carried to its end when it parks. */
struct prove_answer {
    int status;
    const char *code, *body; /* problem code or NULL; the body without its reference */
    const char *channel;     /* of live events that it waited on, or NULL */
};
struct prove_request {
    enum method method;
    const char *path, *token, *body;
};
void prove_ask(struct prove *p, struct arena *mem, const struct prove_request *given,
               struct prove_answer *out);

/*
 * A request for a route, with the id wherever one is taken: every parameter of the path, query
 * parameters and members of the body that are named like one.
 */
bool prove_takes_ids(const struct route *route);
const char *prove_path(struct arena *mem, const struct route *route, const char *id);
const char *prove_body(struct arena *mem, const struct route *route, const char *id);

/* The report as JSON and as a page, once nothing more is added. */
void prove_finish(struct prove *p);
/* The summary on standard output; the report into a file, and the page beside it. */
void prove_say(const struct prove *p);
bool prove_write(const struct prove *p, const char *path, const char **page) MUST;
/* The report into the database of the installation, for the tenants' admins. */
rc_t prove_keep(const struct prove *p, struct ctx *owner) MUST;

#endif
