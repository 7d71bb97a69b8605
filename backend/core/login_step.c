/* See login_step.h. */
#include "core/login_step.h"

#include "core/link.h"
#include "core/session.h"
#include "io/crypto.h"
#include "io/db.h"

static const struct stmt q_sweep = {
    "login_step_sweep", "DELETE FROM login_step WHERE tenant_id = tenant_now() AND person_id = $1"
                        " AND (expires_at < now() OR tries >= $2::int)"};
static const struct stmt q_add = {
    "login_step_add",
    "INSERT INTO login_step (tenant_id, token_hash, person_id, agent, password_hash, expires_at)"
    " VALUES (tenant_now(), $1, $2, $3, sha256(convert_to(person_password_hash($2), 'UTF8')),"
    "  now() + make_interval(secs => $4::int))"};

rc_t login_step_add(struct ctx *c, const char *person_id, const char *user_agent,
                    const char **token)
{
    *token = crypto_token(c->mem);
    TRY(db_exec(c, &q_sweep, ARGS(A(person_id), A(LOGIN_STEP_TRIES)), NULL));
    return db_exec(c, &q_add,
                   ARGS(A(link_hash(c, *token)), A(person_id), A(session_agent(c->mem, user_agent)),
                        A(LOGIN_STEP_SECONDS)),
                   NULL);
}

static rc_t over(struct ctx *c)
{
    return ctx_fail(c, E_UNAUTH, "step_over",
                    "This took too long, or there were too many tries. Log in again.");
}

static const struct stmt q_find = {
    "login_step_find", "SELECT tenant_id, person_id, agent, role FROM login_step_find($1)"};
static const struct stmt q_try = {
    "login_step_try", "UPDATE login_step SET tries = tries + 1 WHERE tenant_id = tenant_now() AND "
                      "token_hash = $1 AND tries < $2::int"};

rc_t login_step_try(struct ctx *c, const char *token, const char *user_agent,
                    struct login_step *out)
{
    struct bytes hash = link_hash(c, token);
    struct db_rows rows;
    int64_t affected;

    TRY(db_rows(c, &q_find, ARGS(A(hash)), &rows));
    if (rows.count == 0 || !text_is(db_text(&rows, 0, 2), session_agent(c->mem, user_agent)))
        return over(c);
    *out = (struct login_step){db_text(&rows, 0, 1), db_text(&rows, 0, 3)};
    TRY(db_tenant(c, db_text(&rows, 0, 0)));
    TRY(db_exec(c, &q_try, ARGS(A(hash), A(LOGIN_STEP_TRIES)), &affected));
    return affected == 1 ? OK : over(c);
}

static const struct stmt q_end = {
    "login_step_end", "DELETE FROM login_step WHERE tenant_id = tenant_now() AND token_hash = $1"};

rc_t login_step_end(struct ctx *c, const char *token)
{
    int64_t affected;

    TRY(db_exec(c, &q_end, ARGS(A(link_hash(c, token))), &affected));
    return affected == 1 ? OK : over(c);
}
