/* See turn_record.h. */
#include "core/turn_record.h"

#include "base/shape.h"
#include "io/db.h"

static const struct field fields[] = {
    FIELD(struct inbound, id, 0, 0, NULL),          FIELD(struct inbound, connection_id, 0, 0, NULL),
    FIELD(struct inbound, message_key, 0, 0, NULL), FIELD(struct inbound, conversation_id, 0, 0, NULL),
    FIELD(struct inbound, reply_to, 0, 0, NULL),    FIELD(struct inbound, author, 0, 0, NULL),
    FIELD(struct inbound, author_name, 0, 0, NULL), FIELD(struct inbound, text, 0, 0, NULL),
};
static const struct shape inbound_shape = SHAPE("Inbound", struct inbound, fields);

static const struct stmt q_add = {
    "inbound_add",
    "INSERT INTO inbound (tenant_id, id, connection_id, message_key, conversation_id, reply_to, author, author_name, text)"
    " VALUES (tenant_now(), $1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, connection_id, message_key) DO NOTHING"};

rc_t inbound_add(struct ctx *c, const struct inbound *in, bool *fresh)
{
    int64_t affected;

    TRY(db_exec(c, &q_add,
                ARGS(A(in->id), A(in->connection_id), A(in->message_key), A(in->conversation_id), A(in->reply_to),
                     A(in->author), A(in->author_name), A(in->text)),
                &affected));
    *fresh = affected == 1;
    return OK;
}

static const struct stmt q_get = {
    "inbound_get", "SELECT id, connection_id, message_key, conversation_id, reply_to, author, author_name, text"
                   " FROM inbound WHERE tenant_id = tenant_now() AND id = $1"};

rc_t inbound_get(struct ctx *c, const char *id, struct inbound *out)
{
    return db_one(c, &q_get, ARGS(A(id)), &inbound_shape, out);
}

static const struct stmt q_step_find = {
    "step_find", "SELECT result FROM step WHERE tenant_id = tenant_now() AND job_id = $1 AND step_no = $2 AND kind = $3"
                 " AND request_hash = $4"};

rc_t step_find(struct ctx *c, const struct job *job, int64_t step_no, const char *kind, struct bytes request_hash,
               const char **result)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_step_find, ARGS(A(job->id), A(step_no), A(kind), A(request_hash)), &rows));
    *result = rows.count == 0 ? NULL : db_text(&rows, 0, 0);
    return OK;
}

static const struct stmt q_step_add = {
    "step_add", "INSERT INTO step (tenant_id, job_id, step_no, kind, request_hash, result)"
                " VALUES (tenant_now(), $1, $2, $3, $4, $5) ON CONFLICT (tenant_id, job_id, step_no, kind) DO NOTHING"};

rc_t step_add(struct ctx *c, const struct job *job, int64_t step_no, const char *kind, struct bytes request_hash,
              const char *result)
{
    return db_exec(c, &q_step_add, ARGS(A(job->id), A(step_no), A(kind), A(request_hash), A(result)), NULL);
}

/* The newest price that holds today, for the longest model name that fits: prices are per model family, versions vary. */
static const struct stmt q_usage = {
    "usage_add",
    "INSERT INTO usage (tenant_id, job_id, step_no, employee_id, provider, model, input_tokens, cached_tokens,"
    " output_tokens, counted, cost_micros, price_from)"
    " SELECT tenant_now(), $1, $2, $3, $4, $5, $6, $7, $8, $9,"
    " coalesce(ceil((($6::bigint - $7::bigint)::numeric * p.input + $7::bigint::numeric * p.cached"
    "  + $8::bigint::numeric * p.output) / 1000000), 0)::bigint, p.valid_from"
    " FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT * FROM price WHERE provider = $4 AND starts_with($5, model)"
    "  AND valid_from <= current_date ORDER BY length(model) DESC, valid_from DESC LIMIT 1) p ON true"
    " ON CONFLICT (tenant_id, job_id, step_no) DO NOTHING"};

rc_t usage_add(struct ctx *c, const struct job *job, const struct usage *u)
{
    return db_exec(c, &q_usage,
                   ARGS(A(job->id), A(u->step_no), A(u->employee_id), A(u->provider), A(u->model), A(u->input_tokens),
                        A(u->cached_tokens), A(u->output_tokens), A(u->counted)),
                   NULL);
}
