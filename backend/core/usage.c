/* See usage.h. */
#include "core/usage.h"

#include "io/db.h"

/*
 * The newest price that holds today, for the longest model name that fits: prices are per model
 * family, versions vary. A vendor that counts more cached tokens than there were in all is taken at
 * the latter, so that its slip costs nobody an answer.
 */
static const struct stmt q_usage = {
    "usage_add",
    "INSERT INTO usage (tenant_id, job_id, step_no, employee_id, provider, model, input_tokens, "
    "cached_tokens,"
    " output_tokens, counted, cost_micros, price_from)"
    " SELECT tenant_now(), $1, $2, $3, $4, $5, $6, cached_in, $8, $9,"
    " coalesce(ceil((($6::bigint - cached_in)::numeric * p.input + cached_in::numeric * p.cached"
    "  + $8::bigint::numeric * p.output) / 1000000), 0)::bigint, p.valid_from"
    " FROM (SELECT least($7::bigint, $6::bigint) AS cached_in) u LEFT JOIN LATERAL (SELECT * FROM "
    "price WHERE provider = $4"
    "  AND (model = $5 OR (right(model, 1) = '*' AND starts_with($5, left(model, -1))))"
    "  AND valid_from <= current_date ORDER BY length(model) DESC, valid_from DESC LIMIT 1) p ON "
    "true"
    " ON CONFLICT (tenant_id, job_id, step_no) DO NOTHING"};

rc_t usage_add(struct ctx *c, const struct job *job, const struct usage *u)
{
    return db_later(c, &q_usage,
                    ARGS(A(job->id), A(u->step_no), A(u->employee_id), A(u->provider), A(u->model),
                         A(u->input_tokens), A(u->cached_tokens), A(u->output_tokens),
                         A(u->counted)));
}
