/* See usage_sum.h. */
#include "core/usage_sum.h"

static const struct field fields[] = {
    FIELD(struct usage_sum, id, READ_ONLY, 0,
          "The hour or day (UTC), the employee's, team's or key's id, or provider and model"),
    FIELD(struct usage_sum, name, READ_ONLY | NULLABLE, 200, "Of the employee, team or key"),
    FIELD(struct usage_sum, calls, READ_ONLY, 0, "Calls of models, failed ones that cost included"),
    FIELD(struct usage_sum, failed, READ_ONLY, 0, "Of these, failed"),
    FIELD(struct usage_sum, input_tokens, READ_ONLY, 0, NULL),
    FIELD(struct usage_sum, cached_tokens, READ_ONLY, 0, "Of these, read from a provider's cache"),
    FIELD(struct usage_sum, output_tokens, READ_ONLY, 0, NULL),
    FIELD(struct usage_sum, reasoning_tokens, READ_ONLY, 0, "Of these, for reasoning"),
    FIELD(struct usage_sum, images, READ_ONLY, 0, "Images that went with the questions"),
    FIELD(struct usage_sum, cost_micros, READ_ONLY, 0, "Millionths of a US dollar"),
    FIELD(struct usage_sum, estimated, READ_ONLY, 0,
          "Calls whose tokens the provider did not tell: they are our own count"),
    FIELD(struct usage_sum, unknown, READ_ONLY, 0,
          "Calls that broke off unseen; they count at the most that they can have cost"),
};
const struct shape usage_sum_shape = SHAPE("UsageSum", struct usage_sum, fields);

/* One call, as a row of an hour. */
#define OF_CALL                                                                       \
    " u.created_at AS hour, u.employee_id, u.team_id, u.key_id, u.provider, u.model," \
    " 1::bigint AS calls, (u.outcome = 'failed')::int AS failed,"                     \
    " (u.outcome = 'unknown')::int AS unknown,"                                       \
    " (NOT u.counted AND u.outcome <> 'unknown')::int AS estimated, u.input_tokens,"  \
    " u.cached_tokens, u.output_tokens, u.reasoning_tokens, u.images, u.cost_micros"

/* Times go backwards: their key is turned round, so that one order serves all. */
static const struct stmt q_sums = {
    "usage_sums",
    "WITH asked AS (SELECT CASE $5::bigint WHEN 0 THEN now() - interval '30 days'"
    "   ELSE to_timestamp($5::bigint) END AS a,"
    "  CASE $6::bigint WHEN 0 THEN 'infinity' ELSE to_timestamp($6::bigint) END AS z),"
    " span AS MATERIALIZED (SELECT a, z, date_trunc('hour', z, 'UTC') AS last,"
    "  date_trunc('hour', a + interval '1 hour' - interval '1 microsecond', 'UTC') AS first"
    "  FROM asked),"
    " u AS (SELECT h.hour, h.employee_id, h.team_id, h.key_id, h.provider, h.model, h.calls,"
    "   h.failed, h.unknown, h.estimated, h.input_tokens, h.cached_tokens, h.output_tokens,"
    "   h.reasoning_tokens, h.images, h.cost_micros FROM usage_hour h, span"
    "   WHERE h.tenant_id = tenant_now() AND h.hour >= span.first AND h.hour < span.last"
    "  UNION ALL SELECT f.hour, f.employee_id, f.team_id, f.key_id, f.provider, f.model, f.calls,"
    "   f.failed, f.unknown, f.estimated, f.input_tokens, f.cached_tokens, f.output_tokens,"
    "   f.reasoning_tokens, f.images, f.cost_micros FROM usage_fresh f, span"
    "   WHERE f.tenant_id = tenant_now() AND f.hour >= span.first AND f.hour < span.last"
    "  UNION ALL SELECT" OF_CALL " FROM span, usage u WHERE u.tenant_id = tenant_now()"
    "    AND u.created_at >= span.a AND u.created_at < least(span.first, span.z)"
    "  UNION ALL SELECT" OF_CALL " FROM span, usage u WHERE u.tenant_id = tenant_now()"
    "    AND u.created_at >= greatest(span.first, span.last) AND u.created_at < span.z),"
    " named AS (SELECT u.*, CASE $4"
    "   WHEN 'hour' THEN to_char(u.hour AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:00\"Z\"')"
    "   WHEN 'day' THEN to_char(u.hour AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    "   WHEN 'model' THEN u.provider || ' ' || u.model WHEN 'key' THEN u.key_id::text"
    "   WHEN 'team' THEN u.team_id::text ELSE u.employee_id::text END AS id FROM u),"
    " s AS (SELECT id, sum(calls)::bigint AS calls, sum(failed)::bigint AS failed,"
    "   sum(input_tokens)::bigint AS input_tokens, sum(cached_tokens)::bigint AS cached_tokens,"
    "   sum(output_tokens)::bigint AS output_tokens,"
    "   sum(reasoning_tokens)::bigint AS reasoning_tokens, sum(images)::bigint AS images,"
    "   sum(cost_micros)::bigint AS cost_micros, sum(estimated)::bigint AS estimated,"
    "   sum(unknown)::bigint AS unknown, CASE WHEN $4 IN ('hour', 'day')"
    "    THEN translate(id, '0123456789', '9876543210') ELSE id END AS place"
    "  FROM named WHERE id IS NOT NULL GROUP BY id)"
    " SELECT s.id, CASE $4 WHEN 'employee' THEN (SELECT e.name FROM employee e"
    "    WHERE e.tenant_id = tenant_now() AND e.id::text = s.id)"
    "   WHEN 'team' THEN (SELECT t.name FROM team t"
    "    WHERE t.tenant_id = tenant_now() AND t.id::text = s.id)"
    "   WHEN 'key' THEN (SELECT k.name FROM api_key k"
    "    WHERE k.tenant_id = tenant_now() AND k.id::text = s.id) END AS name,"
    "  s.calls, s.failed, s.input_tokens, s.cached_tokens, s.output_tokens, s.reasoning_tokens,"
    "  s.images, s.cost_micros, s.estimated, s.unknown,"
    "  s.place AS page_key, coalesce($2, '') AS page_id FROM s"
    " WHERE s.place > coalesce($1, '') ORDER BY s.place LIMIT $3"};

rc_t usage_sums(struct ctx *c, const char *by, int64_t from, int64_t to, struct page *page,
                struct usage_sum **items, size_t *count)
{
    return db_page(c, &q_sums, page, ARGS(A(by), A(from), A(to)), &usage_sum_shape, (void **)items,
                   count);
}
