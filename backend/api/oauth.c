/* The endpoints that programs call: tokens, their end, questions about them, and the metadata. */
#include "api/oauth.h"

#include <string.h>

#include "api/handlers.h"
#include "api/urlform.h"
#include "base/conf.h"
#include "core/oauth_app.h"
#include "core/oauth_ask.h"
#include "core/oauth_grant.h"
#include "core/scope.h"

const char *oauth_issuer(struct ctx *c, const struct req *rq)
{
    const char *set = conf_text(CONF_public_url), *host = rq->header(rq, "host");
    size_t len;

    if (set == NULL)
        return text_printf(c->mem, "https://%s", host == NULL ? "localhost" : host);
    len = strlen(set);
    return set[len - 1] == '/' ? text_copy(c->mem, set, len - 1) : set;
}

static rc_t token_answer(struct ctx *c, struct res *rs, const struct oauth_issue *got)
{
    json_t *answer;

    /* Not by a fault: what was ended on the way is committed. */
    if (got->why != NULL)
        return res_json(c, rs, 400,
                        json_pack("{s:s, s:s, s:s}", "error", "invalid_grant", "error_description",
                                  got->why, "reference", c->reference));
    answer = json_pack("{s:s, s:s, s:I, s:s}", "access_token", got->access, "token_type", "Bearer",
                       "expires_in", (json_int_t)got->lasts, "scope", got->scopes);
    if (got->refresh != NULL)
        json_object_set_new(answer, "refresh_token", json_string(got->refresh));
    return res_json(c, rs, 200, answer);
}

/* Scopes that a client asks for; none: `usual`. */
static rc_t scopes_read(struct ctx *c, const char *text, permits usual, permits most, permits *out)
{
    *out = usual;
    if (text == NULL)
        return OK;
    if (!permits_of_text(text, out) || (*out & ~most) != 0)
        return ctx_fail(c, E_INVALID, "invalid_scope", "This app may not have these scopes.");
    return OK;
}

static rc_t by_code(struct ctx *c, const struct req *rq, const struct oauth_token_form *in,
                    struct oauth_issue *out)
{
    const struct oauth_code_use use = {
        .code = in->code, .redirect = in->redirect_uri, .verifier = in->code_verifier};

    if (in->code == NULL)
        return ctx_fail(c, E_INVALID, "invalid_request", "code is missing.");
    return oauth_take_code(c, rq->client, &use, out);
}

static rc_t by_refresh(struct ctx *c, const struct req *rq, const struct oauth_token_form *in,
                       struct oauth_issue *out)
{
    permits wanted;

    if (in->refresh_token == NULL)
        return ctx_fail(c, E_INVALID, "invalid_request", "refresh_token is missing.");
    TRY(scopes_read(c, in->scope, 0, permits_for_keys(), &wanted));
    return oauth_refresh(c, rq->client, in->refresh_token, in->scope == NULL ? NULL : &wanted, out);
}

static rc_t by_itself(struct ctx *c, const struct req *rq, const struct oauth_token_form *in,
                      struct oauth_issue *out)
{
    permits wanted;

    if (!rq->client->confidential)
        return ctx_fail(c, E_INVALID, "unauthorized_client",
                        "An app without a secret can't ask for itself.");
    TRY(scopes_read(c, in->scope, rq->client->scopes, rq->client->scopes, &wanted));
    return oauth_own(c, rq->client, wanted, out);
}

rc_t oauth_tokens_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    static const struct {
        const char *name;
        rc_t (*run)(struct ctx *c, const struct req *rq, const struct oauth_token_form *in,
                    struct oauth_issue *out);
    } grants[] = {{"authorization_code", by_code},
                  {"refresh_token", by_refresh},
                  {"client_credentials", by_itself}};
    struct oauth_issue got;
    struct oauth_token_form in;

    TRY(urlform_read(c, &oauth_token_form_shape, rq->body, &in));
    if (in.grant_type == NULL)
        return ctx_fail(c, E_INVALID, "invalid_request", "grant_type is missing.");
    for (size_t i = 0; i < COUNT_OF(grants); i++)
        if (text_is(grants[i].name, in.grant_type)) {
            TRY(grants[i].run(c, rq, &in, &got));
            return token_answer(c, rs, &got);
        }
    return ctx_fail(c, E_INVALID, "unsupported_grant_type",
                    "Use authorization_code, refresh_token or client_credentials.");
}

static rc_t one_read(struct ctx *c, const struct req *rq, const char **token)
{
    struct oauth_one_token in;

    TRY(urlform_read(c, &oauth_one_token_shape, rq->body, &in));
    *token = in.token;
    return in.token != NULL ? OK : ctx_fail(c, E_INVALID, "invalid_request", "token is missing.");
}

/* What is no token of this client is answered like one that was ended (RFC 7009). */
rc_t oauth_tokens_revoke(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *token;
    bool found;

    TRY(one_read(c, rq, &token));
    TRY(oauth_revoke(c, rq->client, token, &found));
    return res_json(c, rs, 200, json_object());
}

rc_t oauth_tokens_introspect(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct oauth_view view;
    const char *token;

    TRY(one_read(c, rq, &token));
    if (!rq->client->confidential)
        return ctx_fail(c, E_UNAUTH, "invalid_client", "Only an app with a secret may ask this.");
    TRY(oauth_look(c, token, &view));
    if (!view.active)
        return res_json(c, rs, 200, json_pack("{s:b}", "active", 0));

    json_t *answer = json_pack("{s:b, s:s, s:s, s:s, s:I, s:I, s:s}", "active", 1, "client_id",
                               view.client_id, "sub", view.subject, "scope", view.scopes, "exp",
                               (json_int_t)view.expires, "iat", (json_int_t)view.issued, "iss",
                               oauth_issuer(c, rq));

    if (!view.refresh)
        json_object_set_new(answer, "token_type", json_string("Bearer"));
    return res_json(c, rs, 200, answer);
}

static json_t *scopes_all(struct ctx *c)
{
    json_t *list = json_array();
    struct scope *items;
    size_t count;

    scope_list(c->mem, &items, &count);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(items[i].name));
    return list;
}

rc_t oauth_metadata_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    static const struct {
        const char *name, *path;
    } ends[] = {{"authorization_endpoint", "/oauth/authorize"},
                {"token_endpoint", "/oauth/token"},
                {"revocation_endpoint", "/oauth/revoke"},
                {"introspection_endpoint", "/oauth/introspect"}};
    const char *issuer = oauth_issuer(c, rq);
    json_t *about = json_pack(
        "{s:s, s:o, s:[s], s:[s], s:[s, s, s], s:[s], s:b, s:[s, s, s], s:[s, s, s], s:[s, s]}",
        "issuer", issuer, "scopes_supported", scopes_all(c), "response_types_supported", "code",
        "response_modes_supported", "query", "grant_types_supported", "authorization_code",
        "refresh_token", "client_credentials", "code_challenge_methods_supported", "S256",
        "authorization_response_iss_parameter_supported", 1,
        "token_endpoint_auth_methods_supported", "client_secret_basic", "client_secret_post",
        "none", "revocation_endpoint_auth_methods_supported", "client_secret_basic",
        "client_secret_post", "none", "introspection_endpoint_auth_methods_supported",
        "client_secret_basic", "client_secret_post");

    for (size_t i = 0; i < COUNT_OF(ends); i++)
        json_object_set_new(about, ends[i].name,
                            json_string(text_printf(c->mem, "%s%s", issuer, ends[i].path)));
    return res_json(c, rs, 200, about);
}
