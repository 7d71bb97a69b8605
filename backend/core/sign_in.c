/* See sign_in.h. Domains stand in sign_in_domain.c. */
#include "core/sign_in.h"

#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "core/id_token.h"
#include "core/job.h"
#include "core/person.h"
#include "core/tenant_key.h"
#include "io/db.h"

#define HINT_LEN 4
#define WELL_KNOWN "/.well-known/openid-configuration"

static const struct field fields[] = {
    FIELD(struct sign_in, issuer, READ_ONLY, 300, "Empty while nothing is set up"),
    FIELD(struct sign_in, client_id, READ_ONLY, 300, NULL),
    FIELD(struct sign_in, hint, READ_ONLY, HINT_LEN, "The last characters of the client secret"),
    FIELD(struct sign_in, role, READ_ONLY, 20, "Of people who come in for the first time"),
    FIELD(struct sign_in, joining, READ_ONLY, 0, "People who come in become members by themselves"),
    FIELD(struct sign_in, passwords, READ_ONLY, 0, "Passwords work as well"),
    FIELD(struct sign_in, ready, READ_ONLY, 0, "The provider was found, so people are sent there"),
    FIELD(struct sign_in, fault, READ_ONLY | NULLABLE, 60, "What the newest test found wrong"),
    FIELD(struct sign_in, fault_text, READ_ONLY | NULLABLE, 300, "The same as a sentence"),
    FIELD(struct sign_in, fault_detail, READ_ONLY | NULLABLE, 600, "And in detail"),
    FIELD(struct sign_in, tested, READ_ONLY, 0, "Seconds UTC of the newest test, or 0"),
    FIELD(struct sign_in, proven, READ_ONLY, 0, "When an admin last came in this way, or 0"),
    FIELD(struct sign_in, redirect, READ_ONLY, 400, "The address that the provider must allow"),
    FIELD(struct sign_in, own_domain, READ_ONLY, 253,
          "The domain of your own address when you can add it, else empty"),
};
const struct shape sign_in_shape = SHAPE("SignIn", struct sign_in, fields);

static const struct field change_fields[] = {
    FIELD(struct sign_in_change, issuer, REQUIRED, 300, "The provider's address"),
    FIELD(struct sign_in_change, client_id, REQUIRED, 300, NULL),
    FIELD(struct sign_in_change, client_secret, WRITE_ONLY, 500,
          "Left out: it stays as it is, for the same issuer and client"),
    FIELD_OF(struct sign_in_change, role, REQUIRED, "viewer member manager",
             "Of who comes in for the first time"),
    FIELD(struct sign_in_change, joining, REQUIRED, 0, NULL),
    FIELD(struct sign_in_change, passwords, REQUIRED, 0, NULL),
};
const struct shape sign_in_change_shape = SHAPE("SignInChange", struct sign_in_change,
                                                change_fields);

static const struct fault_row {
    const char *code;
    rc_t rc;
    const char *text;
} faults[] = {
#define FAULT(code, rc, text) {#code, rc, text},
#include "core/sign_in_faults.def"
#undef FAULT
};

static const struct fault_row *fault_find(const char *code)
{
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        if (text_is(faults[i].code, code))
            return &faults[i];
    return NULL;
}

const char *sign_in_sentence(const char *code)
{
    const struct fault_row *row = fault_find(code);

    return row == NULL ? NULL : row->text;
}

rc_t sign_in_fail(struct ctx *c, const char *code)
{
    const struct fault_row *row = fault_find(code);

    if (row == NULL)
        return ctx_fail(c, E_INTERNAL, "oidc_unknown", "no such fault: %s", code);
    return ctx_fail(c, row->rc, row->code, "%s", row->text);
}

const char *sign_in_redirect(struct ctx *c)
{
    const char *base = conf_text(CONF_public_url);

    if (base == NULL)
        base = text_printf(c->mem, "https://%s", conf_text(CONF_listen));
    return text_printf(c->mem, "%s/sign-in/callback", base);
}

static const struct field row_fields[] = {
    FIELD(struct sign_in, id, 0, 0, NULL),
    FIELD(struct sign_in, issuer, 0, 0, NULL),
    FIELD(struct sign_in, client_id, 0, 0, NULL),
    FIELD(struct sign_in, hint, 0, 0, NULL),
    FIELD(struct sign_in, role, 0, 0, NULL),
    FIELD(struct sign_in, joining, 0, 0, NULL),
    FIELD(struct sign_in, passwords, 0, 0, NULL),
    FIELD(struct sign_in, ready, 0, 0, NULL),
    FIELD(struct sign_in, fault, 0, 0, NULL),
    FIELD(struct sign_in, fault_detail, 0, 0, NULL),
    FIELD(struct sign_in, tested, 0, 0, NULL),
    FIELD(struct sign_in, proven, 0, 0, NULL),
    FIELD(struct sign_in, test_id, 0, 0, NULL),
    FIELD(struct sign_in, names_itself, 0, 0, NULL),
    FIELD(struct sign_in, authorize_at, 0, 0, NULL),
};
static const struct shape row_shape = SHAPE("SignInRow", struct sign_in, row_fields);

static const struct stmt q_get = {
    "sign_in_get",
    "SELECT id, issuer, client_id, hint, role, joining, passwords, authorize_at IS NOT NULL AS "
    "ready, fault, fault_detail, coalesce(extract(epoch FROM tested_at)::bigint, 0) AS tested,"
    " coalesce(extract(epoch FROM proven_at)::bigint, 0) AS proven, test_id, names_itself,"
    " authorize_at FROM sign_in WHERE tenant_id = tenant_now()"};

/* The domain of the one who asks, if it can be theirs. */
static rc_t own_domain(struct ctx *c, const char **out)
{
    struct person_record person;
    const char *domain;

    *out = "";
    if (c->person_id == NULL)
        return OK;
    TRY(person_find(c, c->person_id, &person));
    domain = email_domain(person.email);
    if (person.verified && strchr(domain, '.') != NULL && !domain_public(domain))
        *out = domain;
    return OK;
}

rc_t sign_in_get(struct ctx *c, struct sign_in *out)
{
    rc_t rc = db_one(c, &q_get, NO_ARGS, &row_shape, out);

    if (rc == E_NOT_FOUND) {
        ctx_forgive(c);
        *out = (struct sign_in){.issuer = "",
                                .client_id = "",
                                .hint = "",
                                .role = "member",
                                .joining = true,
                                .passwords = true};
    } else if (rc != OK) {
        return rc;
    }
    out->fault_text = out->fault == NULL ? NULL : sign_in_sentence(out->fault);
    out->redirect = sign_in_redirect(c);
    return own_domain(c, &out->own_domain);
}

/*
 * What was copied from a browser's address line is put right; what can't be an issuer is refused.
 */
static rc_t issuer_check(struct ctx *c, struct sign_in_change *in)
{
    char *issuer = text_trim(c->mem, in->issuer), *tail = strstr(issuer, WELL_KNOWN);
    bool plain = conf_switch(CONF_private_addresses);

    if (tail != NULL)
        *tail = '\0';
    in->issuer = issuer;
    if ((!text_starts(issuer, "https://") && !(plain && text_starts(issuer, "http://"))) ||
        strlen(issuer) < 12 || strpbrk(issuer, "?#@\\ \t\r\n\"<>") != NULL)
        return ctx_bad(c, "issuer", "issuer_malformed",
                       "The issuer is an address that begins with https://, without ? and #.");
    return OK;
}

static rc_t change_check(struct ctx *c, struct sign_in_change *in)
{
    static const char *const roles[] = {"viewer", "member", "manager"};
    bool known = false;

    TRY(issuer_check(c, in));
    in->client_id = text_trim(c->mem, in->client_id);
    for (size_t i = 0; i < COUNT_OF(roles); i++)
        known = known || text_is(in->role, roles[i]);
    if (!known)
        return ctx_bad(c, "role", "not_a_choice",
                       "role is viewer, member or manager. Admins are made by admins.");
    if (in->client_secret != NULL && text_blank(in->client_secret))
        in->client_secret = NULL;
    return OK;
}

static const struct stmt q_make = {
    "sign_in_make",
    "INSERT INTO sign_in (tenant_id, id, issuer, client_id, client_secret, hint, role, joining)"
    " VALUES (tenant_now(), $1, $2, $3, $4, $5, $6, $7)"};
static const struct stmt q_change = {
    "sign_in_change", "UPDATE sign_in SET issuer = $1, client_id = $2, role = $3, joining = $4,"
                      " passwords = $5 WHERE tenant_id = tenant_now()"};
static const struct stmt q_secret = {
    "sign_in_secret",
    "UPDATE sign_in SET client_secret = $1, hint = $2 WHERE tenant_id = tenant_now()"};
static const struct stmt q_forget = {
    "sign_in_forget",
    "UPDATE sign_in SET authorize_at = NULL, exchange_at = NULL, keys_from = NULL, userinfo_at "
    "= NULL, client_auth = NULL, names_itself = false, found_at = NULL, keys = NULL, keys_at = "
    "NULL, test_id = NULL,"
    " tested_at = NULL, fault = NULL, fault_detail = NULL, proven_at = NULL, passwords = true"
    " WHERE tenant_id = tenant_now()"};

static rc_t secret_of(struct ctx *c, const char *id, const char *secret, char **sealed,
                      const char **hint)
{
    const struct seal_place place = {c->tenant_id, "sign_in", "client_secret", id};
    size_t len = strlen(secret);

    /* Of a short one the end would be half of it. */
    *hint = len < 3 * (size_t)HINT_LEN || !text_utf8(bytes_of(secret + len - HINT_LEN))
                ? ""
                : secret + len - HINT_LEN;
    return secret_seal(c, place, bytes_of(secret), sealed);
}

static rc_t make(struct ctx *c, const struct sign_in_change *in)
{
    const char *id = id_new(c->mem), *hint;
    char *sealed;

    if (!in->passwords)
        return ctx_bad(c, "passwords", "oidc_not_proven",
                       "Passwords can end once an admin has logged in by the provider.");
    TRY(secret_of(c, id, in->client_secret, &sealed, &hint));
    return db_exec(c, &q_make,
                   ARGS(A(id), A(in->issuer), A(in->client_id), A(sealed), A(hint), A(in->role),
                        A(in->joining)),
                   NULL);
}

rc_t sign_in_save(struct ctx *c, struct sign_in_change *in)
{
    struct sign_in now;
    const char *hint;
    char *sealed;
    bool anew;

    TRY(change_check(c, in));
    TRY(sign_in_get(c, &now));
    anew = !text_is(now.issuer, in->issuer) || !text_is(now.client_id, in->client_id);
    if (anew && in->client_secret == NULL)
        return ctx_bad(c, "client_secret", "missing",
                       "The client secret belongs to the client. Type the one of this client.");
    if (now.id == NULL)
        return make(c, in);
    if (!in->passwords && (anew || now.proven == 0))
        return ctx_bad(c, "passwords", "oidc_not_proven",
                       "Passwords can end once an admin has logged in by the provider.");
    if (anew)
        TRY(db_exec(c, &q_forget, NO_ARGS, NULL));
    if (in->client_secret != NULL) {
        TRY(secret_of(c, now.id, in->client_secret, &sealed, &hint));
        TRY(db_exec(c, &q_secret, ARGS(A(sealed), A(hint)), NULL));
    }
    return db_exec(
        c, &q_change,
        ARGS(A(in->issuer), A(in->client_id), A(in->role), A(in->joining), A(in->passwords)), NULL);
}

static rc_t not_set_up(struct ctx *c)
{
    return ctx_fail(c, E_NOT_FOUND, "not_found", "No provider is set up.");
}

static const struct stmt q_drop = {"sign_in_drop",
                                   "DELETE FROM sign_in WHERE tenant_id = tenant_now()"};

rc_t sign_in_drop(struct ctx *c)
{
    int64_t affected;

    TRY(db_exec(c, &q_drop, NO_ARGS, &affected));
    return affected == 1 ? OK : not_set_up(c);
}

static const struct stmt q_test = {
    "sign_in_test", "UPDATE sign_in SET test_id = $1, tested_at = NULL, fault = NULL, fault_detail "
                    "= NULL WHERE tenant_id = tenant_now()"};

rc_t sign_in_test(struct ctx *c, struct sign_in_test *out)
{
    int64_t affected;

    *out = (struct sign_in_test){id_new(c->mem), id_new(c->mem)};
    TRY(db_exec(c, &q_test, ARGS(A(out->test_id)), &affected));
    if (affected == 0)
        return not_set_up(c);
    return job_add(c, out->job_id, "sign_in_test", out->test_id, out->test_id);
}

static const struct stmt q_proven = {
    "sign_in_proven", "UPDATE sign_in SET proven_at = now() WHERE tenant_id = tenant_now() AND "
                      "issuer = $1 AND client_id = $2"};

rc_t sign_in_proven(struct ctx *c, const char *issuer, const char *client_id)
{
    return db_exec(c, &q_proven, ARGS(A(issuer), A(client_id)), NULL);
}

rc_t sign_in_lead(struct ctx *c, const char *email, struct sign_in *out, bool *found)
{
    static const struct stmt q_tenant = {"sign_in_tenant",
                                         "SELECT tenant_id FROM sign_in_tenant(lower($1))"};
    struct db_rows rows;

    *found = false;
    TRY(db_rows(c, &q_tenant, ARGS(A(email_domain(email))), &rows));
    if (rows.count == 0)
        return OK;
    TRY(db_tenant(c, db_text(&rows, 0, 0)));
    TRY(sign_in_get(c, out));
    *found = out->ready;
    return *found ? OK : db_tenant(c, NULL);
}

rc_t sign_in_password_allowed(struct ctx *c, const char *email)
{
    struct sign_in now;
    bool ours = false;

    TRY(sign_in_get(c, &now));
    if (!now.passwords)
        TRY(sign_in_domain_ours(c, text_trim(c->mem, email), &ours));
    return ours ? ctx_fail(c, E_FORBIDDEN, "oidc_wanted",
                           "Your company logs in with its own provider. Choose \"Sign in with your "
                           "company\".")
                : OK;
}
