/* See usage_sum.h. */
#include "core/usage_sum.h"

static const struct field fields[] = {
    FIELD(struct usage_sum, id, READ_ONLY, 0,
          "The day (UTC), the employee's or key's id, or provider and model"),
    FIELD(struct usage_sum, name, READ_ONLY | NULLABLE, 200, "Of the employee or key"),
    FIELD(struct usage_sum, calls, READ_ONLY, 0, "Calls of models, failed ones that cost included"),
    FIELD(struct usage_sum, input_tokens, READ_ONLY, 0, NULL),
    FIELD(struct usage_sum, cached_tokens, READ_ONLY, 0, "Of these, read from a provider's cache"),
    FIELD(struct usage_sum, output_tokens, READ_ONLY, 0, NULL),
    FIELD(struct usage_sum, cost_micros, READ_ONLY, 0, "Millionths of a US dollar"),
    FIELD(struct usage_sum, unknown, READ_ONLY, 0,
          "Calls that broke off unseen; they count at the most that they can have cost"),
};
const struct shape usage_sum_shape = SHAPE("UsageSum", struct usage_sum, fields);

/* Days go backwards: their key is turned round, so that one order serves all. */
static const struct stmt q_sums = {
    "usage_sums",
    "WITH u AS (SELECT CASE $4 WHEN 'day' THEN to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    "   WHEN 'model' THEN provider || ' ' || model WHEN 'key' THEN key_id::text"
    "   ELSE employee_id::text END AS id, usage.input_tokens, usage.cached_tokens,"
    "  usage.output_tokens, usage.cost_micros, usage.outcome FROM usage"
    "  WHERE tenant_id = tenant_now() AND created_at < CASE $6::bigint WHEN 0 THEN 'infinity'"
    "    ELSE to_timestamp($6::bigint) END"
    "   AND created_at >= CASE $5::bigint WHEN 0 THEN now() - interval '30 days'"
    "    ELSE to_timestamp($5::bigint) END),"
    " s AS (SELECT id, count(*) AS calls, sum(input_tokens)::bigint AS input_tokens,"
    "   sum(cached_tokens)::bigint AS cached_tokens, sum(output_tokens)::bigint AS output_tokens,"
    "   sum(cost_micros)::bigint AS cost_micros,"
    "   count(*) FILTER (WHERE outcome = 'unknown') AS unknown,"
    "   CASE $4 WHEN 'day' THEN translate(id, '0123456789', '9876543210') ELSE id END AS place"
    "  FROM u WHERE id IS NOT NULL GROUP BY id)"
    " SELECT s.id, CASE $4 WHEN 'employee' THEN (SELECT e.name FROM employee e"
    "    WHERE e.tenant_id = tenant_now() AND e.id::text = s.id)"
    "   WHEN 'key' THEN (SELECT k.name FROM api_key k"
    "    WHERE k.tenant_id = tenant_now() AND k.id::text = s.id) END AS name,"
    "  s.calls, s.input_tokens, s.cached_tokens, s.output_tokens, s.cost_micros, s.unknown,"
    "  s.place AS page_key, coalesce($2, '') AS page_id FROM s"
    " WHERE s.place > coalesce($1, '') ORDER BY s.place LIMIT $3"};

rc_t usage_sums(struct ctx *c, const char *by, int64_t from, int64_t to, struct page *page,
                struct usage_sum **items, size_t *count)
{
    return db_page(c, &q_sums, page, ARGS(A(by), A(from), A(to)), &usage_sum_shape, (void **)items,
                   count);
}
