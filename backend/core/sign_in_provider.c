/* See sign_in_provider.h. */
#include "core/sign_in_provider.h"

#include "base/shape.h"
#include "core/tenant_key.h"
#include "io/db.h"

#define DETAIL_MAX 500

static const struct field fields[] = {
    FIELD(struct sign_in_provider, id, 0, 0, NULL),
    FIELD(struct sign_in_provider, issuer, 0, 0, NULL),
    FIELD(struct sign_in_provider, client_id, 0, 0, NULL),
    FIELD(struct sign_in_provider, client_secret, 0, 0, NULL),
    FIELD(struct sign_in_provider, authorize_at, 0, 0, NULL),
    FIELD(struct sign_in_provider, exchange_at, 0, 0, NULL),
    FIELD(struct sign_in_provider, keys_from, 0, 0, NULL),
    FIELD(struct sign_in_provider, client_auth, 0, 0, NULL),
    FIELD(struct sign_in_provider, userinfo_at, 0, 0, NULL),
    FIELD(struct sign_in_provider, names_itself, 0, 0, NULL),
    FIELD(struct sign_in_provider, found_age_s, 0, 0, NULL),
    FIELD(struct sign_in_provider, keys, 0, 0, NULL),
    FIELD(struct sign_in_provider, keys_age_s, 0, 0, NULL),
    FIELD(struct sign_in_provider, test_id, 0, 0, NULL),
};
static const struct shape shape = SHAPE("SignInProvider", struct sign_in_provider, fields);

static const struct stmt q_get = {
    "sign_in_provider_get",
    "SELECT id, issuer, client_id, client_secret, authorize_at, exchange_at, keys_from, "
    "client_auth, userinfo_at, names_itself,"
    " coalesce(extract(epoch FROM clock_timestamp() - found_at)::bigint, -1) AS found_age_s, keys,"
    " coalesce(extract(epoch FROM clock_timestamp() - keys_at)::bigint, -1) AS keys_age_s, test_id"
    " FROM sign_in WHERE tenant_id = tenant_now()"};

rc_t sign_in_provider_get(struct ctx *c, struct sign_in_provider *out)
{
    struct bytes secret;

    TRY(db_one(c, &q_get, NO_ARGS, &shape, out));

    const struct seal_place place = {c->tenant_id, "sign_in", "client_secret", out->id};

    TRY(secret_open(c, place, out->client_secret, &secret));
    out->client_secret = text_copy(c->mem, secret.data, secret.len);
    return OK;
}

static const struct stmt q_found = {
    "sign_in_provider_found",
    "UPDATE sign_in SET authorize_at = $3, exchange_at = $4, keys_from = $5, client_auth = $6,"
    " names_itself = $7, userinfo_at = $8, found_at = clock_timestamp() WHERE tenant_id = "
    "tenant_now() AND issuer = "
    "$1 AND client_id = $2"};

rc_t sign_in_provider_found(struct ctx *c, const struct sign_in_provider *p)
{
    return db_exec(c, &q_found,
                   ARGS(A(p->issuer), A(p->client_id), A(p->authorize_at), A(p->exchange_at),
                        A(p->keys_from), A(p->client_auth), A(p->names_itself), A(p->userinfo_at)),
                   NULL);
}

static const struct stmt q_keys = {
    "sign_in_provider_keys",
    "UPDATE sign_in SET keys = $3, keys_at = clock_timestamp() WHERE tenant_id = tenant_now() AND "
    "issuer = $1 AND client_id = $2"};

rc_t sign_in_provider_keys(struct ctx *c, const struct sign_in_provider *p, const char *keys)
{
    return db_exec(c, &q_keys, ARGS(A(p->issuer), A(p->client_id), A(keys)), NULL);
}

static const struct stmt q_tested = {
    "sign_in_provider_tested",
    "UPDATE sign_in SET tested_at = clock_timestamp(), fault = $2, fault_detail = $3"
    " WHERE tenant_id = tenant_now() AND test_id = $1"};

rc_t sign_in_provider_tested(struct ctx *c, const char *test_id, const char *code,
                             const char *detail)
{
    return db_exec(c, &q_tested,
                   ARGS(A(test_id), A(code),
                        A(detail == NULL ? NULL : text_clean(c->mem, detail, DETAIL_MAX))),
                   NULL);
}
