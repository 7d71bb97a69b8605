/* See id_token.h. */
#include "core/id_token.h"

#include <ctype.h>
#include <string.h>

#include "base/shape.h"
#include "io/crypto.h"

#define SKEW_S 120      /* how far the two clocks may be apart */
#define OLDEST_S 900    /* a token older than an attempt may last was made for something else */
#define SUBJECT_MAX 255 /* OpenID Connect Core 2 */
#define EMAIL_MAX 320
#define NAME_MAX_BYTES 200
#define GOOGLE "https://accounts.google.com"
#define MICROSOFT "https://login.microsoftonline.com/"

const char *email_domain(const char *email)
{
    const char *at = strrchr(email, '@');

    return at == NULL ? "" : at + 1;
}

static rc_t refuse(struct ctx *c, const char *code, const char *why)
{
    return ctx_fail(c, E_FORBIDDEN, code, "the ID token is refused: %s", why);
}

/* `aud` is one name or a list of them; with several the one it was made for stands in `azp`. */
static rc_t audience_check(struct ctx *c, const json_t *claims, const char *client_id)
{
    const json_t *aud = json_object_get(claims, "aud"), *azp = json_object_get(claims, "azp");
    bool ours = text_is(json_string_value(aud), client_id);

    for (size_t i = 0; i < json_array_size(aud); i++)
        ours = ours || text_is(json_string_value(json_array_get(aud, i)), client_id);
    if (!ours)
        return refuse(c, "oidc_token_audience", "it was made for somebody else (aud)");
    if ((azp != NULL || json_array_size(aud) > 1) && !text_is(json_string_value(azp), client_id))
        return refuse(c, "oidc_token_party", "it was made for somebody else (azp)");
    return OK;
}

/* False when it is no time. */
static bool time_of(const json_t *claims, const char *name, int64_t *out)
{
    const json_t *v = json_object_get(claims, name);
    double s = json_number_value(v);

    if (!json_is_number(v) || !(s > 0 && s < 1e12))
        return false;
    *out = (int64_t)s;
    return true;
}

static rc_t times_check(struct ctx *c, const json_t *claims, int64_t now_s)
{
    int64_t expires, made, from;

    if (!time_of(claims, "exp", &expires) || expires + SKEW_S <= now_s)
        return refuse(c, "oidc_token_expired", "its time is over (exp)");
    if (!time_of(claims, "iat", &made) || made > now_s + SKEW_S || made < now_s - OLDEST_S)
        return refuse(c, "oidc_token_time", "it was not made just now (iat)");
    if (json_object_get(claims, "nbf") != NULL &&
        (!time_of(claims, "nbf", &from) || from > now_s + SKEW_S))
        return refuse(c, "oidc_token_time", "its time has not come (nbf)");
    return OK;
}

static rc_t nonce_check(struct ctx *c, const json_t *claims, struct bytes want)
{
    const char *nonce = json_str(claims, "nonce");
    unsigned char hash[32];

    if (nonce != NULL) {
        crypto_sha256(bytes_of(nonce), hash);
        if (text_same_secret((struct bytes){(const char *)hash, sizeof(hash)}, want))
            return OK;
    }
    return refuse(c, "oidc_token_nonce", "it answers another attempt (nonce)");
}

static rc_t hash_check(struct ctx *c, const struct jwt *token, const char *access_token)
{
    const json_t *at_hash = json_object_get(token->claims, "at_hash");

    if (at_hash == NULL ||
        (access_token != NULL &&
         text_is(json_string_value(at_hash), jwt_half_hash(c->mem, token->alg, access_token))))
        return OK;
    return refuse(c, "oidc_token_hash", "it came with another access token (at_hash)");
}

static bool yes(const json_t *v)
{
    return json_is_true(v) || text_is(json_string_value(v), "true") ||
           text_is(json_string_value(v), "1") || (json_is_integer(v) && json_integer_value(v) == 1);
}

/*
 * Microsoft does not say email_verified; it says xms_edov instead, which is about the domain: only
 * its owner can have given the address out.
 */
static bool verified(const json_t *claims, const char *issuer)
{
    return yes(json_object_get(claims, "email_verified")) ||
           (text_starts(issuer, MICROSOFT) && yes(json_object_get(claims, "xms_edov")));
}

/* One @ with something on both sides, nothing that could be read in two ways. */
static bool plausible(const char *email)
{
    const char *at = strchr(email, '@');

    for (const char *p = email; *p != '\0'; p++)
        if ((unsigned char)*p <= ' ' || strchr("<>,;\"()\\\x7f", *p) != NULL)
            return false;
    return at != NULL && at != email && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
           strlen(email) <= EMAIL_MAX;
}

static rc_t email_read(struct ctx *c, const json_t *claims, const char *issuer, const char **out)
{
    const char *given = json_str(claims, "email");
    char *email;

    if (given == NULL || !plausible(given))
        return refuse(c, "oidc_email_missing", "it names no e-mail address");
    if (!verified(claims, issuer))
        return refuse(c, "oidc_email_unverified", "its e-mail address is not verified");
    email = text_dup(c->mem, given);
    for (char *p = email; *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    /*
     * Google lets anybody have an account under an address of a company, and keep it after leaving;
     * `hd` says that the company itself runs it.
     */
    if (text_is(issuer, GOOGLE) && !text_is(json_str(claims, "hd"), email_domain(email)))
        return refuse(c, "oidc_email_domain", "the account is not the company's (hd)");
    *out = email;
    return OK;
}

static const char *name_of(struct ctx *c, const json_t *claims, const char *email)
{
    const char *name = json_str(claims, "name");

    if (name == NULL || text_blank(name))
        name = text_copy(c->mem, email, strcspn(email, "@"));
    return text_trim(c->mem, text_clean(c->mem, name, NAME_MAX_BYTES));
}

rc_t id_token_check(struct ctx *c, const struct jwt *token, const struct id_token_wish *wish)
{
    const json_t *claims = token->claims;
    const char *subject = json_str(claims, "sub");

    if (!text_is(json_str(claims, "iss"), wish->issuer))
        return refuse(c, "oidc_token_issuer", "somebody else made it (iss)");
    TRY(audience_check(c, claims, wish->client_id));
    TRY(times_check(c, claims, wish->now_s));
    TRY(nonce_check(c, claims, wish->nonce_hash));
    TRY(hash_check(c, token, wish->access_token));
    if (subject == NULL || subject[0] == '\0' || strlen(subject) > SUBJECT_MAX)
        return refuse(c, "oidc_token_subject", "it names nobody (sub)");
    return OK;
}

rc_t id_token_person(struct ctx *c, const json_t *claims, const char *issuer,
                     struct id_token_person *out)
{
    TRY(email_read(c, claims, issuer, &out->email));
    out->subject = json_str(claims, "sub");
    out->name = name_of(c, claims, out->email);
    return OK;
}
