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

static const struct stmt q_step_list = {
    "step_list", "SELECT step_no, kind, request_hash, result FROM step"
                 " WHERE tenant_id = tenant_now() AND job_id = $1 ORDER BY step_no, kind"};

rc_t step_list(struct ctx *c, const struct job *job, struct step **items, size_t *count)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_step_list, ARGS(A(job->id)), &rows));
    *count = (size_t)rows.count;
    *items = arena_take(c->mem, (*count + 1) * sizeof(**items));
    for (int i = 0; i < rows.count; i++) {
        struct step *s = &(*items)[i];

        *s = (struct step){.number = db_int(&rows, i, 0),
                           .kind = db_text(&rows, i, 1),
                           .result = db_text(&rows, i, 3)};
        TRY(db_raw(c, &rows, i, 2, &s->request_hash));
    }
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
