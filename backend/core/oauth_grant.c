/*
 * See oauth_grant.h. A grant's row is locked before anything of it is used, so that two uses of one
 * token meet.
 */
#include "core/oauth_grant.h"

#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "base/log.h"
#include "core/audit.h"
#include "io/crypto.h"
#include "io/db.h"

#define CODE_PREFIX "ksc"
#define REFRESH_PREFIX "ksr"
#define CODE_SECONDS 60
#define VERIFIER_MIN 43
#define VERIFIER_MAX 128

static const struct stmt q_grant_add = {
    "oauth_grant_add", "INSERT INTO oauth_grant (tenant_id, id, app_id, person_id, scopes)"
                       " VALUES (tenant_now(), $1, $2, $3, $4)"};
static const struct stmt q_code_add = {
    "oauth_code_add",
    "INSERT INTO oauth_code (tenant_id, code_hash, grant_id, challenge, redirect, expires_at)"
    " VALUES (tenant_now(), $1, $2, $3, $4, now() + make_interval(secs => $5::int))"};
/* Of what the person has allowed this app before, whatever has no token left that works. */
static const struct stmt q_sweep = {
    "oauth_grant_sweep",
    "DELETE FROM oauth_grant g WHERE tenant_id = tenant_now() AND person_id = $1 AND app_id = $2"
    " AND created_at < now() - interval '1 hour' AND NOT EXISTS (SELECT 1 FROM oauth_token t"
    "  WHERE t.tenant_id = g.tenant_id AND t.grant_id = g.id AND t.expires_at > now())"};

rc_t oauth_allow(struct ctx *c, const struct oauth_allow *in, const char **code)
{
    const char *grant_id = id_new(c->mem);

    *code = token_new(c->mem, CODE_PREFIX);
    TRY(db_exec(c, &q_sweep, ARGS(A(c->person_id), A(in->app_id)), NULL));
    TRY(db_exec(
        c, &q_grant_add,
        ARGS(A(grant_id), A(in->app_id), A(c->person_id), A(permits_text(c->mem, in->scopes))),
        NULL));
    return db_exec(c, &q_code_add,
                   ARGS(A(token_hash(c->mem, *code)), A(grant_id), A(in->challenge),
                        A(in->redirect == NULL ? "" : in->redirect), A(CODE_SECONDS)),
                   NULL);
}

static rc_t refuse(struct oauth_issue *out, const char *why)
{
    *out = (struct oauth_issue){.why = why};
    return OK;
}

static const struct stmt q_lock = {
    "oauth_grant_lock", "UPDATE oauth_grant SET used_at = now() WHERE tenant_id = tenant_now()"
                        " AND id = $1 AND app_id = $2 RETURNING scopes"};
static const struct stmt q_end = {
    "oauth_grant_end", "DELETE FROM oauth_grant WHERE tenant_id = tenant_now() AND id = $1"};

/* Something of the grant was used a second time: somebody has stolen it, and nobody knows who. */
static rc_t betrayed(struct ctx *c, const struct oauth_client *client, const char *grant_id,
                     const char *action, struct oauth_issue *out)
{
    TRY(db_exec(c, &q_end, ARGS(A(grant_id)), NULL));
    TRY(audit_add(c, c->actor, action, client->id,
                  text_printf(c->mem, "{\"grant\":\"%s\"}", grant_id)));
    return refuse(out, "This was used before; everything that came of it has ended.");
}

static const struct stmt q_token_add = {
    "oauth_token_add",
    "INSERT INTO oauth_token (tenant_id, token_hash, grant_id, kind, scopes, expires_at)"
    " VALUES (tenant_now(), $1, $2, $3, $4, now() + make_interval(secs => $5))"};
static const struct stmt q_token_sweep = {
    "oauth_token_sweep", "DELETE FROM oauth_token WHERE tenant_id = tenant_now() AND grant_id = $1"
                         " AND expires_at < now()"};

static rc_t token_add(struct ctx *c, const char *grant_id, const char *kind, const char *token,
                      const char *scopes, int64_t seconds)
{
    return db_exec(c, &q_token_add,
                   ARGS(A(token_hash(c->mem, token)), A(grant_id), A(kind), A(scopes), A(seconds)),
                   NULL);
}

/* `kept`: what the refresh token can give later, NULL when there is to be none. */
static rc_t issue(struct ctx *c, const char *grant_id, const char *scopes, const char *kept,
                  struct oauth_issue *out)
{
    *out = (struct oauth_issue){.access = token_new(c->mem, OAUTH_ACCESS_PREFIX),
                                .scopes = scopes,
                                .lasts = conf_number(CONF_oauth_access_minutes) * 60};
    TRY(db_exec(c, &q_token_sweep, ARGS(A(grant_id)), NULL));
    TRY(token_add(c, grant_id, "access", out->access, scopes, out->lasts));
    if (kept == NULL)
        return OK;
    out->refresh = token_new(c->mem, REFRESH_PREFIX);
    return token_add(c, grant_id, "refresh", out->refresh, kept,
                     conf_number(CONF_oauth_refresh_days) * 86400);
}

static const struct stmt q_code_find = {"oauth_code_find",
                                        "SELECT grant_id FROM oauth_code WHERE tenant_id = "
                                        "tenant_now() AND code_hash = $1"};
static const struct stmt q_code_use = {
    "oauth_code_use", "UPDATE oauth_code SET used_at = now() WHERE tenant_id = tenant_now()"
                      " AND code_hash = $1 AND used_at IS NULL"
                      " RETURNING challenge, redirect, (expires_at > now())::int"};

/* S256: the challenge is the hash of what the client shows now (RFC 7636). */
static bool verifier_fits(struct ctx *c, const char *verifier, const char *challenge)
{
    size_t len = verifier == NULL ? 0 : strlen(verifier);
    struct bytes hash;

    if (len < VERIFIER_MIN || len > VERIFIER_MAX)
        return false;
    hash = token_hash(c->mem, verifier);
    return text_same_secret(bytes_of(text_base64url(c->mem, hash)), bytes_of(challenge));
}

rc_t oauth_take_code(struct ctx *c, const struct oauth_client *client,
                     const struct oauth_code_use *in, struct oauth_issue *out)
{
    struct bytes hash;
    struct db_rows found, grant, code;

    if (in->code == NULL || !token_whole(in->code, CODE_PREFIX))
        return refuse(out, "This is no code of ours.");
    hash = token_hash(c->mem, in->code);
    TRY(db_rows(c, &q_code_find, ARGS(A(hash)), &found));
    if (found.count == 0)
        return refuse(out, "This code does not count.");

    const char *grant_id = db_text(&found, 0, 0);

    TRY(db_rows(c, &q_lock, ARGS(A(grant_id), A(client->id)), &grant));
    if (grant.count == 0)
        return refuse(out, "This code does not count.");
    TRY(db_rows(c, &q_code_use, ARGS(A(hash)), &code));
    if (code.count == 0)
        return betrayed(c, client, grant_id, "app.code_reused", out);

    const char *asked = db_text(&code, 0, 1);

    if (db_int(&code, 0, 2) == 0)
        return refuse(out, "This code is over; it lasts a minute.");
    if (!text_is(asked, in->redirect == NULL ? "" : in->redirect))
        return refuse(out, "redirect_uri is not the one that the code was asked for with.");
    if (!verifier_fits(c, in->verifier, db_text(&code, 0, 0)))
        return refuse(out, "code_verifier does not fit the code_challenge.");
    return issue(c, grant_id, db_text(&grant, 0, 0), db_text(&grant, 0, 0), out);
}

static const struct stmt q_token_find = {
    "oauth_token_find", "SELECT grant_id, kind FROM oauth_token WHERE tenant_id = tenant_now()"
                        " AND token_hash = $1"};
static const struct stmt q_token_use = {
    "oauth_token_use", "UPDATE oauth_token SET used_at = now() WHERE tenant_id = tenant_now()"
                       " AND token_hash = $1 AND used_at IS NULL"
                       " RETURNING scopes, (expires_at > now())::int"};

rc_t oauth_refresh(struct ctx *c, const struct oauth_client *client, const char *token,
                   const permits *scopes, struct oauth_issue *out)
{
    struct bytes hash;
    struct db_rows found, grant, old;
    permits kept;

    if (token == NULL || !token_whole(token, REFRESH_PREFIX))
        return refuse(out, "This is no refresh token of ours.");
    hash = token_hash(c->mem, token);
    TRY(db_rows(c, &q_token_find, ARGS(A(hash)), &found));
    if (found.count == 0)
        return refuse(out, "This refresh token does not count.");

    const char *grant_id = db_text(&found, 0, 0);

    TRY(db_rows(c, &q_lock, ARGS(A(grant_id), A(client->id)), &grant));
    if (grant.count == 0)
        return refuse(out, "This refresh token does not count.");
    TRY(db_rows(c, &q_token_use, ARGS(A(hash)), &old));
    if (old.count == 0)
        return betrayed(c, client, grant_id, "app.refresh_reused", out);
    if (db_int(&old, 0, 1) == 0)
        return refuse(out, "This refresh token is over.");
    if (!permits_of_text(db_text(&old, 0, 0), &kept) || (scopes != NULL && (*scopes & ~kept) != 0))
        return ctx_fail(c, E_INVALID, "invalid_scope", "That is more than was allowed.");
    return issue(c, grant_id, permits_text(c->mem, scopes == NULL ? kept : *scopes),
                 db_text(&old, 0, 0), out);
}

static const struct stmt q_own = {
    "oauth_grant_own",
    "INSERT INTO oauth_grant (tenant_id, id, app_id, scopes) VALUES (tenant_now(), $1, $2, $3)"
    " ON CONFLICT (tenant_id, app_id) WHERE person_id IS NULL DO UPDATE SET used_at = now()"
    " RETURNING id"};

rc_t oauth_own(struct ctx *c, const struct oauth_client *client, permits scopes,
               struct oauth_issue *out)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_own,
                ARGS(A(id_new(c->mem)), A(client->id), A(permits_text(c->mem, client->scopes))),
                &rows));
    return issue(c, db_text(&rows, 0, 0), permits_text(c->mem, scopes), NULL, out);
}

static const struct stmt q_look = {
    "oauth_look",
    "SELECT t.kind, g.app_id, coalesce(g.person_id, g.app_id), t.scopes, a.scopes, m.role,"
    " extract(epoch FROM t.expires_at)::bigint, extract(epoch FROM t.created_at)::bigint"
    " FROM oauth_token t"
    " JOIN oauth_grant g ON g.tenant_id = t.tenant_id AND g.id = t.grant_id"
    " JOIN oauth_app a ON a.tenant_id = g.tenant_id AND a.id = g.app_id AND a.removed_at IS NULL"
    " LEFT JOIN membership m ON m.tenant_id = g.tenant_id AND m.person_id = g.person_id"
    " WHERE t.tenant_id = tenant_now() AND t.token_hash = $1 AND t.expires_at > now()"
    " AND (t.kind = 'access' OR t.used_at IS NULL)"};

/* What is left of a token's scopes: no more than the app has now, nor the person's role. */
static permits left_of(const char *token, const char *app, const char *role)
{
    permits own, most;

    if (!permits_of_text(token, &own) || !permits_of_text(app, &most))
        return 0;
    own &= most & permits_for_keys();
    return role == NULL ? own : own & permits_of_role(role);
}

rc_t oauth_look(struct ctx *c, const char *token, struct oauth_view *out)
{
    struct db_rows rows;

    *out = (struct oauth_view){.active = false};
    if (!token_whole(token, OAUTH_ACCESS_PREFIX) && !token_whole(token, REFRESH_PREFIX))
        return OK;
    TRY(db_rows(c, &q_look, ARGS(A(token_hash(c->mem, token))), &rows));
    if (rows.count == 0)
        return OK;
    *out = (struct oauth_view){
        .active = true,
        .refresh = text_is(db_text(&rows, 0, 0), "refresh"),
        .client_id = db_text(&rows, 0, 1),
        .subject = db_text(&rows, 0, 2),
        .scopes = permits_text(
            c->mem, left_of(db_text(&rows, 0, 3), db_text(&rows, 0, 4), db_text(&rows, 0, 5))),
        .expires = db_int(&rows, 0, 6),
        .issued = db_int(&rows, 0, 7)};
    return OK;
}

static const struct stmt q_mine = {
    "oauth_token_mine",
    "SELECT t.grant_id, t.kind FROM oauth_token t JOIN oauth_grant g"
    " ON g.tenant_id = t.tenant_id AND g.id = t.grant_id"
    " WHERE t.tenant_id = tenant_now() AND t.token_hash = $1 AND g.app_id = $2"};
static const struct stmt q_token_end = {
    "oauth_token_end",
    "DELETE FROM oauth_token WHERE tenant_id = tenant_now() AND token_hash = $1"};

rc_t oauth_revoke(struct ctx *c, const struct oauth_client *client, const char *token, bool *found)
{
    struct bytes hash = token_hash(c->mem, token);
    struct db_rows rows;

    TRY(db_rows(c, &q_mine, ARGS(A(hash), A(client->id)), &rows));
    *found = rows.count > 0;
    if (!*found)
        return OK;
    if (text_is(db_text(&rows, 0, 1), "refresh"))
        return db_exec(c, &q_end, ARGS(A(db_text(&rows, 0, 0))), NULL);
    return db_exec(c, &q_token_end, ARGS(A(hash)), NULL);
}

static const struct stmt q_access = {
    "oauth_access_find", "SELECT tenant_id, grant_id, app_id, app_name, person_id, role, scopes,"
                         " app_scopes, expired::int, stale::int,"
                         " barred::int FROM oauth_access_find($1)"};
static const struct stmt q_used = {"oauth_grant_used",
                                   "UPDATE oauth_grant SET used_at = now() WHERE tenant_id = "
                                   "tenant_now() AND id = $1"};

static rc_t not_in(struct ctx *c, const char *why)
{
    return ctx_fail(c, E_UNAUTH, "invalid_token", "%s", why);
}

rc_t oauth_enter(struct ctx *c, const char *token, struct oauth_use *out)
{
    struct db_rows rows;

    if (!token_whole(token, OAUTH_ACCESS_PREFIX))
        return not_in(c, "This is no whole access token: a part of it is missing or mistyped.");
    TRY(db_rows(c, &q_access, ARGS(A(token_hash(c->mem, token))), &rows));
    if (rows.count == 0)
        return not_in(c, "This access token was ended, or never was one.");
    log_secret_add(bytes_of(token));
    if (db_int(&rows, 0, 8) != 0)
        return not_in(c, "This access token has expired.");
    if (db_int(&rows, 0, 10) != 0)
        return not_in(c, "Its person has to set up a second factor first.");

    const char *app_id = db_text(&rows, 0, 2), *person_id = db_text(&rows, 0, 4);

    *out = (struct oauth_use){.app_name = db_text(&rows, 0, 3), .role = db_text(&rows, 0, 5)};
    out->may = left_of(db_text(&rows, 0, 6), db_text(&rows, 0, 7), out->role);
    c->person_id = person_id == NULL ? app_id : person_id;
    c->app_id = person_id == NULL ? NULL : app_id;
    c->actor = text_printf(c->mem, "%s:%s", person_id == NULL ? "app" : "person", c->person_id);
    TRY(db_tenant(c, db_text(&rows, 0, 0)));
    return db_int(&rows, 0, 9) == 0 ? OK : db_exec(c, &q_used, ARGS(A(db_text(&rows, 0, 1))), NULL);
}

static const struct field fields[] = {
    FIELD(struct oauth_grant, id, READ_ONLY, 36, NULL),
    FIELD(struct oauth_grant, app, READ_ONLY, 100, "Name of the app"),
    FIELD(struct oauth_grant, scopes, READ_ONLY, 0, "What you allowed it, with blanks between"),
    FIELD(struct oauth_grant, created, READ_ONLY, 0, "Seconds UTC"),
    FIELD(struct oauth_grant, used, READ_ONLY, 0, "Last used, to about ten minutes"),
};
const struct shape oauth_grant_shape = SHAPE("OauthGrant", struct oauth_grant, fields);

static const struct stmt q_list = {
    "oauth_grant_list",
    "SELECT g.id, a.name AS app, g.scopes, extract(epoch FROM g.created_at)::bigint AS created,"
    " extract(epoch FROM g.used_at)::bigint AS used, g.created_at::text AS page_key,"
    " g.id AS page_id FROM oauth_grant g"
    " JOIN oauth_app a ON a.tenant_id = g.tenant_id AND a.id = g.app_id"
    " WHERE g.tenant_id = tenant_now() AND g.person_id = $4 AND EXISTS (SELECT 1 FROM oauth_token t"
    "  WHERE t.tenant_id = g.tenant_id AND t.grant_id = g.id AND t.expires_at > now())"
    " AND (g.created_at, g.id) < (coalesce($1::timestamptz, 'infinity'),"
    "  coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))"
    " ORDER BY g.created_at DESC, g.id DESC LIMIT $3"};

rc_t oauth_grant_list(struct ctx *c, struct page *page, struct oauth_grant **items, size_t *count)
{
    return db_page(c, &q_list, page, ARGS(A(c->person_id)), &oauth_grant_shape, (void **)items,
                   count);
}

static const struct stmt q_end_own = {
    "oauth_grant_end_own", "DELETE FROM oauth_grant WHERE tenant_id = tenant_now() AND id = $1"
                           " AND person_id = $2 RETURNING app_id"};

rc_t oauth_grant_end(struct ctx *c, const char *id, const char **app_id)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_end_own, ARGS(A(id), A(c->person_id)), &rows));
    if (rows.count == 0)
        return ctx_fail(c, E_NOT_FOUND, "not_found", "You have allowed nothing like that.");
    *app_id = db_text(&rows, 0, 0);
    return OK;
}

static const struct stmt q_end_all = {"oauth_grants_end", "SELECT oauth_grants_end($1)"};

rc_t oauth_grants_end(struct ctx *c, const char *person_id)
{
    return db_exec(c, &q_end_all, ARGS(A(person_id)), NULL);
}
