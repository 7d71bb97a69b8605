/* See routes.h. */
#include "api/routes.h"

#include <string.h>

#include "api/handlers.h"
#include "api/health.h"
#include "core/account_model.h"
#include "core/api_key.h"
#include "core/audit_find.h"
#include "core/audit_head.h"
#include "core/cap_alert.h"
#include "core/cap_set.h"
#include "core/conversation.h"
#include "core/employee.h"
#include "core/employee_models.h"
#include "core/erasure.h"
#include "core/evidence.h"
#include "core/factor.h"
#include "core/host.h"
#include "core/invitation.h"
#include "core/link.h"
#include "core/member.h"
#include "core/oauth_app.h"
#include "core/oauth_ask.h"
#include "core/oauth_grant.h"
#include "core/person.h"
#include "core/post_place.h"
#include "core/proof.h"
#include "core/provider_account.h"
#include "core/scope.h"
#include "core/session.h"
#include "core/sign_in.h"
#include "core/sign_in_way.h"
#include "core/team.h"
#include "core/tenant.h"
#include "core/tenant_export.h"
#include "core/usage_call.h"
#include "core/usage_sum.h"
#include "llm/served.h"

/* So much is read where nothing takes it, so that the answer can say what is really wrong. */
#define NO_ROUTE_BODY KIB(8)

static const struct route routes[] = {
#define ROUTE(method, path, handler, who, body_max, query, in, kind, out, status, about) \
    {method, path, handler, who, body_max, query, in, kind, out, status, about, #handler},
#include "api/routes.def"
#undef ROUTE
};

/* What is served: our own, or the copy that somebody proves with. */
static struct {
    const struct route *rows;
    size_t count;
} served = {routes, COUNT_OF(routes)};

const struct route *routes_all(size_t *count)
{
    *count = COUNT_OF(routes);
    return routes;
}

void routes_serve(const struct route *rows, size_t count)
{
    served.rows = rows == NULL ? routes : rows;
    served.count = rows == NULL ? COUNT_OF(routes) : count;
}

bool who_permitted(enum who who, permits may)
{
    return who <= WHO_PERSON ? who == WHO_PERSON
                             : permits_has(may, (enum permission)(who - WHO_PERSON - 1));
}

const char *who_name(enum who who)
{
    static const char *const names[] = {[WHO_NOBODY] = "nobody",
                                        [WHO_PUBLIC] = "everybody",
                                        [WHO_VENDOR] = "signed by a vendor",
                                        [WHO_METRICS] = "metrics token",
                                        [WHO_CLIENT] = "OAuth client",
                                        [WHO_HOST] = "host",
                                        [WHO_PERSON] = "whoever is logged in"};

    return who <= WHO_PERSON ? names[who]
                             : permission_row((enum permission)(who - WHO_PERSON - 1))->shown;
}

static size_t segment_len(const char *path)
{
    return strcspn(path, "/");
}

/* Walks pattern and path segment by segment; parameters are filled as they come. */
static bool path_fits(const char *pattern, const char *path, struct req *rq)
{
    rq->param_count = 0;
    while (*pattern == '/' && *path == '/') {
        size_t want = segment_len(++pattern), have = segment_len(++path);

        if (*pattern == ':') {
            if (have == 0 || rq->param_count == REQ_PARAMS_MAX)
                return false;
            rq->params[rq->param_count++] = (struct req_param){pattern + 1, {path, have}};
        } else if (want != have || strncmp(pattern, path, want) != 0) {
            return false;
        }
        pattern += want;
        path += have;
    }
    return *pattern == '\0' && *path == '\0';
}

const struct route *route_find(struct req *rq, bool *other_method)
{
    *other_method = false;
    for (size_t i = 0; i < served.count; i++) {
        if (!path_fits(served.rows[i].path, rq->path, rq))
            continue;
        if (served.rows[i].method == rq->method)
            return &served.rows[i];
        *other_method = true;
    }
    rq->param_count = 0;
    return NULL;
}

const char *api_methods(struct ctx *c, const char *path)
{
    static const char *const names[METHOD_COUNT] = {"GET, HEAD", "POST", "PUT", "PATCH", "DELETE"};
    struct buf list = buf_new(c->mem, KIB(1));
    bool other_method;

    for (enum method m = GET; m < METHOD_COUNT; m++) {
        struct req probe = {.method = m, .path = path};

        if (route_find(&probe, &other_method) != NULL)
            buf_printf(&list, "%s, ", names[m]);
    }
    if (list.len == 0)
        return NULL;
    buf_text(&list, "OPTIONS");
    return buf_str(&list);
}

size_t api_body_limit(enum method method, const char *path)
{
    struct req probe = {.method = method, .path = path};
    bool other_method;
    const struct route *route = route_find(&probe, &other_method);

    return route == NULL ? NO_ROUTE_BODY : route->body_max;
}

size_t api_body_limit_max(void)
{
    size_t most = 0;

    for (size_t i = 0; i < COUNT_OF(routes); i++)
        if (routes[i].body_max > most)
            most = routes[i].body_max;
    return most;
}
