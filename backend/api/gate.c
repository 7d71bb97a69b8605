/*
 * The gate before every handler: route, body, who, origin; after it: commit, hints, problem
 * details. Requests are counted where they are answered, so that those which the server refuses by
 * itself count as well.
 */
#include <string.h>

#include "api/handlers.h"
#include "api/known.h"
#include "api/limits.h"
#include "api/origin.h"
#include "api/programs.h"
#include "api/query.h"
#include "api/repeat.h"
#include "api/routes.h"
#include "api/v1.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "core/host.h"
#include "core/session.h"
#include "core/tenant.h"
#include "io/db.h"

/* How long somebody may go on in a stream after the session, or the key, has ended. */
#define STAY_CHECK_MS 1000

static rc_t route_of(struct ctx *c, struct req *rq, const struct route **out)
{
    bool other_method;

    *out = route_find(rq, &other_method);
    if (*out != NULL)
        return OK;
    if (other_method)
        return ctx_fail(c, E_INVALID, "method_not_allowed",
                        "This address does not take that method.");
    return ctx_fail(c, E_NOT_FOUND, "not_found", "There is nothing at this address.");
}

static rc_t body_check(struct ctx *c, const struct req *rq, const struct route *route)
{
    if (rq->body.len > route->body_max)
        return ctx_fail(c, E_LIMIT, "body_too_large", "The body may have at most %zu bytes here.",
                        route->body_max);
    if (route->who == WHO_VENDOR || route->who == WHO_CLIENT || rq->body.len == 0)
        return OK;
    if (!req_is_type(rq, "application/json"))
        return ctx_fail(c, E_INVALID, "not_json", "Send the body as application/json.");
    return OK;
}

/*
 * The second lock beside the origin: a page that is not ours does not know it. See session_csrf.
 */
static rc_t csrf_check(struct ctx *c, const struct req *rq, const char *token)
{
    const char *given = rq->header(rq, "x-csrf");

    if (rq->method == GET ||
        (given != NULL && text_same_secret(bytes_of(given), bytes_of(session_csrf(c->mem, token)))))
        return OK;
    return ctx_fail(c, E_FORBIDDEN, "csrf_wrong",
                    "Send the member csrf of /api/v1/me as the header X-CSRF.");
}

/*
 * Whoever is barred keeps what concerns themselves, and sees who and where they are: that is how
 * the bar is lifted. Of a suspended company everything can be taken out, and the host goes on.
 */
static rc_t barred_check(struct ctx *c, const struct req *rq, const struct route *route)
{
    if (rq->barred == NULL || route->who == WHO_PERSON || route->who == MAY_tenant_read)
        return OK;
    if (text_is(rq->barred, "factor_missing"))
        return ctx_fail(c, E_FORBIDDEN, rq->barred,
                        "Your company asks everybody for a second factor, and you have none yet. "
                        "Set it up in your account first.");
    if (route->who == WHO_HOST || route->who == MAY_tenant_export || route->who == MAY_audit_export)
        return OK;
    return ctx_fail(c, E_FORBIDDEN, rq->barred,
                    "Your company is suspended. Nothing is lost; it goes on once whoever runs this "
                    "instance resumes it. Admins can take everything out.");
}

static rc_t program_look(struct ctx *c, struct req *rq, const char *bearer)
{
    const char *suspended;

    TRY(program_enter(c, rq, bearer));
    TRY(tenant_suspended(c, &suspended));
    rq->barred = suspended != NULL ? "tenant_suspended" : NULL;
    return OK;
}

/* A call of a model costs no look at the database while its program is known. */
static rc_t program_look_quick(struct ctx *c, struct req *rq, const char *bearer)
{
    if (known_enter(c, rq, bearer))
        return OK;
    TRY(program_look(c, rq, bearer));
    TRY(program_models(c, rq));
    known_keep(c, rq, bearer);
    return OK;
}

/* Cookies, if there are any, count for nothing then. */
static rc_t program_check(struct ctx *c, struct req *rq, const struct route *route,
                          const char *bearer)
{
    TRY(v1_owns(rq->path) ? program_look_quick(c, rq, bearer) : program_look(c, rq, bearer));
    TRY(barred_check(c, rq, route));
    return program_scope(c, rq, route);
}

static rc_t host_check(struct ctx *c, const char *token)
{
    bool yes;

    TRY(host_asks(c, token, &yes));
    return yes ? OK
               : ctx_fail(c, E_FORBIDDEN, "not_permitted",
                          "This is for those who run this instance.");
}

static rc_t session_check(struct ctx *c, struct req *rq, const struct route *route)
{
    const char *token = req_cookie(c, rq, SESSION_COOKIE);
    struct session_found found = {.role = NULL};

    if (token != NULL && token[0] != '\0')
        TRY(session_find(c, token, &found));
    if (found.role == NULL)
        return challenged(c, "Bearer realm=\"Konstruct\"",
                          ctx_fail(c, E_UNAUTH, "unauthenticated",
                                   "You are not logged in, or your session is over. Log in "
                                   "again."));
    c->actor = text_printf(c->mem, "person:%s", c->person_id);
    TRY(csrf_check(c, rq, token));
    rq->session_token = token;
    rq->role = found.role;
    rq->barred = found.barred;
    rq->may = permits_of_role(found.role);
    TRY(barred_check(c, rq, route));
    if (route->who == WHO_HOST)
        return host_check(c, token);
    if (!who_permitted(route->who, rq->may))
        return ctx_fail(c, E_FORBIDDEN, "not_permitted",
                        "This needs the permission %s, which your role (%s) does not have. "
                        "Ask an admin of your company.",
                        who_name(route->who), rq->role);
    return OK;
}

static rc_t metrics_check(struct ctx *c, const struct req *rq)
{
    const char *given = rq->header(rq, "authorization"), *token = conf_text(CONF_metrics_token);

    if (token == NULL)
        return ctx_fail(c, E_NOT_FOUND, "not_found",
                        "KONSTRUCT_METRICS_TOKEN is not set, so there are no metrics here.");
    if (given == NULL || !text_starts(given, "Bearer ") ||
        !text_same_secret(bytes_of(given + strlen("Bearer ")), bytes_of(token)))
        return ctx_fail(c, E_UNAUTH, "unauthenticated", "The metrics token is missing or wrong.");
    return OK;
}

static rc_t who_check(struct ctx *c, struct req *rq, const struct route *route)
{
    switch (route->who) {
    case WHO_PUBLIC:
    case WHO_VENDOR:
        return OK;
    case WHO_METRICS:
        return metrics_check(c, rq);
    case WHO_CLIENT:
        return client_check(c, rq);
    case WHO_NOBODY:
    case WHO_COUNT:
        return ctx_fail(c, E_NOT_FOUND, "not_found", "There is nothing at this address.");
    case WHO_HOST:
    case WHO_PERSON:
#define PERMISSION(name, ...) case MAY_##name:
#include "core/permissions.def"
#undef PERMISSION
        break;
    }
    if (bearer_of(rq) != NULL)
        return program_check(c, rq, route, bearer_of(rq));
    return session_check(c, rq, route);
}

static rc_t serve(struct ctx *c, struct req *rq, struct res *rs)
{
    const struct route *route;

    TRY(route_of(c, rq, &route));
    rq->form = route->who == WHO_CLIENT;
    TRY(limits_before(c, rq, route));
    TRY(body_check(c, rq, route));
    TRY(origin_check(c, rq, route, bearer_of(rq) != NULL));
    TRY(who_check(c, rq, route));
    TRY(limits_known(c, rq));
    rq->route = route;
    TRY(query_check(c, rq, route));
    TRY(repeat_begin(c, rq, route));
    TRY(repeat_look(c, rq, rs));
    if (rs->status == 0) {
        TRY(route->handler(c, rq, rs));
        TRY(repeat_keep(c, rq, rs));
    }
    return db_commit(c);
}

/* The same for a parked request: somebody else may have done it meanwhile. */
static rc_t go_on(struct ctx *c, const struct req *rq, struct res *rs, struct park *park,
                  enum wake why, struct bytes news)
{
    TRY(repeat_look(c, rq, rs));
    if (rs->status == 0) {
        TRY(park->resume(c, rq, rs, park->state, why, news));
        TRY(repeat_keep(c, rq, rs));
    }
    return db_commit(c);
}

/*
 * The one place that ends a request: what failed is rolled back and told; what was committed is
 * hinted at.
 */
static void conclude(struct ctx *c, const struct req *rq, struct res *rs, rc_t rc)
{
    if (rc == OK) {
        if (rs->committed != NULL)
            rs->committed(c, rs->committed_arg);
        origin_allow(rq, rs);
        return;
    }
    db_rollback(c);
    if (c->fault.rc == OK)
        ctx_fail(c, rc, "unknown", "a handler failed without saying why");
    if (rc == E_INTERNAL || rc == E_UNAVAILABLE || rc == E_TIMEOUT)
        log_fault(c, rq->path);
    res_problem(c, rs);
    if (rq->form)
        client_problem(c, rs);
    else if (v1_owns(rq->path))
        v1_problem(c, rs);
    if (rs->status == 405)
        res_header(rs, "allow", api_methods(c, rq->path));
    origin_allow(rq, rs);
}

bool api_may_send(struct ctx *c, struct req *rq)
{
    const struct route *route;
    const char *bearer = bearer_of(rq);

    if (bearer == NULL || route_of(c, rq, &route) != OK || limits_before(c, rq, route) != OK ||
        program_check(c, rq, route, bearer) != OK)
        return false;
    return db_commit(c) == OK;
}

void api_refuse(struct ctx *c, const struct req *rq, struct res *rs)
{
    conclude(c, rq, rs, c->fault.rc);
}

void api_handle(struct ctx *c, struct req *rq, struct res *rs)
{
    *rs = (struct res){.status = 0};
    conclude(c, rq, rs, serve(c, rq, rs));
}

/*
 * Whoever logs out, is removed, or whose key ends meanwhile does not go on waiting or reading. At
 * its start a wait has just passed the gate.
 */
static rc_t stay_check(struct ctx *c, const struct req *rq, struct park *park, enum wake why)
{
    int64_t now_ms = clock_mono_ms();

    if (park->kind != PARK_LIVE ||
        (park->checked_ms != 0 && now_ms - park->checked_ms < STAY_CHECK_MS))
        return OK;
    park->checked_ms = now_ms;
    if (why == WAKE_START)
        return OK;
    if (rq->bearer != NULL)
        return program_stay(c, rq);
    return rq->session_token == NULL ? OK : session_stay(c, rq->session_token);
}

void api_resume(struct ctx *c, const struct req *rq, struct res *rs, struct park *park,
                enum wake why, struct bytes news)
{
    *rs = (struct res){.status = 0};

    rc_t rc = stay_check(c, rq, park, why);

    if (rc == OK)
        rc = go_on(c, rq, rs, park, why, news);
    conclude(c, rq, rs, rc);
}
