/* See usage.h. */
#include "core/usage.h"

#include "io/db.h"

static const struct stmt q_usage = {
    "usage_add",
    "INSERT INTO usage (tenant_id, id, job_id, step_no, employee_id, conversation_id, key_id,"
    "  provider, model, input_tokens, cached_tokens, cache_written_tokens, output_tokens,"
    "  reasoning_tokens, counted, cost_micros, price_from, ms, outcome)"
    " VALUES (tenant_now(), $1, $2, $3, $4, $5, $6, $7, $8, $9, least($10::bigint, $9::bigint),"
    "  $11, $12, $13, $14, $15, $16::date, $17, $18) ON CONFLICT DO NOTHING"};

rc_t usage_add(struct ctx *c, const struct usage *u)
{
    struct arg none = arg_text(NULL);

    return db_later(c, &q_usage,
                    ARGS(A(u->id), u->job == NULL ? none : A(u->job->id),
                         u->job == NULL || u->step_no < 0 ? none : A(u->step_no), A(u->employee_id),
                         A(u->conversation_id), A(u->key_id), A(u->provider), A(u->model),
                         A(u->tokens.input), A(u->tokens.cached), A(u->tokens.cache_written),
                         A(u->tokens.output), A(u->reasoning_tokens), A(u->counted),
                         A(u->cost_micros), A(u->price_from), A(u->ms), A(u->outcome)));
}
