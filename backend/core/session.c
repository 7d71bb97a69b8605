/* See session.h. */
#include "core/session.h"

#include <string.h>

#include "base/conf.h"
#include "io/crypto.h"
#include "io/db.h"

static const struct field fields[] = {
    FIELD(struct session, id, READ_ONLY, 36, NULL),
    FIELD(struct session, agent, READ_ONLY, 60, "Kind of browser and system"),
    FIELD(struct session, created, READ_ONLY, 0, NULL),
    FIELD(struct session, seen, READ_ONLY, 0, "Last used, to about ten minutes"),
    FIELD(struct session, current, READ_ONLY, 0, "The one that asks"),
};
const struct shape session_shape = SHAPE("Session", struct session, fields);

struct bytes session_hash(struct ctx *c, const char *token)
{
    char *hash = arena_take(c->mem, 32);

    crypto_sha256(bytes_of(token), (unsigned char *)hash);
    return (struct bytes){hash, 32};
}

const char *session_csrf(struct arena *mem, const char *token)
{
    const char *secret = conf_text(CONF_web_key);
    unsigned char proof[32];

    crypto_hmac_sha256(bytes_of(secret == NULL ? "" : secret),
                       bytes_of(text_printf(mem, "csrf %s", token)), proof);
    return text_base64url(mem, (struct bytes){(const char *)proof, sizeof(proof)});
}

struct word {
    const char *mark, *name;
};

static const char *name_in(const char *text, const struct word *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(text, words[i].mark) != NULL)
            return words[i].name;
    return NULL;
}

/* In this order, because browsers name those that they are like after themselves. */
const char *session_agent(struct arena *mem, const char *user_agent)
{
    static const struct word browsers[] = {
        {"Edg", "Edge"},         {"OPR/", "Opera"},     {"SamsungBrowser", "Samsung Internet"},
        {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"},
        {"Chrome/", "Chrome"},   {"Safari/", "Safari"}, {"curl/", "curl"}};
    static const struct word systems[] = {
        {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"},  {"Windows", "Windows"},
        {"CrOS", "ChromeOS"},   {"Mac OS", "macOS"},  {"Linux", "Linux"}};
    const char *browser, *system;

    if (user_agent == NULL)
        return "Unknown browser";
    browser = name_in(user_agent, browsers, COUNT_OF(browsers));
    system = name_in(user_agent, systems, COUNT_OF(systems));
    if (browser == NULL)
        browser = "Unknown browser";
    return system == NULL ? browser : text_printf(mem, "%s on %s", browser, system);
}

static const struct stmt q_sweep = {
    "session_sweep", "DELETE FROM session WHERE tenant_id = tenant_now() AND "
                     "person_id = $1 AND (expires_at < now() OR idle_until < now())"};
static const struct stmt q_start = {
    "session_start",
    "INSERT INTO session (tenant_id, token_hash, person_id, expires_at, idle_until, agent)"
    " VALUES (tenant_now(), $1, $2, now() + make_interval(days => $3::int),"
    "  now() + make_interval(days => $4::int), $5)"};

static const struct stmt q_used = {
    "session_used", "UPDATE membership SET used_at = now() WHERE tenant_id = tenant_now() AND "
                    "person_id = $1"};

rc_t session_start(struct ctx *c, const char *person_id, const char *user_agent, const char **token)
{
    *token = crypto_token(c->mem);
    TRY(db_exec(c, &q_sweep, ARGS(A(person_id)), NULL));
    TRY(db_later(c, &q_used, ARGS(A(person_id))));
    return db_exec(c, &q_start,
                   ARGS(A(session_hash(c, *token)), A(person_id), A(conf_number(CONF_session_days)),
                        A(conf_number(CONF_session_idle_days)),
                        A(session_agent(c->mem, user_agent))),
                   NULL);
}

static const struct stmt q_move_out = {
    "session_move_out", "DELETE FROM session WHERE tenant_id = tenant_now() AND token_hash = $1"
                        " RETURNING extract(epoch FROM created_at)::bigint, ceil(extract(epoch "
                        "FROM expires_at))::bigint,"
                        " agent, by_company::int"};
static const struct stmt q_move_in = {
    "session_move_in",
    "INSERT INTO session (tenant_id, token_hash, person_id, created_at, expires_at, idle_until, "
    "agent) VALUES (tenant_now(), $1, $2, to_timestamp($3::bigint), to_timestamp($4::bigint),"
    " now() + make_interval(days => $5::int), $6)"};

rc_t session_move(struct ctx *c, const char *token, const char *tenant_id, const char **fresh)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_move_out, ARGS(A(session_hash(c, token))), &rows));
    if (rows.count == 0)
        return ctx_fail(c, E_UNAUTH, "unauthenticated", "Your session is over. Log in again.");
    if (db_int(&rows, 0, 3) != 0)
        return ctx_fail(c, E_FORBIDDEN, "session_of_company",
                        "You logged in by this company's provider, which opens no other company. "
                        "Log in with your password to go to another one.");
    *fresh = crypto_token(c->mem);
    TRY(db_tenant(c, tenant_id));
    TRY(db_later(c, &q_used, ARGS(A(c->person_id))));
    return db_exec(c, &q_move_in,
                   ARGS(A(session_hash(c, *fresh)), A(c->person_id), A(db_int(&rows, 0, 0)),
                        A(db_int(&rows, 0, 1)), A(conf_number(CONF_session_idle_days)),
                        A(db_text(&rows, 0, 2))),
                   NULL);
}

static const struct stmt q_company = {
    "session_by_company",
    "UPDATE session SET by_company = true WHERE tenant_id = tenant_now() AND token_hash = $1"};

rc_t session_by_company(struct ctx *c, const char *token)
{
    return db_exec(c, &q_company, ARGS(A(session_hash(c, token))), NULL);
}

static const struct stmt q_find = {
    "session_find", "SELECT tenant_id, person_id, role, stale::int, barred FROM session_find($1)"};
static const struct stmt q_seen = {
    "session_seen",
    "UPDATE session SET seen_at = now(), idle_until = now() + make_interval(days => $2::int)"
    " WHERE tenant_id = tenant_now() AND token_hash = $1"};

rc_t session_find(struct ctx *c, const char *token, struct session_found *out)
{
    struct db_rows rows;

    *out = (struct session_found){.role = NULL};
    TRY(db_rows(c, &q_find, ARGS(A(session_hash(c, token))), &rows));
    if (rows.count == 0)
        return OK;
    c->person_id = db_text(&rows, 0, 1);
    *out = (struct session_found){.role = db_text(&rows, 0, 2), .barred = db_text(&rows, 0, 4)};
    TRY(db_tenant(c, db_text(&rows, 0, 0)));
    if (db_int(&rows, 0, 3) == 0)
        return OK;
    return db_exec(c, &q_seen,
                   ARGS(A(session_hash(c, token)), A(conf_number(CONF_session_idle_days))), NULL);
}

/* The one that asks stands before every time. */
#define PLACE "CASE WHEN token_hash = $5 THEN 'infinity' ELSE seen_at END"

static const struct stmt q_stay = {
    "session_stay", "SELECT count(*) FROM session WHERE tenant_id = tenant_now() AND "
                    "token_hash = $1 AND expires_at > now() AND idle_until > now()"};

rc_t session_stay(struct ctx *c, const char *token)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_stay, ARGS(A(session_hash(c, token))), &rows));
    return db_int(&rows, 0, 0) > 0
               ? OK
               : ctx_fail(c, E_UNAUTH, "unauthenticated", "Your session is over. Log in again.");
}

static const struct stmt q_list = {
    "session_list",
    "SELECT id, agent, extract(epoch FROM created_at)::bigint AS created,"
    " extract(epoch FROM seen_at)::bigint AS seen, token_hash = $5 AS current,"
    " (" PLACE ")::text AS page_key, id AS page_id FROM session"
    " WHERE tenant_id = tenant_now() AND person_id = $4 AND expires_at > now() AND idle_until > "
    "now()"
    " AND (" PLACE ", id) < (coalesce($1::timestamptz, 'infinity'),"
    "  coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))"
    " ORDER BY " PLACE " DESC, id DESC LIMIT $3"};

rc_t session_list(struct ctx *c, const char *token, struct page *page, struct session **items,
                  size_t *count)
{
    return db_page(c, &q_list, page, ARGS(A(c->person_id), A(session_hash(c, token))),
                   &session_shape, (void **)items, count);
}

static const struct stmt q_drop = {
    "session_drop",
    "DELETE FROM session WHERE tenant_id = tenant_now() AND person_id = $1 AND id = $2"};

rc_t session_drop(struct ctx *c, const char *id)
{
    int64_t affected;

    TRY(db_exec(c, &q_drop, ARGS(A(c->person_id), A(id)), &affected));
    return affected == 1 ? OK : ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such session.");
}

static const struct stmt q_end = {"session_end", "DELETE FROM session WHERE token_hash = $1"};

rc_t session_end(struct ctx *c, const char *token)
{
    return db_exec(c, &q_end, ARGS(A(session_hash(c, token))), NULL);
}

static const struct stmt q_end_all = {"sessions_end", "SELECT sessions_end($1, $2)"};

rc_t sessions_end(struct ctx *c, const char *person_id, const char *kept)
{
    struct bytes none = {NULL, 0};

    return db_exec(c, &q_end_all,
                   ARGS(A(person_id), A(kept == NULL ? none : session_hash(c, kept))), NULL);
}
