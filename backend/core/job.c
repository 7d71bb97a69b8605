/* See job.h. */
#include "core/job.h"

#include "base/conf.h"
#include "base/id.h"
#include "io/crypto.h"
#include "io/db.h"

#define BACKOFF_MOST_S 600
#define REASON_MAX 600

static const struct stmt q_add = {"job_add",
                                  "INSERT INTO job (tenant_id, id, kind, lane_id, subject_id) "
                                  "VALUES (tenant_now(), $1, $2, $3, $4)"
                                  " ON CONFLICT (tenant_id, subject_id, kind) DO NOTHING"};

rc_t job_add(struct ctx *c, const char *id, const char *kind, const char *lane_id,
             const char *subject_id)
{
    return db_exec(c, &q_add, ARGS(A(id), A(kind), A(lane_id), A(subject_id)), NULL);
}

static const struct stmt q_after = {
    "job_add_after",
    "INSERT INTO job (tenant_id, id, kind, lane_id, subject_id, run_at)"
    " VALUES (tenant_now(), $1::uuid, $2, $1::uuid, $3, now() + make_interval(secs => $4::bigint))"
    " ON CONFLICT (tenant_id, subject_id, kind) DO NOTHING"};

rc_t job_add_after(struct ctx *c, const char *id, const char *kind, const char *subject_id,
                   int64_t wait_s)
{
    return db_exec(c, &q_after, ARGS(A(id), A(kind), A(subject_id), A(wait_s)), NULL);
}

static const struct stmt q_heir = {
    "job_add_heir",
    "INSERT INTO job (tenant_id, id, number, kind, lane_id, subject_id) OVERRIDING SYSTEM VALUE"
    " SELECT tenant_now(), $1, number, $2, lane_id, id FROM job WHERE tenant_id = tenant_now() AND "
    "id = $3"
    " ON CONFLICT (tenant_id, subject_id, kind) DO NOTHING"};

rc_t job_add_heir(struct ctx *c, const char *id, const char *kind, const struct job *job)
{
    return db_exec(c, &q_heir, ARGS(A(id), A(kind), A(job->id)), NULL);
}

static const struct stmt q_claim = {
    "job_claim",
    "UPDATE job j SET state = 'running', holder = $2, fence = fence + 1,"
    " deaths = deaths + (state = 'running')::int, lease_until = clock_timestamp() + "
    "make_interval(secs => $3::int)"
    " WHERE id = $1 AND run_at <= clock_timestamp()"
    " AND (state = 'ready' OR (state = 'running' AND lease_until < clock_timestamp()))"
    " AND NOT EXISTS (SELECT 1 FROM job p WHERE p.tenant_id = j.tenant_id"
    "  AND p.lane_id = j.lane_id AND p.id <> j.id AND p.state = 'running')"
    " AND NOT EXISTS (SELECT 1 FROM job p WHERE p.tenant_id = j.tenant_id"
    "  AND p.lane_id = j.lane_id AND p.state = 'ready' AND p.number < j.number)"
    " RETURNING id, kind, lane_id, subject_id, holder, number, fence, deaths, errors,"
    " (extract(epoch FROM clock_timestamp() - created_at) * 1000)::bigint AS waited_ms"};

static const struct field fields[] = {
    FIELD(struct job, id, 0, 0, NULL),      FIELD(struct job, kind, 0, 0, NULL),
    FIELD(struct job, lane_id, 0, 0, NULL), FIELD(struct job, subject_id, 0, 0, NULL),
    FIELD(struct job, holder, 0, 0, NULL),  FIELD(struct job, number, 0, 0, NULL),
    FIELD(struct job, fence, 0, 0, NULL),   FIELD(struct job, deaths, 0, 0, NULL),
    FIELD(struct job, errors, 0, 0, NULL),  FIELD(struct job, waited_ms, 0, 0, NULL),
};
static const struct shape job_shape = SHAPE("Job", struct job, fields);

rc_t job_claim(struct ctx *c, const char *id, struct job *out, bool *claimed)
{
    rc_t rc = db_one(c, &q_claim,
                     ARGS(A(id), A(id_new(c->mem)), A(conf_number(CONF_lease_seconds))), &job_shape,
                     out);

    /*
     * E_CONFLICT: another job of the lane started in the same moment, and the unique index refused
     * this one.
     */
    *claimed = rc == OK;
    if (rc == E_NOT_FOUND || rc == E_CONFLICT) {
        ctx_forgive(c);
        return OK;
    }
    return rc;
}

static rc_t lost(struct ctx *c, const struct job *job)
{
    return ctx_fail(c, E_CONFLICT, "job_lost", "job %s is held by somebody else now", job->id);
}

static rc_t held_exec(struct ctx *c, const struct job *job, const struct stmt *q, struct args args)
{
    int64_t affected;

    TRY(db_exec(c, q, args, &affected));
    return affected == 1 ? OK : lost(c, job);
}

#define HELD " WHERE id = $1 AND holder = $2 AND state = 'running'"

static const struct stmt q_guard = {"job_guard", "SELECT 1 FROM job" HELD " FOR UPDATE"};

rc_t job_guard(struct ctx *c, const struct job *job)
{
    return held_exec(c, job, &q_guard, ARGS(A(job->id), A(job->holder)));
}

rc_t job_lock(struct ctx *c, const struct job *job)
{
    return db_later(c, &q_guard, ARGS(A(job->id), A(job->holder)));
}

static const struct stmt q_wait = {"job_wait", "SELECT 1 FROM job WHERE id = $1 FOR UPDATE"};

rc_t job_wait(struct ctx *c, const struct job *job)
{
    return db_exec(c, &q_wait, ARGS(A(job->id)), NULL);
}

static const struct stmt q_done = {
    "job_done",
    "UPDATE job SET state = 'done', lease_until = NULL, finished_at = clock_timestamp()" HELD};

rc_t job_done(struct ctx *c, const struct job *job)
{
    return held_exec(c, job, &q_done, ARGS(A(job->id), A(job->holder)));
}

/* A reason that the column would refuse must not keep a job from its end. */
static const char *reason(struct ctx *c, const char *why)
{
    return text_clean(c->mem, why, REASON_MAX);
}

static const struct stmt q_dead = {"job_dead",
                                   "UPDATE job SET state = 'dead', last_error = $3, lease_until = "
                                   "NULL, finished_at = clock_timestamp()" HELD};

rc_t job_dead(struct ctx *c, const struct job *job, const char *why)
{
    return held_exec(c, job, &q_dead, ARGS(A(job->id), A(job->holder), A(reason(c, why))));
}

static const struct stmt q_retry = {
    "job_retry", "UPDATE job SET state = 'ready', holder = NULL, lease_until = NULL, errors = "
                 "errors + 1, last_error = $3,"
                 " run_at = clock_timestamp() + make_interval(secs => $4::bigint / 1000.0)" HELD};

/*
 * Full jitter: anywhere between nothing and the doubled wait, so that what failed together does not
 * come back together.
 */
static int64_t backoff_ms(int64_t errors)
{
    int64_t most_s = errors > 9 ? BACKOFF_MOST_S : (int64_t)1 << errors;

    if (most_s > BACKOFF_MOST_S)
        most_s = BACKOFF_MOST_S;
    return crypto_random_below(most_s * 1000) + 50;
}

rc_t job_retry(struct ctx *c, const struct job *job, const char *why)
{
    return held_exec(
        c, job, &q_retry,
        ARGS(A(job->id), A(job->holder), A(reason(c, why)), A(backoff_ms(job->errors))));
}

static const struct stmt q_later = {
    "job_later", "UPDATE job SET state = 'ready', holder = NULL, lease_until = NULL,"
                 " run_at = clock_timestamp() + make_interval(secs => $3::bigint / 1000.0)" HELD};

rc_t job_later(struct ctx *c, const struct job *job, int64_t wait_ms)
{
    return held_exec(c, job, &q_later, ARGS(A(job->id), A(job->holder), A(wait_ms)));
}

static const struct stmt q_next = {"job_next_in_lane",
                                   "SELECT id FROM job WHERE tenant_id = tenant_now() AND lane_id "
                                   "= $1 AND state = 'ready' ORDER BY number LIMIT 1"};

rc_t job_next_in_lane(struct ctx *c, const char *lane_id, const char **id)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_next, ARGS(A(lane_id)), &rows));
    *id = rows.count == 0 ? NULL : db_text(&rows, 0, 0);
    return OK;
}

/*
 * Tenants are found by hopping along the index, and of each only the oldest due jobs are looked at,
 * so that a backlog, even one of a single conversation, costs little. Those behind come when these
 * are done.
 */
static const struct stmt q_sweep = {
    "job_sweep",
    "WITH RECURSIVE waiting AS ("
    "  (SELECT tenant_id FROM job WHERE state = 'ready' ORDER BY tenant_id LIMIT 1)"
    "  UNION ALL SELECT (SELECT j.tenant_id FROM job j WHERE j.state = 'ready'"
    "   AND j.tenant_id > w.tenant_id ORDER BY j.tenant_id LIMIT 1)"
    "   FROM waiting w WHERE w.tenant_id IS NOT NULL)"
    " SELECT tenant_id, id FROM ("
    "  SELECT tenant_id, id, number, 0 AS place FROM job"
    "   WHERE state = 'running' AND lease_until < clock_timestamp()"
    "  UNION ALL"
    "  SELECT first.tenant_id, first.id, first.number, first.place + busy.count FROM waiting w,"
    "   LATERAL (SELECT count(*) FROM job r WHERE $3::boolean AND r.tenant_id = w.tenant_id"
    "    AND r.state = 'running' AND r.lease_until >= clock_timestamp()) busy,"
    "   LATERAL (SELECT j.*, row_number() OVER (ORDER BY j.number) AS place FROM"
    "    (SELECT tenant_id, id, lane_id, number FROM job d WHERE d.tenant_id = w.tenant_id"
    "      AND d.state = 'ready' AND d.run_at <= clock_timestamp() ORDER BY d.number LIMIT 256) j"
    "    WHERE NOT EXISTS (SELECT 1 FROM job p WHERE p.tenant_id = j.tenant_id"
    "     AND p.lane_id = j.lane_id AND p.state = 'running')"
    "    AND NOT EXISTS (SELECT 1 FROM job p WHERE p.tenant_id = j.tenant_id"
    "     AND p.lane_id = j.lane_id AND p.state = 'ready' AND p.number < j.number)) first"
    "   WHERE first.place + busy.count <= $1) s"
    " ORDER BY place, number LIMIT $2"};

rc_t job_sweep(struct ctx *c, int64_t per_tenant, bool less_running, int64_t most,
               struct job_hint **hints, size_t *count)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_sweep, ARGS(A(per_tenant), A(most), A(less_running)), &rows));
    *count = (size_t)rows.count;
    *hints = arena_take(c->mem, (*count + 1) * sizeof(**hints));
    for (int i = 0; i < rows.count; i++)
        (*hints)[i] = (struct job_hint){db_text(&rows, i, 0), db_text(&rows, i, 1)};
    return db_commit(c);
}

/* The held jobs as one array literal: uuids need no quoting. */
static char *array_of(struct arena *mem, const char *const *ids, size_t count)
{
    struct buf b = buf_new(mem, MIB(1));

    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s%s", i == 0 ? "{" : ",", ids[i]);
    buf_text(&b, count == 0 ? "{}" : "}");
    return text_dup(mem, buf_str(&b));
}

static const struct stmt q_renew = {
    "job_renew", "UPDATE job SET lease_until = clock_timestamp() + make_interval(secs => $3::int)"
                 " FROM unnest($1::uuid[], $2::uuid[]) AS held(job_id, job_holder)"
                 " WHERE id = job_id AND holder = job_holder AND state = 'running' RETURNING id"};

rc_t job_renew(struct ctx *c, const char *const *ids, const char *const *holders, bool *held,
               size_t count)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_renew,
                ARGS(A(array_of(c->mem, ids, count)), A(array_of(c->mem, holders, count)),
                     A(conf_number(CONF_lease_seconds))),
                &rows));
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < rows.count; k++)
            if (text_is(ids[i], db_text(&rows, k, 0)))
                held[i] = true;
    return db_commit(c);
}
