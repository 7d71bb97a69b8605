/* See api_key.h. */
#include "core/api_key.h"

#include <string.h>

#include "base/conf.h"
#include "base/id.h"
#include "base/log.h"
#include "io/db.h"

#define NAME_MAX 100
#define DAYS_USUAL 90
#define MODELS_MAX 2000
#define MODELS_ABOUT "The models that it may use, with blanks between"

#define KEY_FIELDS                                                                           \
    FIELD(struct api_key, id, READ_ONLY, 36, NULL),                                          \
        FIELD(struct api_key, name, READ_ONLY, NAME_MAX, "Which program it is for"),         \
        FIELD(struct api_key, scopes, READ_ONLY, 0, "What it may do, with blanks between"),  \
        FIELD(struct api_key, models, READ_ONLY | NULLABLE, MODELS_MAX,                      \
              "The models that it may use, with blanks between; null: all"),                 \
        FIELD(struct api_key, hint, READ_ONLY, 4, "The last four characters of its secret"), \
        FIELD(struct api_key, created, READ_ONLY, 0, "Seconds UTC"),                         \
        FIELD(struct api_key, created_by, READ_ONLY | NULLABLE, 200,                         \
              "Who made it; null when that person has left"),                                \
        FIELD(struct api_key, expires, READ_ONLY, 0, "Seconds UTC; 0: never"),               \
        FIELD(struct api_key, used, READ_ONLY, 0,                                            \
              "Last used, seconds UTC to about ten minutes; 0: never"),                      \
        FIELD(struct api_key, used_from, READ_ONLY | NULLABLE, 60, "From which address"),    \
        FIELD(struct api_key, old_until, READ_ONLY, 0,                                       \
              "Until when the secret before this one works, seconds UTC; 0: it does not")

static const struct field fields[] = {KEY_FIELDS};
const struct shape api_key_shape = SHAPE("ApiKey", struct api_key, fields);

static const struct field made_fields[] = {
    KEY_FIELDS,
    FIELD(struct api_key, secret, READ_ONLY, TOKEN_MAX, "Shown this once, and never again"),
};
const struct shape api_key_made_shape = SHAPE("ApiKeyMade", struct api_key, made_fields);

static const struct field new_fields[] = {
    FIELD(struct new_api_key, name, REQUIRED, NAME_MAX, "Which program it is for"),
    FIELD(struct new_api_key, scopes, REQUIRED, 2000,
          "What it may do: names of /api/v1/scopes, with blanks between"),
    FIELD(struct new_api_key, models, 0, MODELS_MAX, MODELS_ABOUT "; all when left out"),
    FIELD(
        struct new_api_key, cap_micros, 0, 1000000000000,
        "What models may cost by it, in millionths of a dollar; 0 or left out: no cap of its own"),
    FIELD_OF(struct new_api_key, cap_period, 0, "day month ever",
             "For which time the cap holds; a month when left out"),
    FIELD(struct new_api_key, days, 0, 36500, "How long it works; 90 when left out"),
    FIELD(struct new_api_key, endless, 0, 0, "It works until it is revoked, where that is allowed"),
};
const struct shape new_api_key_shape = SHAPE("NewApiKey", struct new_api_key, new_fields);

static const struct field change_fields[] = {
    FIELD(struct api_key_change, models, 0, MODELS_MAX, MODELS_ABOUT "; blank: all"),
};
const struct shape api_key_change_shape = SHAPE("ApiKeyChange", struct api_key_change,
                                                change_fields);

static const struct field limits_fields[] = {
    FIELD(struct api_key_limits, keys, READ_ONLY, 0, "Keys that a company may have"),
    FIELD(struct api_key_limits, days, READ_ONLY, 0,
          "Days that a key may last; 0: as long as you like, also without an end"),
};
const struct shape api_key_limits_shape = SHAPE("ApiKeyLimits", struct api_key_limits,
                                                limits_fields);

void api_key_limits(struct api_key_limits *out)
{
    *out = (struct api_key_limits){.keys = conf_number(CONF_api_keys),
                                   .days = conf_number(CONF_api_key_days)};
}

static rc_t scopes_check(struct ctx *c, const char *text, permits may, const char **out)
{
    permits wanted;

    if (!permits_of_text(text, &wanted) || (wanted & ~permits_for_keys()) != 0)
        return ctx_bad(c, "scopes", "not_a_scope",
                       "These are no scopes of a program; /api/v1/scopes lists what there is.");
    if ((wanted & ~may) != 0)
        return ctx_bad(c, "scopes", "scope_not_yours",
                       "You can't give more than you may yourself.");
    *out = permits_text(c->mem, wanted);
    return OK;
}

/* One blank between names; NULL for none. */
static const char *models_of(struct ctx *c, const char *text)
{
    struct buf names = buf_new(c->mem, MODELS_MAX + 1);

    if (text_blank(text))
        return NULL;
    for (char *rest = text_dup(c->mem, text), *name; (name = strsep(&rest, " \t\r\n")) != NULL;) {
        if (*name != '\0')
            buf_printf(&names, "%s%s", names.len == 0 ? "" : " ", name);
    }
    return buf_str(&names);
}

static rc_t days_check(struct ctx *c, const struct new_api_key *in, int64_t *days)
{
    int64_t most = conf_number(CONF_api_key_days);

    *days = in->days == 0 ? DAYS_USUAL : in->days;
    if (most > 0 && in->days == 0 && *days > most)
        *days = most;
    if (most > 0 && (in->endless || *days > most))
        return ctx_bad(c, "days", "days_too_many", "A key lasts at most %lld days here.",
                       (long long)most);
    if (in->endless)
        *days = 0;
    return OK;
}

/* One at a time for a tenant, so that the number holds. */
static const struct stmt q_lock = {
    "api_key_lock",
    "SELECT pg_advisory_xact_lock(hashtextextended('api_key ' || tenant_now(), 0))"};
static const struct stmt q_count = {
    "api_key_count", "SELECT count(*) FROM api_key WHERE tenant_id = tenant_now()"
                     " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"};

static rc_t room_check(struct ctx *c)
{
    int64_t most = conf_number(CONF_api_keys);
    struct db_rows rows;

    TRY(db_exec(c, &q_lock, NO_ARGS, NULL));
    TRY(db_rows(c, &q_count, NO_ARGS, &rows));
    if (db_int(&rows, 0, 0) < most)
        return OK;
    return ctx_fail(c, E_CONFLICT, "keys_too_many",
                    "A company has at most %lld keys here. Revoke one that nobody uses.",
                    (long long)most);
}

#define COLUMNS                                                                          \
    "id, name, scopes, models, hint, extract(epoch FROM created_at)::bigint AS created," \
    " (SELECT p.name FROM person_get(created_by) p) AS created_by,"                      \
    " coalesce(extract(epoch FROM expires_at)::bigint, 0) AS expires,"                   \
    " coalesce(extract(epoch FROM used_at)::bigint, 0) AS used, used_from,"              \
    " CASE WHEN old_until > now() THEN extract(epoch FROM old_until)::bigint ELSE 0 END" \
    "  AS old_until"

static const struct stmt q_add = {
    "api_key_add",
    "INSERT INTO api_key (tenant_id, id, name, scopes, secret_hash, hint, created_by, expires_at,"
    "  models)"
    " VALUES (tenant_now(), $1, $2, $3, $4, $5, $6,"
    "  CASE WHEN $7::int > 0 THEN now() + make_interval(days => $7::int) END, $8)"
    " RETURNING " COLUMNS};

rc_t api_key_add(struct ctx *c, const struct new_api_key *in, permits may, struct api_key *out)
{
    const char *secret = token_new(c->mem, API_KEY_PREFIX), *scopes;
    int64_t days;

    TRY(scopes_check(c, in->scopes, may, &scopes));
    TRY(days_check(c, in, &days));
    TRY(room_check(c));
    TRY(db_one(c, &q_add,
               ARGS(A(id_new(c->mem)), A(text_trim(c->mem, in->name)), A(scopes),
                    A(token_hash(c->mem, secret)), A(token_hint(c->mem, secret)), A(c->person_id),
                    A(days), A(models_of(c, in->models))),
               &api_key_shape, out));
    out->secret = secret;
    return OK;
}

static const struct stmt q_list = {"api_key_list",
                                   "SELECT " COLUMNS ", created_at::text AS page_key, id AS page_id"
                                   " FROM api_key WHERE tenant_id = tenant_now()"
                                   " AND revoked_at IS NULL"
                                   " AND (created_at, id) < (coalesce($1::timestamptz, 'infinity'),"
                                   "  coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))"
                                   " ORDER BY created_at DESC, id DESC LIMIT $3"};

rc_t api_key_list(struct ctx *c, struct page *page, struct api_key **items, size_t *count)
{
    return db_page(c, &q_list, page, NO_ARGS, &api_key_shape, (void **)items, count);
}

static const struct stmt q_change = {
    "api_key_change", "UPDATE api_key SET models = $2 WHERE tenant_id = tenant_now() AND id = $1"
                      " AND revoked_at IS NULL RETURNING " COLUMNS};

rc_t api_key_change(struct ctx *c, const char *id, const struct api_key_change *in,
                    struct api_key *out)
{
    if (in->models == NULL)
        return ctx_bad(c, "models", "missing", "models is missing.");
    return db_one(c, &q_change, ARGS(A(id), A(models_of(c, in->models))), &api_key_shape, out);
}

static const struct stmt q_models = {
    "api_key_models", "SELECT models FROM api_key WHERE tenant_id = tenant_now() AND id = $1"};

rc_t api_key_models(struct ctx *c, const char *id, const char **models)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_models, ARGS(A(id)), &rows));
    if (rows.count == 0)
        return ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such key.");
    *models = db_text(&rows, 0, 0);
    return OK;
}

static const struct stmt q_rotate = {
    "api_key_rotate",
    "UPDATE api_key SET old_hash = secret_hash, old_until = now() + make_interval(hours => "
    "$2::int),"
    "  secret_hash = $3, hint = $4"
    " WHERE tenant_id = tenant_now() AND id = $1 AND revoked_at IS NULL RETURNING " COLUMNS};

rc_t api_key_rotate(struct ctx *c, const char *id, const struct rotation *in, struct api_key *out)
{
    const char *secret = token_new(c->mem, API_KEY_PREFIX);

    TRY(db_one(c, &q_rotate,
               ARGS(A(id), A(rotation_hours(in)), A(token_hash(c->mem, secret)),
                    A(token_hint(c->mem, secret))),
               &api_key_shape, out));
    out->secret = secret;
    return OK;
}

static const struct stmt q_revoke = {
    "api_key_revoke", "UPDATE api_key SET revoked_at = now() WHERE tenant_id = tenant_now()"
                      " AND id = $1 AND revoked_at IS NULL"};

rc_t api_key_revoke(struct ctx *c, const char *id)
{
    int64_t affected;

    TRY(db_exec(c, &q_revoke, ARGS(A(id)), &affected));
    return affected == 1 ? OK : ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such key.");
}

static const struct stmt q_find = {
    "api_key_find", "SELECT tenant_id, id, name, scopes, state, stale::int FROM api_key_find($1)"};
static const struct stmt q_used = {"api_key_used",
                                   "UPDATE api_key SET used_at = now(), used_from = $2"
                                   " WHERE tenant_id = tenant_now() AND id = $1"};

static rc_t refuse(struct ctx *c, const char *why)
{
    return ctx_fail(c, E_UNAUTH, "invalid_token", "%s", why);
}

static rc_t state_check(struct ctx *c, const char *state)
{
    static const struct {
        const char *state, *why;
    } rows[] = {{"revoked", "This API key was revoked."},
                {"expired", "This API key has expired."},
                {"replaced", "This API key was replaced by a newer one, and its overlap is over."}};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (text_is(rows[i].state, state))
            return refuse(c, rows[i].why);
    return OK;
}

rc_t api_key_enter(struct ctx *c, const char *secret, const char *remote, struct api_key_use *out)
{
    struct db_rows rows;

    if (!token_whole(secret, API_KEY_PREFIX))
        return refuse(c, "This is no whole API key: a part of it is missing or mistyped.");
    TRY(db_rows(c, &q_find, ARGS(A(token_hash(c->mem, secret))), &rows));
    if (rows.count == 0)
        return refuse(c, "There is no such API key.");
    log_secret_add(bytes_of(secret));
    TRY(state_check(c, db_text(&rows, 0, 4)));
    *out = (struct api_key_use){.id = db_text(&rows, 0, 1), .name = db_text(&rows, 0, 2)};
    if (permits_of_text(db_text(&rows, 0, 3), &out->may))
        out->may &= permits_for_keys();
    c->person_id = out->id;
    c->actor = text_printf(c->mem, "key:%s", out->id);
    TRY(db_tenant(c, db_text(&rows, 0, 0)));
    if (db_int(&rows, 0, 5) == 0)
        return OK;
    return db_exec(c, &q_used, ARGS(A(out->id), A(remote)), NULL);
}
