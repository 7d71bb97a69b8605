/* See cap_set.h. */
#include "core/cap_set.h"

#include "base/id.h"

#define MICROS_MAX 1000000000000 /* a million dollars */

static const struct field fields[] = {
    FIELD(struct cap_row, id, READ_ONLY, 36, NULL),
    FIELD_OF(struct cap_row, scope, READ_ONLY, CAP_SCOPES, "Whose calls it is for"),
    FIELD(struct cap_row, scope_id, READ_ONLY, 36,
          "The team, employee, conversation or key; the company itself for `tenant`"),
    FIELD(struct cap_row, name, READ_ONLY | NULLABLE, 200,
          "Of the team, employee or key; of a conversation, its employee's"),
    FIELD_OF(struct cap_row, period, READ_ONLY, CAP_PERIODS, "Days and months are those of UTC"),
    FIELD(struct cap_row, limit_micros, READ_ONLY, 0, "Millionths of a US dollar"),
    FIELD(struct cap_row, spent_micros, READ_ONLY, 0, "In the present period"),
    FIELD(struct cap_row, held_micros, READ_ONLY, 0,
          "Set aside for calls under way and those of the next moments"),
    FIELD(struct cap_row, lost_micros, READ_ONLY, 0,
          "Used up by a crash of the installation, since nobody knows what was under way; on no "
          "bill"),
    FIELD(struct cap_row, percent, READ_ONLY, 0, "Spent of the limit, rounded down"),
    FIELD(struct cap_row, reached, READ_ONLY, 0,
          "Used up: nothing is left, or a call was refused at this limit within the last hour"),
};
const struct shape cap_row_shape = SHAPE("Cap", struct cap_row, fields);

static const struct field new_fields[] = {
    FIELD_OF(struct new_cap, scope, REQUIRED, "team employee conversation key",
             "Whose calls it is for"),
    FIELD(struct new_cap, scope_id, REQUIRED, 36, "The team, employee, conversation or key"),
    FIELD_OF(struct new_cap, period, REQUIRED, CAP_PERIODS, "Days and months are those of UTC"),
    FIELD(struct new_cap, limit_micros, REQUIRED, MICROS_MAX, "Millionths of a US dollar"),
};
const struct shape new_cap_shape = SHAPE("NewCap", struct new_cap, new_fields);

static const struct field limit_fields[] = {
    FIELD(struct cap_limit, limit_micros, REQUIRED, MICROS_MAX, "Millionths of a US dollar"),
};
const struct shape cap_limit_shape = SHAPE("CapLimit", struct cap_limit, limit_fields);

#define ROW                                                                               \
    "SELECT c.id, c.scope, c.scope_id, c.period, c.limit_micros," CAP_NAME ","            \
    " coalesce(p.spent_micros, 0) AS spent_micros,"                                       \
    " coalesce(p.leased_micros, 0) AS held_micros,"                                       \
    " coalesce(p.lost_micros, 0) AS lost_micros,"                                         \
    " CASE WHEN c.limit_micros = 0 THEN 100"                                              \
    "  ELSE coalesce(p.spent_micros, 0) * 100 / c.limit_micros END AS percent,"           \
    " coalesce(p.spent_micros + p.lost_micros, 0) >= c.limit_micros"                      \
    "  OR p.refused_at > now() - interval '1 hour' AND EXISTS (SELECT 1 FROM cap_alert a" \
    "  WHERE a.tenant_id = c.tenant_id AND a.cap_id = c.id AND a.percent = 100"           \
    "   AND a.starts = cap_starts(c.period) AND a.limit_micros >= c.limit_micros)"        \
    "  AS reached"                                                                        \
    " FROM cap c LEFT JOIN cap_period p ON p.tenant_id = c.tenant_id AND p.cap_id = c.id" \
    "  AND p.starts = cap_starts(c.period)"

/* A key that orders as people read: the company, then what is made for it, each by its period. */
#define RANK "(CASE c.scope WHEN 'tenant' THEN '0' ELSE '1' || c.scope END || ' ' || c.period)"

static const struct stmt q_rows = {
    "cap_rows",
    "WITH r AS (" ROW " WHERE c.tenant_id = tenant_now()) SELECT r.*, " RANK
    " AS page_key, r.id AS page_id FROM r JOIN cap c ON c.tenant_id = tenant_now() AND c.id = r.id"
    " WHERE $1::text IS NULL OR (" RANK ", r.id) > ($1, $2::uuid)"
    " ORDER BY " RANK ", r.id LIMIT $3"};
static const struct stmt q_get = {"cap_row_get",
                                  ROW " WHERE c.tenant_id = tenant_now() AND c.id = $1"};

rc_t cap_rows(struct ctx *c, struct page *page, struct cap_row **items, size_t *count)
{
    return db_page(c, &q_rows, page, NO_ARGS, &cap_row_shape, (void **)items, count);
}

rc_t cap_row_get(struct ctx *c, const char *id, struct cap_row *out)
{
    return db_one(c, &q_get, ARGS(A(id)), &cap_row_shape, out);
}

/* One at a time for a tenant, so that the number holds. */
static const struct stmt q_lock = {
    "cap_lock", "SELECT pg_advisory_xact_lock(hashtextextended('cap ' || tenant_now(), 0))"};
static const struct stmt q_counts = {
    "cap_counts",
    "SELECT (SELECT count(*) FROM cap WHERE tenant_id = tenant_now()),"
    " (SELECT count(*) FROM cap WHERE tenant_id = tenant_now() AND scope = $1 AND scope_id = $2"
    "   AND period = $3),"
    " CASE $1 WHEN 'employee' THEN (SELECT count(*) FROM employee"
    "    WHERE tenant_id = tenant_now() AND id = $2)"
    "  WHEN 'team' THEN (SELECT count(*) FROM team WHERE tenant_id = tenant_now() AND id = $2)"
    "  WHEN 'conversation' THEN (SELECT count(*) FROM conversation"
    "    WHERE tenant_id = tenant_now() AND id = $2)"
    "  ELSE (SELECT count(*) FROM api_key WHERE tenant_id = tenant_now() AND id = $2) END"};
static const struct stmt q_add = {
    "cap_row_add", "INSERT INTO cap (tenant_id, id, scope, scope_id, period, limit_micros)"
                   " VALUES (tenant_now(), $1, $2, $3, $4, $5)"};

/*
 * What the period has cost by now counts, in each of a cap's three kinds of payer that the hours
 * know, and call by call for a conversation. Calls under way are not in the ledger yet.
 */
static const struct stmt q_begin = {
    "cap_period_begin",
    "WITH since AS (SELECT cap_starts($4)::timestamp AT TIME ZONE 'UTC' AS at),"
    " u AS (SELECT h.hour, h.employee_id, h.team_id, h.key_id, h.cost_micros FROM usage_hour h"
    "   WHERE h.tenant_id = tenant_now()"
    "  UNION ALL SELECT f.hour, f.employee_id, f.team_id, f.key_id, f.cost_micros"
    "   FROM usage_fresh f WHERE f.tenant_id = tenant_now())"
    " INSERT INTO cap_period (tenant_id, cap_id, starts, spent_micros)"
    " SELECT tenant_now(), $1, cap_starts($4), coalesce(CASE $2 WHEN 'conversation'"
    "  THEN (SELECT sum(c.cost_micros) FROM usage c, since WHERE c.tenant_id = tenant_now()"
    "   AND c.conversation_id = $3 AND c.created_at >= since.at)"
    "  ELSE (SELECT sum(u.cost_micros) FROM u, since WHERE u.hour >= since.at"
    "   AND CASE $2 WHEN 'employee' THEN u.employee_id WHEN 'team' THEN u.team_id"
    "    ELSE u.key_id END = $3) END, 0)"};

static rc_t may_add(struct ctx *c, const struct new_cap *in)
{
    struct db_rows rows;

    if (!id_valid(in->scope_id))
        return ctx_bad(c, "scope_id", "not_an_id", "This is not an id.");
    TRY(db_exec(c, &q_lock, NO_ARGS, NULL));
    TRY(db_rows(c, &q_counts, ARGS(A(in->scope), A(in->scope_id), A(in->period)), &rows));
    if (db_int(&rows, 0, 2) == 0)
        return ctx_fail(c, E_NOT_FOUND, "scope_unknown", "There is no such %s.", in->scope);
    if (db_int(&rows, 0, 1) > 0)
        return ctx_fail(c, E_CONFLICT, "cap_exists",
                        "There is a cap for this already: change its limit.");
    if (db_int(&rows, 0, 0) >= CAPS_PER_TENANT)
        return ctx_fail(c, E_CONFLICT, "caps_too_many", "A company has at most %d caps.",
                        CAPS_PER_TENANT);
    return OK;
}

rc_t cap_row_add(struct ctx *c, const struct new_cap *in, struct cap_row *out)
{
    const char *id = id_new(c->mem);

    TRY(may_add(c, in));
    TRY(db_exec(c, &q_add,
                ARGS(A(id), A(in->scope), A(in->scope_id), A(in->period), A(in->limit_micros)),
                NULL));
    TRY(db_exec(c, &q_begin, ARGS(A(id), A(in->scope), A(in->scope_id), A(in->period)), NULL));
    return cap_row_get(c, id, out);
}

static const struct stmt q_change = {
    "cap_row_change",
    "UPDATE cap SET limit_micros = $2 WHERE tenant_id = tenant_now() AND id = $1"};

rc_t cap_row_change(struct ctx *c, const char *id, int64_t limit_micros, int64_t *before,
                    struct cap_row *out)
{
    TRY(cap_row_get(c, id, out));
    *before = out->limit_micros;
    TRY(db_exec(c, &q_change, ARGS(A(id), A(limit_micros)), NULL));
    return cap_row_get(c, id, out);
}

static const struct stmt q_remove = {"cap_row_remove",
                                     "DELETE FROM cap WHERE tenant_id = tenant_now() AND id = $1"};

rc_t cap_row_remove(struct ctx *c, const char *id, struct cap_row *out)
{
    TRY(cap_row_get(c, id, out));
    if (text_is(out->scope, "tenant"))
        return ctx_fail(c, E_CONFLICT, "cap_of_company",
                        "The company's own caps can be changed, and not removed.");
    return db_exec(c, &q_remove, ARGS(A(id)), NULL);
}
