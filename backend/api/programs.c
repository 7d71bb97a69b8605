/* See programs.h. */
#include "api/programs.h"

#include <string.h>
#include <strings.h>

#include "api/handlers.h"
#include "api/urlform.h"
#include "core/api_key.h"
#include "core/oauth_app.h"
#include "core/oauth_grant.h"

#define REALM "Bearer realm=\"Konstruct\""

rc_t challenged(struct ctx *c, const char *challenge, rc_t rc)
{
    c->fault.challenge = challenge;
    return rc;
}

/* The rest of the header behind this scheme, whatever its case, or NULL. */
static const char *credentials_of(const struct req *rq, const char *scheme)
{
    const char *given = rq->header(rq, "authorization");
    size_t len = strlen(scheme);

    if (given == NULL || strncasecmp(given, scheme, len) != 0 || given[len] != ' ')
        return NULL;
    return given + len + strspn(given + len, " ");
}

const char *bearer_of(const struct req *rq)
{
    return credentials_of(rq, "Bearer");
}

static rc_t token_refused(struct ctx *c, rc_t rc)
{
    if (rc != E_UNAUTH)
        return rc;
    return challenged(c,
                      text_printf(c->mem,
                                  REALM ", error=\"invalid_token\", error_description=\"%s\"",
                                  c->fault.detail),
                      rc);
}

rc_t program_scope(struct ctx *c, const struct req *rq, const struct route *route)
{
    static const char error[] = REALM ", error=\"insufficient_scope\"";

    if (route->who <= WHO_PERSON)
        return challenged(c, error,
                          ctx_fail(c, E_FORBIDDEN, "persons_only",
                                   "This is for people who are logged in, not for programs."));
    if (who_permitted(route->who, rq->may))
        return OK;
    return challenged(c, text_printf(c->mem, "%s, scope=\"%s\"", error, who_name(route->who)),
                      ctx_fail(c, E_FORBIDDEN, "insufficient_scope",
                               "This needs the scope %s, which this program does not have here.",
                               who_name(route->who)));
}

static rc_t key_enter(struct ctx *c, struct req *rq, const char *secret)
{
    struct api_key_use use;

    TRY(api_key_enter(c, secret, rq->remote, &use));
    rq->program = use.name;
    rq->may = use.may;
    rq->key_id = use.id;
    return OK;
}

/* A person stands behind most access tokens, and is then the one who asks. */
static rc_t token_enter(struct ctx *c, struct req *rq, const char *token)
{
    struct oauth_use use;

    TRY(oauth_enter(c, token, &use));
    rq->program = use.role == NULL ? use.app_name : NULL;
    rq->role = use.role;
    rq->may = use.may;
    return OK;
}

static rc_t enter(struct ctx *c, struct req *rq, const char *bearer)
{
    rc_t rc = text_starts(bearer, OAUTH_ACCESS_PREFIX "_") ? token_enter(c, rq, bearer)
                                                           : key_enter(c, rq, bearer);

    return token_refused(c, rc);
}

rc_t program_enter(struct ctx *c, struct req *rq, const char *bearer)
{
    rq->bearer = text_dup(c->mem, bearer);
    return enter(c, rq, bearer);
}

rc_t program_models(struct ctx *c, struct req *rq)
{
    return rq->key_id == NULL ? OK : api_key_models(c, rq->key_id, &rq->models);
}

rc_t program_stay(struct ctx *c, const struct req *rq)
{
    struct req again = *rq;

    return enter(c, &again, rq->bearer);
}

/* Of a form, only what says which client it is. */
struct client_form {
    const char *client_id, *client_secret;
};
static const struct field client_fields[] = {
    FIELD(struct client_form, client_id, 0, 100, NULL),
    FIELD(struct client_form, client_secret, 0, 200, NULL),
};
static const struct shape client_shape = SHAPE("Client", struct client_form, client_fields);

/* Base64 as headers have it: with + and / and padding. */
static rc_t unbase64(struct ctx *c, const char *text, struct bytes *out)
{
    size_t len = strcspn(text, "= ");
    char *url = text_copy(c->mem, text, len);

    for (size_t i = 0; i < len; i++)
        url[i] = (char)(url[i] == '+' ? '-' : url[i] == '/' ? '_' : url[i]);
    return text_unbase64url(c->mem, (struct bytes){url, len}, out);
}

/* Both parts are written as in a form before they are joined (RFC 6749, 2.3.1). */
static rc_t basic_read(struct ctx *c, const char *given, struct client_form *out)
{
    const char *form, *colon;
    struct bytes plain;

    if (unbase64(c, given, &plain) != OK || (colon = memchr(plain.data, ':', plain.len)) == NULL)
        return ctx_fail(c, E_UNAUTH, "invalid_client", "The header Authorization can't be read.");
    form = text_printf(c->mem, "client_id=%.*s&client_secret=%.*s", (int)(colon - plain.data),
                       plain.data, (int)(plain.len - (size_t)(colon - plain.data) - 1), colon + 1);
    return urlform_read(c, &client_shape, bytes_of(form), out);
}

rc_t client_check(struct ctx *c, struct req *rq)
{
    static const char challenge[] = "Basic realm=\"Konstruct\"";
    const char *basic = credentials_of(rq, "Basic");
    struct client_form form, header = {.client_id = NULL};
    struct oauth_client *client = arena_take(c->mem, sizeof(*client));

    TRY(urlform_read(c, &client_shape, rq->body, &form));
    if (basic != NULL) {
        rc_t rc = basic_read(c, basic, &header);

        if (rc != OK)
            return challenged(c, challenge, rc);
        if (form.client_secret != NULL ||
            (form.client_id != NULL && !text_is(form.client_id, header.client_id)))
            return ctx_fail(c, E_INVALID, "invalid_request", "Show who you are in one way only.");
        form = header;
    }
    if (form.client_id == NULL)
        return challenged(c, challenge,
                          ctx_fail(c, E_UNAUTH, "invalid_client", "Say which app this is."));

    rc_t rc = oauth_client_enter(c, form.client_id, form.client_secret, client);

    if (rc != OK)
        return rc == E_UNAUTH ? challenged(c, challenge, rc) : rc;
    if (rq->body.len > 0 && !req_is_type(rq, "application/x-www-form-urlencoded"))
        return ctx_fail(c, E_INVALID, "invalid_request",
                        "Send the body as application/x-www-form-urlencoded.");
    rq->client = client;
    return OK;
}

void client_problem(struct ctx *c, struct res *rs)
{
    static const char *const known[] = {"invalid_request",        "invalid_client",
                                        "invalid_grant",          "unauthorized_client",
                                        "unsupported_grant_type", "invalid_scope"};
    const char *error = rs->status == 503 || rs->status == 504 ? "temporarily_unavailable"
                        : rs->status >= 500                    ? "server_error"
                                                               : "invalid_request";
    const char *about = rs->status >= 500 ? "This can't be done right now. Try again in a moment."
                                          : c->fault.detail;
    struct res_header headers[RES_HEADERS_MAX];
    int count = rs->header_count, status = rs->status;

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (text_is(known[i], c->fault.code))
            error = known[i];
    memcpy(headers, rs->headers, sizeof(headers));
    *rs = (struct res){.status = 0};
    for (int i = 0; i < count; i++)
        res_header(rs, headers[i].name, headers[i].value);
    res_json(c, rs, status,
             json_pack("{s:s, s:s, s:s}", "error", error, "error_description", about, "reference",
                       c->reference));
}
