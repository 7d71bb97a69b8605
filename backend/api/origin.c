/* See origin.h. */
#include "api/origin.h"

#include <string.h>

#include "api/handlers.h"
#include "base/conf.h"

#define PREFLIGHT_SECONDS "600"

/* What a browser names must be the one it talks to, or the public address of this instance. */
static bool is_ours(struct ctx *c, const struct req *rq, const char *origin)
{
    const char *host = rq->header(rq, "host");

    return (host != NULL && text_is(origin, text_printf(c->mem, "https://%s", host))) ||
           text_is(origin, conf_text(CONF_public_url));
}

/* Exactly as it stands in the list; blanks part its members. */
static bool is_listed(const char *origin)
{
    const char *list = conf_text(CONF_cors_origins);
    size_t len = strlen(origin);

    for (const char *at = list; at != NULL && *at != '\0' && len > 0;) {
        size_t member = strcspn(at, " ");

        if (member == len && strncmp(at, origin, len) == 0)
            return true;
        at += member;
        at += strspn(at, " ");
    }
    return false;
}

static bool has_session(struct ctx *c, const struct req *rq)
{
    return req_cookie(c, rq, SESSION_COOKIE) != NULL;
}

/* A page of another site says so itself. */
static bool foreign_may(struct ctx *c, const struct req *rq, const struct route *route,
                        const char *origin, bool bearer)
{
    if (is_listed(origin))
        return bearer || !has_session(c, rq);
    if (rq->method == GET && route->who < WHO_HOST)
        return true;
    return bearer && route->kind != ANSWER_STREAM;
}

rc_t origin_check(struct ctx *c, const struct req *rq, const struct route *route, bool bearer)
{
    const char *origin = rq->header(rq, "origin"), *site = rq->header(rq, "sec-fetch-site");
    bool fine;

    bearer &= route->who >= WHO_HOST;
    if (route->who == WHO_VENDOR || route->who == WHO_CLIENT)
        return OK;
    if (origin != NULL)
        fine = is_ours(c, rq, origin) || foreign_may(c, rq, route, origin, bearer);
    else if (rq->method == GET || bearer || text_is(site, "same-origin") || text_is(site, "none"))
        fine = true;
    else
        fine = site == NULL && rq->header(rq, "cookie") == NULL;
    return fine ? OK
                : ctx_fail(c, E_FORBIDDEN, "origin_foreign",
                           "This request comes from another site.");
}

/* Besides our own those that OpenAI's clients send with each request, and nobody reads here. */
#define ALLOWED_HEADERS                                                                          \
    "authorization, content-type, idempotency-key, last-event-id, user-agent, "                  \
    "openai-organization, openai-project, openai-beta, x-stainless-arch, x-stainless-async, "    \
    "x-stainless-helper-method, x-stainless-lang, x-stainless-os, x-stainless-package-version, " \
    "x-stainless-poll-helper, x-stainless-custom-poll-interval, x-stainless-retry-count, "       \
    "x-stainless-runtime, x-stainless-runtime-version, x-stainless-timeout"

void origin_allow(const struct req *rq, struct res *rs)
{
    const char *origin = rq->header(rq, "origin");

    if (conf_text(CONF_cors_origins) == NULL)
        return;
    res_header(rs, "vary", "origin");
    if (origin == NULL || !is_listed(origin))
        return;
    res_header(rs, "access-control-allow-origin", origin);
    res_header(rs, "access-control-expose-headers",
               "retry-after, idempotency-replayed, link, www-authenticate, x-request-id, "
               "x-should-retry");
}

/* The question that a browser asks before it lets another site's page send something. */
static void preflight(const struct req *rq, const char *methods, struct res *rs)
{
    const char *origin = rq->header(rq, "origin");

    if (origin == NULL || !is_listed(origin) ||
        rq->header(rq, "access-control-request-method") == NULL)
        return;
    res_header(rs, "access-control-allow-methods", methods);
    res_header(rs, "access-control-allow-headers", ALLOWED_HEADERS);
    res_header(rs, "access-control-max-age", PREFLIGHT_SECONDS);
}

void api_options(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *methods = api_methods(c, rq->path);

    *rs = (struct res){.status = 204};
    if (methods == NULL) {
        ctx_fail(c, E_NOT_FOUND, "not_found", "There is nothing at this address.");
        res_problem(c, rs);
        return;
    }
    res_header(rs, "allow", methods);
    preflight(rq, methods, rs);
    origin_allow(rq, rs);
}
