/* See step.h. */
#include "core/step.h"

#include "io/db.h"

static const struct stmt q_step_find = {"step_find",
                                        "SELECT result FROM step WHERE tenant_id = tenant_now() "
                                        "AND job_id = $1 AND step_no = $2 AND kind = $3"
                                        " AND request_hash = $4"};

rc_t step_find(struct ctx *c, const struct job *job, int64_t step_no, const char *kind,
               struct bytes request_hash, const char **result)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_step_find, ARGS(A(job->id), A(step_no), A(kind), A(request_hash)), &rows));
    *result = rows.count == 0 ? NULL : db_text(&rows, 0, 0);
    return OK;
}

static const struct stmt q_step_add = {
    "step_add", "INSERT INTO step (tenant_id, job_id, step_no, kind, request_hash, result)"
                " VALUES (tenant_now(), $1, $2, $3, $4, $5) ON CONFLICT (tenant_id, job_id, "
                "step_no, kind) DO NOTHING"};

rc_t step_add(struct ctx *c, const struct job *job, int64_t step_no, const char *kind,
              struct bytes request_hash, const char *result)
{
    return db_later(c, &q_step_add,
                    ARGS(A(job->id), A(step_no), A(kind), A(request_hash), A(result)));
}
