/* See erasure.h. */
#include "core/erasure.h"

#include "base/conf.h"
#include "base/id.h"
#include "core/audit.h"
#include "core/audit_head.h"
#include "core/job.h"
#include "core/mail.h"
#include "io/db.h"

#define STEP_ROWS 2000
#define MAILS 500

static const struct field ask_fields[] = {
    FIELD(struct erasure_ask, company, REQUIRED, 200, "The company's name, as it is written here"),
    FIELD(struct erasure_ask, password, REQUIRED | WRITE_ONLY, 1000, "Your own password"),
};
const struct shape erasure_ask_shape = SHAPE("ErasureAsk", struct erasure_ask, ask_fields);

static const struct field fields[] = {
    FIELD(struct erasure, state, READ_ONLY, 20, "none, waiting (it can be stopped) or running"),
    FIELD(struct erasure, by, READ_ONLY | NULLABLE, 200, "Who asked for it"),
    FIELD(struct erasure, asked, READ_ONLY, 0, "Seconds UTC; 0: nobody did"),
    FIELD(struct erasure, due, READ_ONLY, 0, "Seconds UTC; 0: it is not asked for"),
    FIELD(struct erasure, days, READ_ONLY, 0, "Days that there are to stop it"),
};
const struct shape erasure_shape = SHAPE("Erasure", struct erasure, fields);

static const struct stmt q_get = {
    "erasure_get",
    "SELECT CASE e.state WHEN 'waiting' THEN 'waiting' ELSE 'running' END AS state,"
    " (SELECT p.name FROM person_get(CASE WHEN e.actor ~ '^person:' THEN substr(e.actor, 8)::uuid "
    "END) p) AS by, extract(epoch FROM e.asked_at)::bigint AS asked,"
    " extract(epoch FROM e.due_at)::bigint AS due FROM tenant_erasure e"
    " WHERE e.tenant_id = tenant_now() AND e.state <> 'stopped'"};

rc_t erasure_get(struct ctx *c, struct erasure *out)
{
    rc_t rc = db_one(c, &q_get, NO_ARGS, &erasure_shape, out);

    if (rc == E_NOT_FOUND) {
        ctx_forgive(c);
        *out = (struct erasure){.state = "none"};
        rc = OK;
    }
    out->days = conf_number(CONF_erase_days);
    return rc;
}

static const struct stmt q_add = {
    "erasure_add", "INSERT INTO tenant_erasure (tenant_id, id, actor, due_at)"
                   " VALUES (tenant_now(), $1, $2, now() + make_interval(days => $3::int))"
                   " ON CONFLICT DO NOTHING"};

rc_t erasure_add(struct ctx *c)
{
    const char *id = id_new(c->mem);
    int64_t added, days = conf_number(CONF_erase_days);

    TRY(db_exec(c, &q_add, ARGS(A(id), A(c->actor), A(days)), &added));
    if (added == 0)
        return ctx_fail(c, E_CONFLICT, "erasure_waiting", "It was asked for already.");
    TRY(job_add_after(c, id_new(c->mem), "tenant_erase", id, days * 86400));
    return audit_add(c, c->actor, "tenant.erasure_asked", c->tenant_id,
                     text_printf(c->mem, "{\"days\":%lld}", (long long)days));
}

static const struct stmt q_stop = {"erasure_stop",
                                   "UPDATE tenant_erasure SET state = 'stopped' WHERE tenant_id = "
                                   "tenant_now() AND state = 'waiting'"};

rc_t erasure_stop(struct ctx *c)
{
    int64_t stopped;

    TRY(db_exec(c, &q_stop, NO_ARGS, &stopped));
    if (stopped == 0)
        return ctx_fail(c, E_CONFLICT, "erasure_not_waiting", "There is nothing to stop.");
    return audit_add(c, c->actor, "tenant.erasure_stopped", c->tenant_id, "{}");
}

/* An address that was not proven could be anybody's. */
static const struct stmt q_admins = {
    "erasure_admins",
    "SELECT m.person_id, p.email FROM membership m, LATERAL person_get(m.person_id) p"
    " WHERE m.tenant_id = tenant_now() AND m.role = 'admin' AND p.verified ORDER BY 1"};

rc_t erasure_mail(struct ctx *c, const char *kind)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_admins, NO_ARGS, &rows));
    for (int i = 0; i < rows.count; i++)
        TRY(mail_add(c, db_text(&rows, i, 0), kind, db_text(&rows, i, 1)));
    return OK;
}

static const struct stmt q_start = {
    "erasure_start",
    "UPDATE tenant_erasure SET state = CASE state WHEN 'waiting' THEN 'running' ELSE state END"
    " WHERE tenant_id = tenant_now() AND id = $1"
    " AND (state IN ('running', 'blanking') OR state = 'waiting' AND due_at <= now())"};

rc_t erasure_start(struct ctx *c, const char *id, bool *go)
{
    int64_t started;

    TRY(db_exec(c, &q_start, ARGS(A(id)), &started));
    *go = started == 1;
    return OK;
}

static const struct stmt q_force = {
    "erasure_force", "UPDATE tenant_erasure SET state = 'running' WHERE tenant_id = tenant_now() "
                     "AND state = 'waiting'"};

rc_t erasure_now(struct ctx *c)
{
    const char *id = id_new(c->mem), *host = "host";

    TRY(db_exec(c, &q_add, ARGS(A(id), A(host), A((int64_t)0)), NULL));
    return db_exec(c, &q_force, NO_ARGS, NULL);
}

static const struct stmt q_begin = {"erasure_begin", "SELECT erase_begin($1)"};

rc_t erasure_begin(struct ctx *c, const char *kept)
{
    return db_exec(c, &q_begin, ARGS(A(kept)), NULL);
}

static const struct stmt q_rows = {"erasure_rows", "SELECT erase_step($1)"};

rc_t erasure_rows(struct ctx *c, const char **table)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_rows, ARGS(A(STEP_ROWS)), &rows));
    *table = db_text(&rows, 0, 0);
    return OK;
}

static const struct stmt q_quiet = {"erasure_quiet", "SELECT erase_quiet()::int"};

rc_t erasure_quiet(struct ctx *c, bool *quiet)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_quiet, NO_ARGS, &rows));
    *quiet = db_int(&rows, 0, 0) == 1;
    return OK;
}

static const struct stmt q_blanking = {
    "erasure_blanking",
    "UPDATE tenant_erasure SET state = 'blanking' WHERE tenant_id = tenant_now() AND state = "
    "'running'"};

rc_t erasure_word(struct ctx *c)
{
    int64_t first;

    TRY(db_exec(c, &q_blanking, NO_ARGS, &first));
    if (first == 0)
        return OK;
    TRY(audit_add(c, "system", "tenant.erased", c->tenant_id, "{}"));
    return audit_head_sign(c);
}

static const struct stmt q_words = {"erasure_words", "SELECT erase_words($1)"};

rc_t erasure_words(struct ctx *c, int64_t *count)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_words, ARGS(A(STEP_ROWS)), &rows));
    *count = db_int(&rows, 0, 0);
    return OK;
}

static const struct stmt q_end = {"erasure_end", "SELECT erase_end()"};

rc_t erasure_end(struct ctx *c)
{
    return db_exec(c, &q_end, NO_ARGS, NULL);
}

static const struct stmt q_mails = {
    "erasure_mails",
    "SELECT id FROM mail WHERE tenant_id = tenant_now() AND id > $1::uuid ORDER BY "
    "id LIMIT $2"};

rc_t erasure_mails(struct ctx *c, const char *after, const char ***ids, size_t *count)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_mails, ARGS(A(after), A(MAILS)), &rows));
    *count = (size_t)rows.count;
    *ids = arena_take(c->mem, (*count + 1) * sizeof(**ids));
    for (int i = 0; i < rows.count; i++)
        (*ids)[i] = db_text(&rows, i, 0);
    return OK;
}
