/* See session.h. */
#include "core/session.h"

#include "base/conf.h"
#include "io/crypto.h"
#include "io/db.h"

static struct bytes hash_of(struct ctx *c, const char *token)
{
    char *hash = arena_take(c->mem, 32);

    crypto_sha256(bytes_of(token), (unsigned char *)hash);
    return (struct bytes){hash, 32};
}

static const struct stmt q_start = {
    "session_start", "INSERT INTO session (tenant_id, token_hash, person_id, expires_at)"
                     " VALUES (tenant_now(), $1, $2, now() + make_interval(days => $3::int))"};

rc_t session_start(struct ctx *c, const char *person_id, const char **token)
{
    *token = crypto_token(c->mem);
    return db_exec(c, &q_start,
                   ARGS(A(hash_of(c, *token)), A(person_id), A(conf_number(CONF_session_days))),
                   NULL);
}

static const struct stmt q_find = {"session_find",
                                   "SELECT tenant_id, person_id, role FROM session_find($1)"};

rc_t session_find(struct ctx *c, const char *token, const char **role, bool *found)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_find, ARGS(A(hash_of(c, token))), &rows));
    *found = rows.count > 0;
    if (!*found)
        return OK;
    c->person_id = db_text(&rows, 0, 1);
    *role = db_text(&rows, 0, 2);
    return db_tenant(c, db_text(&rows, 0, 0));
}

static const struct stmt q_end = {"session_end", "DELETE FROM session WHERE token_hash = $1"};

rc_t session_end(struct ctx *c, const char *token)
{
    return db_exec(c, &q_end, ARGS(A(hash_of(c, token))), NULL);
}

static const struct stmt q_end_all = {"sessions_end", "SELECT sessions_end($1, $2)"};

rc_t sessions_end(struct ctx *c, const char *person_id, const char *kept)
{
    struct bytes none = {NULL, 0};

    return db_exec(c, &q_end_all, ARGS(A(person_id), A(kept == NULL ? none : hash_of(c, kept))),
                   NULL);
}
