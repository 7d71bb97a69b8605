/* See oidc.h. */
#include "flow/oidc.h"

#include <string.h>

#include "base/conf.h"
#include "base/form.h"
#include "base/shape.h"
#include "core/sign_in.h"
#include "io/crypto.h"
#include "io/crypto_jwt.h"
#include "io/http.h"

#define ANSWER_MAX KIB(64)
#define CALL_MS 5000 /* a browser waits for several of them */
#define CONNECT_MS 4000
#define ADDRESS_MAX 1000
#define SAID_MAX 200

/* A fault of the table, with what an admin may want to know besides. */
static rc_t fault(struct ctx *c, const char *code, const char *detail)
{
    rc_t rc;

    ctx_forgive(c);
    rc = sign_in_fail(c, code);
    c->fault.detail = detail;
    return rc;
}

static bool address_allowed(const char *url)
{
    return url != NULL && strlen(url) <= ADDRESS_MAX && strpbrk(url, "# \t\r\n\"<>\\") == NULL &&
           (text_starts(url, "https://") ||
            (conf_switch(CONF_private_addresses) && text_starts(url, "http://")));
}

/* What a call of ours that failed means for the one who waits. */
static rc_t call_fault(struct ctx *c)
{
    static const struct {
        const char *http, *code;
    } rows[] = {{"http_private", "oidc_private"}, {"http_tls", "oidc_tls"},
                {"http_timeout", "oidc_slow"},    {"http_too_long", "oidc_not_issuer"},
                {"http_broken", "oidc_address"},  {"http_connect", "oidc_address"},
                {"http_url", "oidc_address"}};
    const char *detail = c->fault.detail;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (text_is(rows[i].http, c->fault.code))
            return fault(c, rows[i].code, detail);
    return c->fault.rc;
}

static rc_t call(struct ctx *c, struct http_ask *ask, struct http_answer *out)
{
    ask->public_only = !conf_switch(CONF_private_addresses);
    ask->connect_ms = CONNECT_MS;
    ask->total_ms = CALL_MS;
    http_header_add(ask, "Accept", "application/json");
    return http_call(c, ask, out) == OK ? OK : call_fault(c);
}

/* The answer as a JSON object, or NULL when it is none. */
static json_t *object_of(struct ctx *c, struct bytes body)
{
    json_t *root = NULL;

    if (json_parse(c, body, &root) != OK)
        ctx_forgive(c);
    return json_is_object(root) ? root : NULL;
}

/* Whether a list of the description has this word; a list that is not there has the usual ones. */
static bool offers(const json_t *about, const char *list, const char *word, bool usual)
{
    const json_t *words = json_object_get(about, list);

    for (size_t i = 0; i < json_array_size(words); i++)
        if (text_is(json_string_value(json_array_get(words, i)), word))
            return true;
    return words == NULL && usual;
}

static bool signs_as_we_like(const json_t *about)
{
    const json_t *algs = json_object_get(about, "id_token_signing_alg_values_supported");

    for (size_t i = 0; i < json_array_size(algs); i++)
        if (jwt_alg_known(json_string_value(json_array_get(algs, i))))
            return true;
    return algs == NULL;
}

static const char *client_auth_of(const json_t *about)
{
    static const char list[] = "token_endpoint_auth_methods_supported";

    if (offers(about, list, "client_secret_basic", true))
        return "basic";
    return offers(about, list, "client_secret_post", false) ? "post" : NULL;
}

/*
 * The description (OpenID Connect Discovery 4). Some providers know S256 without saying so, which
 * is why silence is taken for yes.
 */
static rc_t about_read(struct ctx *c, const json_t *about, struct sign_in_provider *p)
{
    const char *issuer = json_str(about, "issuer");

    if (issuer == NULL)
        return fault(c, "oidc_not_issuer", "its answer holds no issuer");
    if (!text_is(issuer, p->issuer))
        return fault(
            c, "oidc_issuer_differs",
            text_printf(c->mem, "it names itself %s", text_clean(c->mem, issuer, SAID_MAX)));
    p->authorize_at = json_str(about, "authorization_endpoint");
    p->exchange_at = json_str(about, "token_endpoint");
    p->keys_from = json_str(about, "jwks_uri");
    if (!address_allowed(p->authorize_at))
        return fault(c, "oidc_endpoint", "authorization_endpoint");
    if (!address_allowed(p->exchange_at))
        return fault(c, "oidc_endpoint", "token_endpoint");
    if (!address_allowed(p->keys_from))
        return fault(c, "oidc_endpoint", "jwks_uri");
    if (!offers(about, "response_types_supported", "code", true))
        return fault(c, "oidc_no_code", NULL);
    if (!offers(about, "code_challenge_methods_supported", "S256", true))
        return fault(c, "oidc_no_s256", NULL);
    if (!signs_as_we_like(about))
        return fault(c, "oidc_no_algorithm", NULL);
    p->userinfo_at = json_str(about, "userinfo_endpoint");
    if (!address_allowed(p->userinfo_at))
        p->userinfo_at = NULL;
    p->client_auth = client_auth_of(about);
    if (p->client_auth == NULL)
        return fault(c, "oidc_no_client_auth", NULL);
    p->names_itself = json_is_true(
        json_object_get(about, "authorization_response_iss_parameter_supported"));
    return OK;
}

rc_t oidc_discover(struct ctx *c, struct sign_in_provider *p)
{
    size_t len = strlen(p->issuer);
    struct http_ask ask = {.method = "GET", .max_answer = ANSWER_MAX};
    struct http_answer answer;
    json_t *about;

    if (len > 0 && p->issuer[len - 1] == '/')
        len--;
    ask.url = text_printf(c->mem, "%.*s/.well-known/openid-configuration", (int)len, p->issuer);
    if (!address_allowed(ask.url))
        return fault(c, "oidc_endpoint", "issuer");
    TRY(call(c, &ask, &answer));
    if (answer.status != 200)
        return fault(c, "oidc_not_issuer",
                     text_printf(c->mem, "it answered with status %d", answer.status));
    about = object_of(c, answer.body);
    if (about == NULL)
        return fault(c, "oidc_not_issuer", "its answer is no JSON object");
    return about_read(c, about, p);
}

rc_t oidc_keys(struct ctx *c, const struct sign_in_provider *p, const char **keys)
{
    struct http_ask ask = {.method = "GET", .url = p->keys_from, .max_answer = JWKS_MAX};
    struct http_answer answer;

    TRY(call(c, &ask, &answer));
    if (answer.status != 200)
        return fault(c, "oidc_keys",
                     text_printf(c->mem, "jwks_uri answered with status %d", answer.status));
    if (!jwks_usable(c, answer.body))
        return fault(c, "oidc_keys", "no key for RS256, PS256, ES256 or EdDSA in it");
    *keys = text_copy(c->mem, answer.body.data, answer.body.len);
    return OK;
}

/* RFC 6749 2.3.1: both parts are encoded as in a form before they are joined. */
static const char *basic_of(struct ctx *c, const struct sign_in_provider *p)
{
    struct buf pair = buf_new(c->mem, KIB(4));
    char *text;
    size_t len;

    form_text(&pair, p->client_id);
    buf_char(&pair, ':');
    form_text(&pair, p->client_secret);
    text = text_base64url(c->mem, buf_bytes(&pair));
    len = strlen(text);
    for (char *at = text; *at != '\0'; at++)
        *at = *at == '-' ? '+' : *at == '_' ? '/' : *at;
    return text_printf(c->mem, "Basic %s%s", text, len % 4 == 0 ? "" : len % 4 == 2 ? "==" : "=");
}

static rc_t exchange(struct ctx *c, const struct sign_in_provider *p, const char *code,
                     const char *verifier, struct http_answer *answer)
{
    struct http_ask ask = {.method = "POST", .url = p->exchange_at, .max_answer = ANSWER_MAX};
    struct buf form = buf_new(c->mem, KIB(32));

    form_add(&form, "grant_type", "authorization_code");
    form_add(&form, "code", code);
    form_add(&form, "redirect_uri", sign_in_redirect(c));
    form_add(&form, "code_verifier", verifier);
    if (text_is(p->client_auth, "post")) {
        form_add(&form, "client_id", p->client_id);
        form_add(&form, "client_secret", p->client_secret);
    } else {
        http_header_add(&ask, "Authorization", basic_of(c, p));
    }
    http_header_add(&ask, "Content-Type", "application/x-www-form-urlencoded");
    ask.body = buf_bytes(&form);
    return call(c, &ask, answer);
}

/* The provider's word for what is wrong (RFC 6749 5.2); "" when it says none. */
static const char *error_of(struct ctx *c, const json_t *said)
{
    const char *error = json_str(said, "error");

    return error == NULL ? "" : text_clean(c->mem, error, SAID_MAX);
}

static rc_t exchange_fault(struct ctx *c, const struct http_answer *answer, const char *error)
{
    const char *detail = text_printf(c->mem, "the token endpoint answered with status %d %s",
                                     answer->status, error);

    if (text_is(error, "invalid_client") || text_is(error, "unauthorized_client") ||
        (error[0] == '\0' && answer->status == 401))
        return fault(c, "oidc_client", detail);
    if (text_is(error, "invalid_grant"))
        return fault(c, "oidc_code", detail);
    return fault(c, "oidc_exchange", detail);
}

rc_t oidc_exchange(struct ctx *c, const struct sign_in_provider *p, const char *code,
                   const char *verifier, struct oidc_answer *out)
{
    struct http_answer answer;
    const json_t *said;

    TRY(exchange(c, p, code, verifier, &answer));
    said = object_of(c, answer.body);
    if (answer.status != 200)
        return exchange_fault(c, &answer, error_of(c, said));
    out->id_token = json_str(said, "id_token");
    out->access_token = json_str(said, "access_token");
    if (out->id_token == NULL)
        return fault(c, "oidc_exchange", "the token endpoint's answer holds no id_token");
    return OK;
}

rc_t oidc_userinfo(struct ctx *c, const struct sign_in_provider *p, const char *access_token,
                   const char *subject, json_t **out)
{
    struct http_ask ask = {.method = "GET", .url = p->userinfo_at, .max_answer = ANSWER_MAX};
    struct http_answer answer;

    http_header_add(&ask, "Authorization", text_printf(c->mem, "Bearer %s", access_token));
    TRY(call(c, &ask, &answer));
    *out = object_of(c, answer.body);
    if (answer.status != 200 || *out == NULL)
        return fault(
            c, "oidc_email_missing",
            text_printf(c->mem, "userinfo_endpoint answered with status %d", answer.status));
    if (!text_is(json_str(*out, "sub"), subject))
        return fault(c, "oidc_email_missing", "userinfo_endpoint speaks of somebody else");
    return OK;
}

rc_t oidc_client_check(struct ctx *c, const struct sign_in_provider *p)
{
    struct http_answer answer;
    const char *error;

    TRY(exchange(c, p, crypto_token(c->mem), crypto_token(c->mem), &answer));
    error = error_of(c, object_of(c, answer.body));
    if (answer.status == 200 || (answer.status == 400 && !text_is(error, "invalid_client") &&
                                 !text_is(error, "unauthorized_client")))
        return OK;
    return exchange_fault(c, &answer, error);
}
