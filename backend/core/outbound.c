/* See outbound.h. */
#include "core/outbound.h"

#include "base/id.h"
#include "io/db.h"

static const struct field fields[] = {
    FIELD(struct outbound, id, 0, 0, NULL),
    FIELD(struct outbound, job_id, 0, 0, NULL),
    FIELD(struct outbound, connection_id, 0, 0, NULL),
    FIELD(struct outbound, token, 0, 0, NULL),
    FIELD(struct outbound, reply_to, 0, 0, NULL),
    FIELD(struct outbound, text, 0, 0, NULL),
    FIELD(struct outbound, state, 0, 0, NULL),
    FIELD(struct outbound, provider_id, 0, 0, NULL),
    FIELD(struct outbound, fault, 0, 0, NULL),
    FIELD(struct outbound, part_no, 0, 0, NULL),
    FIELD(struct outbound, attempts, 0, 0, NULL),
    FIELD(struct outbound, sending_ms, 0, 0, NULL),
    FIELD(struct outbound, started_at, 0, 0, NULL),
};
static const struct shape outbound_shape = SHAPE("Outbound", struct outbound, fields);

static const struct stmt q_add = {
    "outbound_add",
    "INSERT INTO outbound (tenant_id, id, job_id, part_no, connection_id, token, reply_to, text)"
    " VALUES (tenant_now(), $1::uuid, $2, $3, $4, $1::uuid::text, $5, $6)"
    " ON CONFLICT (tenant_id, job_id, part_no) DO NOTHING"};

rc_t outbound_add(struct ctx *c, const struct job *job, int64_t part_no, const char *connection_id,
                  const char *reply_to, const char *text)
{
    const char *part = text_printf(c->mem, "%lld", (long long)part_no);
    const char *id = ID_OF(c->mem, BYTES("outbound"), bytes_of(job->id), bytes_of(part));

    return db_later(c, &q_add,
                    ARGS(A(id), A(job->id), A(part_no), A(connection_id), A(reply_to), A(text)));
}

static const struct stmt q_list = {
    "outbound_list",
    "SELECT id, job_id, connection_id, token, reply_to, text, state, provider_id, fault, part_no, "
    "attempts,"
    " coalesce((extract(epoch FROM clock_timestamp() - started_at) * 1000)::bigint, -1) AS "
    "sending_ms,"
    " coalesce(extract(epoch FROM started_at)::bigint, 0) AS started_at"
    " FROM outbound WHERE tenant_id = tenant_now() AND job_id = $1 ORDER BY part_no"};

rc_t outbound_list(struct ctx *c, const char *job_id, struct outbound **parts, size_t *count)
{
    void *items;

    TRY(db_list(c, &q_list, ARGS(A(job_id)), &outbound_shape, &items, count));
    *parts = items;
    return OK;
}

static const struct stmt q_sending = {
    "outbound_sending",
    "UPDATE outbound SET state = 'sending', attempts = attempts + 1, started_at = clock_timestamp()"
    " WHERE id = $1 AND state <> 'sent'"
    " AND EXISTS (SELECT 1 FROM job WHERE job.tenant_id = outbound.tenant_id AND job.id = job_id "
    "AND holder = $2"
    "  AND job.state = 'running')"};

rc_t outbound_sending(struct ctx *c, const struct job *job, const char *id)
{
    int64_t affected;

    TRY(job_lock(c, job));
    TRY(db_exec(c, &q_sending, ARGS(A(id), A(job->holder)), &affected));
    if (affected != 1)
        return ctx_fail(c, E_CONFLICT, "job_lost", "part %s is not ours to send", id);
    return OK;
}

static const struct stmt q_settle = {"outbound_settle",
                                     "UPDATE outbound SET state = $2, provider_id = coalesce($3, "
                                     "provider_id), fault = $4 WHERE id = $1 AND state <> 'sent'"};

rc_t outbound_settle(struct ctx *c, const char *id, const char *state, const char *provider_id,
                     const char *fault)
{
    return db_later(c, &q_settle, ARGS(A(id), A(state), A(provider_id), A(fault)));
}

static const struct stmt q_move = {
    "outbound_move",
    "UPDATE outbound SET job_id = $2 WHERE tenant_id = tenant_now() AND job_id = $1"};

rc_t outbound_move(struct ctx *c, const char *from_job_id, const char *to_job_id)
{
    return db_exec(c, &q_move, ARGS(A(from_job_id), A(to_job_id)), NULL);
}

static const struct stmt q_abandon = {
    "outbound_abandon",
    "UPDATE outbound SET state = CASE state WHEN 'sending' THEN 'needs_human' ELSE 'refused' END, "
    "fault = $2"
    " WHERE tenant_id = tenant_now() AND job_id = $1 AND state IN ('pending', 'sending')"};

rc_t outbound_abandon(struct ctx *c, const char *job_id, const char *why)
{
    return db_exec(c, &q_abandon, ARGS(A(job_id), A(why)), NULL);
}
