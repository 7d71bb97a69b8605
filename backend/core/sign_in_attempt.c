/* See sign_in_attempt.h. */
#include "core/sign_in_attempt.h"

#include <string.h>

#include "base/form.h"
#include "base/id.h"
#include "core/job.h"
#include "core/tenant_key.h"
#include "io/db.h"

static struct bytes hash_of(struct ctx *c, const char *text)
{
    char *hash = arena_take(c->mem, 32);

    crypto_sha256(bytes_of(text), (unsigned char *)hash);
    return (struct bytes){hash, 32};
}

static struct seal_place place_of(struct ctx *c, const char *column, const char *id)
{
    return (struct seal_place){c->tenant_id, "sign_in_attempt", column, id};
}

/* The authorization request (OpenID Connect Core 3.1.2.1, RFC 7636). */
static const char *address_of(struct ctx *c, const struct sign_in *s, const char *email,
                              const char *state, const char *nonce, const char *verifier)
{
    struct buf query = buf_new(c->mem, KIB(8));
    char mark = strchr(s->authorize_at, '?') == NULL ? '?' : '&';

    form_add(&query, "response_type", "code");
    form_add(&query, "client_id", s->client_id);
    form_add(&query, "redirect_uri", s->redirect);
    form_add(&query, "scope", "openid email profile");
    form_add(&query, "state", state);
    form_add(&query, "nonce", nonce);
    form_add(&query, "code_challenge", text_base64url(c->mem, hash_of(c, verifier)));
    form_add(&query, "code_challenge_method", "S256");
    form_add(&query, "login_hint", email);
    return text_printf(c->mem, "%s%c%s", s->authorize_at, mark, buf_str(&query));
}

static const struct stmt q_sweep = {
    "sign_in_sweep",
    "DELETE FROM sign_in_attempt WHERE tenant_id = tenant_now() AND expires_at < now()"};
static const struct stmt q_begin = {
    "sign_in_begin",
    "INSERT INTO sign_in_attempt (tenant_id, id, state_hash, browser_hash, nonce_hash, "
    "verifier_sealed, issuer, client_id, expires_at)"
    " VALUES (tenant_now(), $1, $2, $3, $4, $5, $6, $7, now() + make_interval(mins => $8::int))"};

rc_t sign_in_attempt_begin(struct ctx *c, const struct sign_in *settings, const char *email,
                           struct sign_in_start *out)
{
    const char *id = id_new(c->mem), *state = crypto_token(c->mem), *nonce = crypto_token(c->mem),
               *verifier = crypto_token(c->mem);
    char *sealed;

    out->browser = crypto_token(c->mem);
    out->address = address_of(c, settings, email, state, nonce, verifier);
    TRY(secret_seal(c, place_of(c, "verifier_sealed", id), bytes_of(verifier), &sealed));
    TRY(db_exec(c, &q_sweep, NO_ARGS, NULL));
    return db_exec(c, &q_begin,
                   ARGS(A(id), A(hash_of(c, state)), A(hash_of(c, out->browser)),
                        A(hash_of(c, nonce)), A(sealed), A(settings->issuer),
                        A(settings->client_id), A(SIGN_IN_MINUTES)),
                   NULL);
}

static const struct field fields[] = {
    FIELD(struct sign_in_attempt, id, 0, 0, NULL),
    FIELD(struct sign_in_attempt, issuer, 0, 0, NULL),
    FIELD(struct sign_in_attempt, client_id, 0, 0, NULL),
    FIELD(struct sign_in_attempt, step, 0, 0, NULL),
    FIELD(struct sign_in_attempt, fault, 0, 0, NULL),
    FIELD(struct sign_in_attempt, subject, 0, 0, NULL),
    FIELD(struct sign_in_attempt, email, 0, 0, NULL),
    FIELD(struct sign_in_attempt, name, 0, 0, NULL),
};
static const struct shape shape = SHAPE("SignInAttempt", struct sign_in_attempt, fields);

static const struct stmt q_get = {
    "sign_in_attempt_get", "SELECT id, issuer, client_id, step, fault, subject, email, name FROM "
                           "sign_in_attempt WHERE tenant_id = tenant_now() AND id = $1"};

rc_t sign_in_attempt_get(struct ctx *c, const char *id, struct sign_in_attempt *out)
{
    return db_one(c, &q_get, ARGS(A(id)), &shape, out);
}

static const struct stmt q_find = {"sign_in_find",
                                   "SELECT tenant_id, id FROM sign_in_find($1, $2)"};

rc_t sign_in_attempt_find(struct ctx *c, const char *state, const char *browser,
                          struct sign_in_attempt *out)
{
    struct db_rows rows;

    if (browser == NULL)
        return sign_in_fail(c, "oidc_over");
    TRY(db_rows(c, &q_find, ARGS(A(hash_of(c, state)), A(hash_of(c, browser))), &rows));
    if (rows.count == 0)
        return sign_in_fail(c, "oidc_over");
    TRY(db_tenant(c, db_text(&rows, 0, 0)));
    return sign_in_attempt_get(c, db_text(&rows, 0, 1), out);
}

static const struct stmt q_ask = {
    "sign_in_ask", "UPDATE sign_in_attempt SET step = 'asked', code_sealed = $2, reference = $3"
                   " WHERE tenant_id = tenant_now() AND id = $1 AND step = 'begun'"};

rc_t sign_in_attempt_ask(struct ctx *c, const char *id, const char *code, const char **job_id)
{
    int64_t affected;
    char *sealed;

    *job_id = id_new(c->mem);
    TRY(secret_seal(c, place_of(c, "code_sealed", id), bytes_of(code), &sealed));
    TRY(db_exec(c, &q_ask, ARGS(A(id), A(sealed), A(c->reference)), &affected));
    return affected == 1 ? job_add(c, *job_id, "sign_in", id, id) : sign_in_fail(c, "oidc_over");
}

static const struct stmt q_end = {
    "sign_in_end", "DELETE FROM sign_in_attempt WHERE tenant_id = tenant_now() AND id = $1"};

rc_t sign_in_attempt_end(struct ctx *c, const char *id)
{
    int64_t affected;

    TRY(db_exec(c, &q_end, ARGS(A(id)), &affected));
    return affected == 1 ? OK : sign_in_fail(c, "oidc_over");
}

static const struct stmt q_question = {
    "sign_in_question",
    "SELECT step, issuer, client_id, reference, verifier_sealed, code_sealed, nonce_hash"
    " FROM sign_in_attempt WHERE tenant_id = tenant_now() AND id = $1"};

static rc_t open_text(struct ctx *c, const char *column, const char *id, const char *sealed,
                      const char **out)
{
    struct bytes plain;

    *out = NULL;
    if (sealed == NULL)
        return OK;
    TRY(secret_open(c, place_of(c, column, id), sealed, &plain));
    *out = text_copy(c->mem, plain.data, plain.len);
    return OK;
}

rc_t sign_in_question_get(struct ctx *c, const char *id, struct sign_in_question *out)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_question, ARGS(A(id)), &rows));
    *out = (struct sign_in_question){.step = ""};
    if (rows.count == 0)
        return OK;
    *out = (struct sign_in_question){.step = db_text(&rows, 0, 0),
                                     .issuer = db_text(&rows, 0, 1),
                                     .client_id = db_text(&rows, 0, 2),
                                     .reference = db_text(&rows, 0, 3)};
    TRY(open_text(c, "verifier_sealed", id, db_text(&rows, 0, 4), &out->verifier));
    TRY(open_text(c, "code_sealed", id, db_text(&rows, 0, 5), &out->code));
    return db_raw(c, &rows, 0, 6, &out->nonce_hash);
}

static const struct stmt q_proven = {
    "sign_in_attempt_proven",
    "UPDATE sign_in_attempt SET step = 'proven', code_sealed = NULL, subject = $2, email = $3, "
    "name = $4 WHERE tenant_id = tenant_now() AND id = $1 AND step = 'asked'"};

rc_t sign_in_attempt_proven(struct ctx *c, const char *id, const struct id_token_person *who)
{
    return db_exec(c, &q_proven, ARGS(A(id), A(who->subject), A(who->email), A(who->name)), NULL);
}

static const struct stmt q_refused = {
    "sign_in_attempt_refused",
    "UPDATE sign_in_attempt SET step = 'refused', code_sealed = NULL, fault = $2"
    " WHERE tenant_id = tenant_now() AND id = $1 AND step = 'asked'"};

rc_t sign_in_attempt_refused(struct ctx *c, const char *id, const char *code)
{
    return db_exec(c, &q_refused, ARGS(A(id), A(code)), NULL);
}

static const struct stmt q_link = {
    "sign_in_link_find",
    "SELECT l.person_id, m.role FROM sign_in_link l JOIN membership m USING (tenant_id, person_id)"
    " WHERE l.tenant_id = tenant_now() AND l.issuer = $1 AND l.subject = $2"};

static void person_of(const struct db_rows *rows, const char **person_id, const char **role)
{
    *person_id = rows->count == 0 ? NULL : db_text(rows, 0, 0);
    *role = rows->count == 0 ? NULL : db_text(rows, 0, 1);
}

rc_t sign_in_link_find(struct ctx *c, const char *issuer, const char *subject,
                       const char **person_id, const char **role)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_link, ARGS(A(issuer), A(subject)), &rows));
    person_of(&rows, person_id, role);
    return OK;
}

/* Whoever only claims the address is not meant: anybody could. */
static const struct stmt q_member = {
    "sign_in_member",
    "SELECT m.person_id, m.role FROM membership m, LATERAL person_get(m.person_id) p"
    " WHERE m.tenant_id = tenant_now() AND p.verified AND lower(p.email) = lower($1)"};

rc_t sign_in_member_find(struct ctx *c, const char *email, const char **person_id,
                         const char **role)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_member, ARGS(A(email)), &rows));
    person_of(&rows, person_id, role);
    return OK;
}

static const struct stmt q_link_add = {
    "sign_in_link_add", "INSERT INTO sign_in_link (tenant_id, issuer, subject, person_id)"
                        " VALUES (tenant_now(), $1, $2, $3)"};

rc_t sign_in_link_add(struct ctx *c, const char *issuer, const char *subject, const char *person_id)
{
    return db_exec(c, &q_link_add, ARGS(A(issuer), A(subject), A(person_id)), NULL);
}
