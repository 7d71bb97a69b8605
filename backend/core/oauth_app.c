/* See oauth_app.h. */
#include "core/oauth_app.h"

#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "base/log.h"
#include "core/redirect.h"
#include "io/db.h"

#define NAME_MAX 100
#define REDIRECTS_LEN ((REDIRECT_MAX + 1) * APP_REDIRECTS_MAX)
#define SECRET_PREFIX "kss"

#define APP_FIELDS                                                                                \
    FIELD(struct oauth_app, id, READ_ONLY, 36, "The app's client_id"),                            \
        FIELD(struct oauth_app, name, READ_ONLY, NAME_MAX, "As people read it when it asks"),     \
        FIELD(struct oauth_app, redirects, READ_ONLY, 0,                                          \
              "Addresses that people are sent back to, with blanks between"),                     \
        FIELD(struct oauth_app, scopes, READ_ONLY, 0, "What it may ask for, blanks between"),     \
        FIELD(struct oauth_app, confidential, READ_ONLY, 0, "It can keep a secret, and has one"), \
        FIELD(struct oauth_app, hint, READ_ONLY | NULLABLE, 4,                                    \
              "The last four characters of its secret"),                                          \
        FIELD(struct oauth_app, created, READ_ONLY, 0, "Seconds UTC"),                            \
        FIELD(struct oauth_app, created_by, READ_ONLY | NULLABLE, 200,                            \
              "Who registered it; null when that person has left"),                               \
        FIELD(struct oauth_app, used, READ_ONLY, 0, "Last asked for a token; 0: never"),          \
        FIELD(struct oauth_app, old_until, READ_ONLY, 0,                                          \
              "Until when the secret before this one works, seconds UTC; 0: it does not")

static const struct field fields[] = {APP_FIELDS};
const struct shape oauth_app_shape = SHAPE("OauthApp", struct oauth_app, fields);

static const struct field made_fields[] = {
    APP_FIELDS,
    FIELD(struct oauth_app, secret, READ_ONLY | NULLABLE, TOKEN_MAX,
          "Shown this once, and never again; null for an app that has none"),
};
const struct shape oauth_app_made_shape = SHAPE("OauthAppMade", struct oauth_app, made_fields);

#define NEW_FIELDS                                                                           \
    FIELD(struct new_oauth_app, name, REQUIRED, NAME_MAX, "As people read it when it asks"), \
        FIELD(struct new_oauth_app, redirects, 0, REDIRECTS_LEN,                             \
              "Addresses that people are sent back to, with blanks between: https, or http " \
              "to this machine"),                                                            \
        FIELD(struct new_oauth_app, scopes, REQUIRED, 2000,                                  \
              "What it may ask for: names of /api/v1/scopes, with blanks between")

static const struct field change_fields[] = {NEW_FIELDS};
const struct shape oauth_app_change_shape = SHAPE("OauthAppChange", struct new_oauth_app,
                                                  change_fields);

static const struct field new_fields[] = {
    NEW_FIELDS,
    FIELD(struct new_oauth_app, confidential, 0, 0,
          "It can keep a secret: a program on a server, not on somebody's device"),
};
const struct shape new_oauth_app_shape = SHAPE("NewOauthApp", struct new_oauth_app, new_fields);

/* In order, each once, with one blank between. */
static rc_t redirects_check(struct ctx *c, const struct new_oauth_app *in, const char **out)
{
    struct buf kept = buf_new(c->mem, REDIRECTS_LEN + 1);
    int count = 0;

    for (char *rest = text_dup(c->mem, in->redirects == NULL ? "" : in->redirects), *one;
         (one = strsep(&rest, " \n\r\t")) != NULL;) {
        if (*one == '\0')
            continue;
        if (!redirect_allowed(one))
            return ctx_bad(c, "redirects", "redirect_not_allowed",
                           "%s: use a full https address, or http to 127.0.0.1, [::1] or "
                           "localhost, without a fragment and without patterns.",
                           one);
        if (++count > APP_REDIRECTS_MAX)
            return ctx_bad(c, "redirects", "redirects_too_many", "At most %d addresses.",
                           APP_REDIRECTS_MAX);
        buf_printf(&kept, "%s%s", kept.len == 0 ? "" : " ", one);
    }
    if (count == 0 && !in->confidential)
        return ctx_bad(c, "redirects", "missing",
                       "An app without a secret can only act for people: say where they are "
                       "sent back to.");
    *out = buf_str(&kept);
    return OK;
}

static rc_t scopes_check(struct ctx *c, const char *text, const char **out)
{
    permits wanted;

    if (!permits_of_text(text, &wanted) || (wanted & ~permits_for_keys()) != 0)
        return ctx_bad(c, "scopes", "not_a_scope",
                       "These are no scopes of a program; /api/v1/scopes lists what there is.");
    *out = permits_text(c->mem, wanted);
    return OK;
}

static const struct stmt q_lock = {
    "oauth_app_lock",
    "SELECT pg_advisory_xact_lock(hashtextextended('oauth_app ' || tenant_now(), 0))"};
static const struct stmt q_count = {
    "oauth_app_count",
    "SELECT count(*) FROM oauth_app WHERE tenant_id = tenant_now() AND removed_at IS NULL"};

static rc_t room_check(struct ctx *c)
{
    int64_t most = conf_number(CONF_oauth_apps);
    struct db_rows rows;

    TRY(db_exec(c, &q_lock, NO_ARGS, NULL));
    TRY(db_rows(c, &q_count, NO_ARGS, &rows));
    if (db_int(&rows, 0, 0) < most)
        return OK;
    return ctx_fail(c, E_CONFLICT, "apps_too_many", "A company has at most %lld apps here.",
                    (long long)most);
}

#define COLUMNS                                                                          \
    "id, name, redirects, scopes, confidential, hint,"                                   \
    " extract(epoch FROM created_at)::bigint AS created,"                                \
    " (SELECT p.name FROM person_get(created_by) p) AS created_by,"                      \
    " coalesce(extract(epoch FROM used_at)::bigint, 0) AS used,"                         \
    " CASE WHEN old_until > now() THEN extract(epoch FROM old_until)::bigint ELSE 0 END" \
    "  AS old_until"

static const struct stmt q_add = {
    "oauth_app_add",
    "INSERT INTO oauth_app (tenant_id, id, name, redirects, scopes, confidential, secret_hash,"
    "  hint, created_by)"
    " VALUES (tenant_now(), $1, $2, $3, $4, $5, $6, $7, $8) RETURNING " COLUMNS};

rc_t oauth_app_add(struct ctx *c, const struct new_oauth_app *in, struct oauth_app *out)
{
    const char *secret = in->confidential ? token_new(c->mem, SECRET_PREFIX) : NULL;
    const char *redirects, *scopes, *hint = NULL;
    struct bytes hash = {NULL, 0};

    if (secret != NULL) {
        hash = token_hash(c->mem, secret);
        hint = token_hint(c->mem, secret);
    }
    TRY(redirects_check(c, in, &redirects));
    TRY(scopes_check(c, in->scopes, &scopes));
    TRY(room_check(c));
    TRY(db_one(c, &q_add,
               ARGS(A(id_new(c->mem)), A(text_trim(c->mem, in->name)), A(redirects), A(scopes),
                    A(in->confidential), A(hash), A(hint), A(c->person_id)),
               &oauth_app_shape, out));
    out->secret = secret;
    return OK;
}

static const struct stmt q_kind = {"oauth_app_kind",
                                   "SELECT confidential::int FROM oauth_app WHERE tenant_id = "
                                   "tenant_now() AND id = $1 AND removed_at IS NULL"};
static const struct stmt q_change = {
    "oauth_app_change", "UPDATE oauth_app SET name = $2, redirects = $3, scopes = $4"
                        " WHERE tenant_id = tenant_now() AND id = $1 AND removed_at IS NULL"
                        " RETURNING " COLUMNS};

static rc_t no_app(struct ctx *c)
{
    return ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such app.");
}

rc_t oauth_app_change(struct ctx *c, const char *id, const struct new_oauth_app *in,
                      struct oauth_app *out)
{
    struct new_oauth_app wish = *in;
    const char *redirects, *scopes;
    struct db_rows rows;

    TRY(db_rows(c, &q_kind, ARGS(A(id)), &rows));
    if (rows.count == 0)
        return no_app(c);
    wish.confidential = db_int(&rows, 0, 0) != 0;
    TRY(redirects_check(c, &wish, &redirects));
    TRY(scopes_check(c, in->scopes, &scopes));
    return db_one(c, &q_change,
                  ARGS(A(id), A(text_trim(c->mem, in->name)), A(redirects), A(scopes)),
                  &oauth_app_shape, out);
}

static const struct stmt q_list = {"oauth_app_list",
                                   "SELECT " COLUMNS ", created_at::text AS page_key, id AS page_id"
                                   " FROM oauth_app WHERE tenant_id = tenant_now()"
                                   " AND removed_at IS NULL"
                                   " AND (created_at, id) < (coalesce($1::timestamptz, 'infinity'),"
                                   "  coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))"
                                   " ORDER BY created_at DESC, id DESC LIMIT $3"};

rc_t oauth_app_list(struct ctx *c, struct page *page, struct oauth_app **items, size_t *count)
{
    return db_page(c, &q_list, page, NO_ARGS, &oauth_app_shape, (void **)items, count);
}

static const struct stmt q_rotate = {
    "oauth_app_rotate",
    "UPDATE oauth_app SET old_hash = secret_hash,"
    "  old_until = now() + make_interval(hours => $2::int), secret_hash = $3, hint = $4"
    " WHERE tenant_id = tenant_now() AND id = $1 AND removed_at IS NULL AND confidential"
    " RETURNING " COLUMNS};

rc_t oauth_app_rotate(struct ctx *c, const char *id, const struct rotation *in,
                      struct oauth_app *out)
{
    const char *secret = token_new(c->mem, SECRET_PREFIX);

    TRY(db_one(c, &q_rotate,
               ARGS(A(id), A(rotation_hours(in)), A(token_hash(c->mem, secret)),
                    A(token_hint(c->mem, secret))),
               &oauth_app_shape, out));
    out->secret = secret;
    return OK;
}

static const struct stmt q_remove = {"oauth_app_remove",
                                     "UPDATE oauth_app SET removed_at = now() WHERE tenant_id = "
                                     "tenant_now() AND id = $1 AND removed_at IS NULL"};
static const struct stmt q_grants_end = {
    "oauth_app_grants_end",
    "DELETE FROM oauth_grant WHERE tenant_id = tenant_now() AND app_id = $1"};

rc_t oauth_app_remove(struct ctx *c, const char *id)
{
    int64_t affected;

    TRY(db_exec(c, &q_remove, ARGS(A(id)), &affected));
    if (affected == 0)
        return no_app(c);
    return db_exec(c, &q_grants_end, ARGS(A(id)), NULL);
}

static void fill(struct oauth_client *out, const char *id, const struct db_rows *rows, int column)
{
    *out = (struct oauth_client){.id = id,
                                 .name = db_text(rows, 0, column),
                                 .redirects = db_text(rows, 0, column + 1),
                                 .confidential = db_text(rows, 0, column + 3)[0] == 't'};
    if (permits_of_text(db_text(rows, 0, column + 2), &out->scopes))
        out->scopes &= permits_for_keys();
}

static const struct stmt q_get = {
    "oauth_client_get", "SELECT name, redirects, scopes, confidential FROM oauth_app"
                        " WHERE tenant_id = tenant_now() AND id = $1 AND removed_at IS NULL"};

rc_t oauth_client_get(struct ctx *c, const char *id, struct oauth_client *out, bool *found)
{
    struct db_rows rows;

    *found = false;
    if (!id_valid(id))
        return OK;
    TRY(db_rows(c, &q_get, ARGS(A(id)), &rows));
    *found = rows.count == 1;
    if (*found)
        fill(out, id, &rows, 0);
    return OK;
}

static const struct stmt q_find = {
    "oauth_client_find", "SELECT tenant_id, name, redirects, scopes, confidential, secret_hash,"
                         " old_hash FROM oauth_client_find($1)"};
static const struct stmt q_used = {
    "oauth_app_used",
    "UPDATE oauth_app SET used_at = now() WHERE tenant_id = tenant_now()"
    " AND id = $1 AND (used_at IS NULL OR used_at < now() - interval '10 minutes')"};

static rc_t refuse(struct ctx *c)
{
    return ctx_fail(c, E_UNAUTH, "invalid_client", "There is no such app, or its secret is wrong.");
}

/* The secret of now, or the one before it while that overlaps. */
static rc_t secret_check(struct ctx *c, const struct db_rows *rows, const char *secret)
{
    struct bytes now, before = {NULL, 0}, shown = token_hash(c->mem, secret);

    TRY(db_raw(c, rows, 0, 5, &now));
    if (db_text(rows, 0, 6) != NULL)
        TRY(db_raw(c, rows, 0, 6, &before));
    if (!text_same_secret(shown, now) && (before.data == NULL || !text_same_secret(shown, before)))
        return refuse(c);
    log_secret_add(bytes_of(secret));
    return OK;
}

rc_t oauth_client_enter(struct ctx *c, const char *id, const char *secret, struct oauth_client *out)
{
    struct db_rows rows;

    if (!id_valid(id) || (secret != NULL && !token_whole(secret, SECRET_PREFIX)))
        return refuse(c);
    TRY(db_rows(c, &q_find, ARGS(A(id)), &rows));
    if (rows.count == 0)
        return refuse(c);
    fill(out, id, &rows, 1);
    if (out->confidential != (secret != NULL))
        return refuse(c);
    if (secret != NULL)
        TRY(secret_check(c, &rows, secret));
    c->actor = text_printf(c->mem, "app:%s", id);
    TRY(db_tenant(c, db_text(&rows, 0, 0)));
    return db_exec(c, &q_used, ARGS(A(id)), NULL);
}

const char *oauth_client_redirect(struct arena *mem, const struct oauth_client *client,
                                  const char *asked)
{
    bool only = client->redirects[0] != '\0' && strchr(client->redirects, ' ') == NULL;

    if (asked == NULL)
        return only ? client->redirects : NULL;
    for (char *rest = text_dup(mem, client->redirects), *one; (one = strsep(&rest, " ")) != NULL;)
        if (*one != '\0' && redirect_fits(one, asked))
            return asked;
    return NULL;
}
