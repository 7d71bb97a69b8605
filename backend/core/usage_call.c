/* See usage_call.h. */
#include "core/usage_call.h"

static const struct field fields[] = {
    FIELD(struct usage_call, id, READ_ONLY, 36, NULL),
    FIELD(struct usage_call, created, READ_ONLY, 0, "When it had ended, in seconds UTC"),
    FIELD(struct usage_call, employee_id, READ_ONLY | NULLABLE, 36, NULL),
    FIELD(struct usage_call, employee, READ_ONLY | NULLABLE, 100, "The employee's name"),
    FIELD(struct usage_call, team_id, READ_ONLY | NULLABLE, 36,
          "The team that the employee was in at that time"),
    FIELD(struct usage_call, conversation_id, READ_ONLY | NULLABLE, 36, NULL),
    FIELD(struct usage_call, key_id, READ_ONLY | NULLABLE, 36, NULL),
    FIELD(struct usage_call, key, READ_ONLY | NULLABLE, 100, "The API key's name"),
    FIELD(struct usage_call, account_id, READ_ONLY | NULLABLE, 36,
          "The company's own account that was asked; null: one of the instance"),
    FIELD(struct usage_call, provider, READ_ONLY, 40, NULL),
    FIELD(struct usage_call, model, READ_ONLY, 200, NULL),
    FIELD_OF(struct usage_call, outcome, READ_ONLY, "answered refused failed unknown",
             "unknown: it broke off unseen, and counts at the most that it can have cost"),
    FIELD_OF(struct usage_call, ended, READ_ONLY, "whole drained cancelled",
             "Whether who asked heard it to its end; else it was read on for the exact figures, or "
             "cut off"),
    FIELD(struct usage_call, tries, READ_ONLY, 0, "Calls in vain before it, for the same question"),
    FIELD_LIKE(struct usage_call, tried, READ_ONLY | NULLABLE, 0,
               "Whom, and why in vain, in their order", "\"openai/gpt-5 llm_overloaded\""),
    FIELD(struct usage_call, input_tokens, READ_ONLY, 0, NULL),
    FIELD(struct usage_call, cached_tokens, READ_ONLY, 0, "Of these, read from a provider's cache"),
    FIELD(struct usage_call, cache_written_tokens, READ_ONLY, 0, "Of these, written to it"),
    FIELD(struct usage_call, output_tokens, READ_ONLY, 0, NULL),
    FIELD(struct usage_call, reasoning_tokens, READ_ONLY, 0, "Of these, for reasoning"),
    FIELD(struct usage_call, images, READ_ONLY, 0, "Images that went with the question"),
    FIELD(struct usage_call, counted, READ_ONLY, 0,
          "Whether the provider told the tokens; else they are our own count"),
    FIELD(struct usage_call, cost_micros, READ_ONLY, 0, "Millionths of a US dollar"),
    FIELD_LIKE(struct usage_call, price_from, READ_ONLY | NULLABLE, 10,
               "The day of the price that was used; null: no known price", "\"2025-08-07\""),
    FIELD(struct usage_call, price_own, READ_ONLY, 0,
          "Whether that price is the company's own, said of the account; else it is in Konstruct's "
          "list"),
    FIELD(struct usage_call, ms, READ_ONLY, 0, "Milliseconds to its end"),
    FIELD(struct usage_call, first_ms, READ_ONLY, 0,
          "Milliseconds to the first token of a stream; 0: no stream, or nothing came"),
};
const struct shape usage_call_shape = SHAPE("UsageCall", struct usage_call, fields);

static const struct stmt q_calls = {
    "usage_calls",
    "SELECT u.id, extract(epoch FROM u.created_at)::bigint AS created, u.employee_id,"
    " (SELECT e.name FROM employee e WHERE e.tenant_id = u.tenant_id AND e.id = u.employee_id)"
    "  AS employee, u.team_id, u.conversation_id, u.key_id,"
    " (SELECT k.name FROM api_key k WHERE k.tenant_id = u.tenant_id AND k.id = u.key_id) AS key,"
    " u.account_id, u.provider, u.model, u.outcome, u.ended,"
    " CASE jsonb_typeof(u.tries) WHEN 'array' THEN jsonb_array_length(u.tries) ELSE 0 END AS tries,"
    " CASE jsonb_typeof(u.tries) WHEN 'array' THEN (SELECT string_agg(format('%s/%s %s',"
    "   t.one->>'provider', t.one->>'model', t.one->>'code'), ', ' ORDER BY t.number)"
    "   FROM jsonb_array_elements(u.tries) WITH ORDINALITY AS t(one, number)) END AS tried,"
    " u.input_tokens, u.cached_tokens, u.cache_written_tokens, u.output_tokens,"
    " u.reasoning_tokens, u.images, u.counted, u.cost_micros, u.price_from, u.price_own, u.ms,"
    " coalesce(u.first_ms, 0) AS first_ms, u.created_at AS page_key, u.id AS page_id FROM usage u"
    " WHERE u.tenant_id = tenant_now()"
    "  AND (u.created_at, u.id) < (coalesce($1::timestamptz, 'infinity'),"
    "   coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))"
    "  AND ($4::uuid IS NULL OR u.employee_id = $4) AND ($5::uuid IS NULL OR u.team_id = $5)"
    "  AND ($6::uuid IS NULL OR u.key_id = $6)"
    "  AND ($7::uuid IS NULL OR u.conversation_id = $7)"
    "  AND ($8::text IS NULL OR u.provider = $8) AND ($9::text IS NULL OR u.model = $9)"
    "  AND ($10::text IS NULL OR u.outcome = $10)"
    "  AND ($11::bigint = 0 OR u.created_at >= to_timestamp($11::bigint))"
    "  AND ($12::bigint = 0 OR u.created_at < to_timestamp($12::bigint))"
    " ORDER BY u.created_at DESC, u.id DESC LIMIT $3"};

rc_t usage_calls(struct ctx *c, const struct usage_call_want *want, struct page *page,
                 struct usage_call **items, size_t *count)
{
    return db_page(c, &q_calls, page,
                   ARGS(A(want->employee_id), A(want->team_id), A(want->key_id),
                        A(want->conversation_id), A(want->provider), A(want->model),
                        A(want->outcome), A(want->from), A(want->to)),
                   &usage_call_shape, (void **)items, count);
}
