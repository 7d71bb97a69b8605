/*
 * The consent of a person, behind the page /oauth/authorize: what an app asks for, the person's
 * answer, and what was allowed so far. Until the app and the address to go back to are known to be
 * right, whatever is wrong is told to the person; from then on to the app (RFC 6749, 4.1.2.1).
 */
#include <string.h>

#include "api/handlers.h"
#include "api/oauth.h"
#include "api/page.h"
#include "api/urlform.h"
#include "core/audit.h"
#include "core/oauth_app.h"
#include "core/oauth_ask.h"
#include "core/oauth_grant.h"
#include "core/tenant.h"

struct query {
    const char *response_type, *client_id, *redirect_uri, *scope, *state, *code_challenge,
        *code_challenge_method, *response_mode;
};
static const struct field query_fields[] = {
    FIELD(struct query, response_type, 0, 100, NULL),
    FIELD(struct query, client_id, 0, 100, NULL),
    FIELD(struct query, redirect_uri, 0, 1000, NULL),
    FIELD(struct query, scope, 0, 2000, NULL),
    FIELD(struct query, state, 0, 2000, NULL),
    FIELD(struct query, code_challenge, 0, 200, NULL),
    FIELD(struct query, code_challenge_method, 0, 100, NULL),
    FIELD(struct query, response_mode, 0, 100, NULL),
};
static const struct shape query_shape = SHAPE("AuthorizeQuery", struct query, query_fields);

/* A request that was read: `error` not NULL is for the app. */
struct request {
    struct query query;
    struct oauth_client client;
    const char *back, *error, *about;
    permits scopes;
};

static void wrong(struct request *r, const char *error, const char *about)
{
    if (r->error == NULL) {
        r->error = error;
        r->about = about;
    }
}

/* 32 bytes in base64url, as S256 makes them. */
static bool challenge_fine(const char *challenge)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    return strlen(challenge) == 43 && strspn(challenge, digits) == 43;
}

static void check(struct request *r)
{
    const struct query *q = &r->query;

    if (q->response_type == NULL)
        wrong(r, "invalid_request", "response_type is missing.");
    else if (!text_is(q->response_type, "code"))
        wrong(r, "unsupported_response_type", "Only the response type code is known here.");
    if (q->response_mode != NULL && !text_is(q->response_mode, "query"))
        wrong(r, "invalid_request", "Only the response mode query is known here.");
    if (q->code_challenge == NULL)
        wrong(r, "invalid_request", "code_challenge is missing: PKCE is needed here.");
    else if (!text_is(q->code_challenge_method, "S256"))
        wrong(r, "invalid_request", "code_challenge_method must be S256.");
    else if (!challenge_fine(q->code_challenge))
        wrong(r, "invalid_request", "code_challenge is none that S256 makes.");
    r->scopes = r->client.scopes;
    if (q->scope != NULL &&
        (!permits_of_text(q->scope, &r->scopes) || (r->scopes & ~r->client.scopes) != 0))
        wrong(r, "invalid_scope", "This app may not ask for these scopes.");
}

static rc_t request_read(struct ctx *c, const char *text, struct request *out)
{
    const char *query = text[0] == '?' ? text + 1 : text;
    bool found = false;

    *out = (struct request){.error = NULL};
    TRY(urlform_read(c, &query_shape, bytes_of(query), &out->query));
    if (out->query.client_id != NULL)
        TRY(oauth_client_get(c, out->query.client_id, &out->client, &found));
    if (!found)
        return ctx_fail(c, E_NOT_FOUND, "app_unknown",
                        "Your company has registered no app with this client_id.");
    out->back = oauth_client_redirect(c->mem, &out->client, out->query.redirect_uri);
    if (out->back == NULL)
        return ctx_fail(c, E_INVALID, "redirect_unknown",
                        "The address that the app wants you sent back to is not registered for "
                        "it.");
    check(out);
    return OK;
}

/* The address to go back to, with these and what every answer carries. */
static const char *way_back(struct ctx *c, const struct req *rq, const struct request *r,
                            const char *name, const char *value, const char *about)
{
    const char *way = urlform_add(c->mem, r->back, name, value);

    way = urlform_add(c->mem, way, "error_description", about);
    way = urlform_add(c->mem, way, "state", r->query.state);
    return urlform_add(c->mem, way, "iss", oauth_issuer(c, rq));
}

static const char *host_of(struct ctx *c, const char *address)
{
    const char *host = strstr(address, "://") + 3;

    return text_copy(c->mem, address, (size_t)(host - address) + strcspn(host, "/?"));
}

/* An app must not get for a person what the person has to do something for first. */
static rc_t free_check(struct ctx *c, const struct req *rq)
{
    return rq->barred == NULL ? OK
                              : ctx_fail(c, E_FORBIDDEN, rq->barred,
                                         "Nothing can be allowed as long as you are barred here "
                                         "yourself.");
}

rc_t oauth_requests_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct oauth_consent consent = {.redirect = NULL};
    struct oauth_ask in;
    struct request r;

    TRY(req_body(c, rq, &oauth_ask_shape, &in));
    TRY(free_check(c, rq));
    TRY(request_read(c, in.request, &r));
    consent.app = r.client.name;
    consent.scopes = permits_text(c->mem, r.scopes & rq->may);
    consent.to = host_of(c, r.back);
    TRY(tenant_name(c, &consent.company));
    if (r.error != NULL)
        consent.redirect = way_back(c, rq, &r, "error", r.error, r.about);
    return res_one(c, rs, 200, &oauth_consent_shape, &consent);
}

static rc_t allow(struct ctx *c, const struct request *r, const char **code)
{
    const struct oauth_allow in = {.app_id = r->client.id,
                                   .scopes = r->scopes,
                                   .challenge = r->query.code_challenge,
                                   .redirect = r->query.redirect_uri};

    TRY(oauth_allow(c, &in, code));
    return audit_add(c, c->actor, "app.allowed", r->client.id,
                     text_printf(c->mem, "{\"scopes\":\"%s\"}", permits_text(c->mem, r->scopes)));
}

rc_t oauth_requests_answer(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct oauth_ask in;
    struct oauth_way way;
    struct request r;
    const char *code;

    TRY(req_body(c, rq, &oauth_answer_in_shape, &in));
    TRY(free_check(c, rq));
    TRY(request_read(c, in.request, &r));
    if (!in.allow)
        wrong(&r, "access_denied", "The person said no.");
    if (r.error != NULL) {
        way.redirect = way_back(c, rq, &r, "error", r.error, r.about);
    } else {
        TRY(allow(c, &r, &code));
        way.redirect = way_back(c, rq, &r, "code", code, NULL);
    }
    return res_one(c, rs, 200, &oauth_way_shape, &way);
}

rc_t oauth_grants_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct oauth_grant *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(oauth_grant_list(c, &page, &items, &count));
    return res_page(c, rq, rs, &oauth_grant_shape, items, count, &page);
}

rc_t oauth_grants_drop(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *id, *app_id;

    TRY(req_id(c, rq, "id", &id));
    TRY(oauth_grant_end(c, id, &app_id));
    rs->status = 204;
    return audit_add(c, c->actor, "app.access_ended", app_id, "{}");
}
