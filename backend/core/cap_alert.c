/* See cap_alert.h. */
#include "core/cap_alert.h"

#include "base/id.h"
#include "core/cap.h"
#include "core/cap_set.h"

static const struct field row_fields[] = {
    FIELD(struct cap_alert_row, id, READ_ONLY, 36, NULL),
    FIELD(struct cap_alert_row, cap_id, READ_ONLY, 36, NULL),
    FIELD_OF(struct cap_alert_row, scope, READ_ONLY, CAP_SCOPES, NULL),
    FIELD_OF(struct cap_alert_row, period, READ_ONLY, CAP_PERIODS, NULL),
    FIELD(struct cap_alert_row, name, READ_ONLY | NULLABLE, 200,
          "Of the team, employee or key; of a conversation, its employee's"),
    FIELD(struct cap_alert_row, percent, READ_ONLY, 100,
          "50, 80, or 100: reached, or a call was refused"),
    FIELD(struct cap_alert_row, spent_micros, READ_ONLY, 0, NULL),
    FIELD(struct cap_alert_row, limit_micros, READ_ONLY, 0, NULL),
    FIELD(struct cap_alert_row, created, READ_ONLY, 0, "Seconds UTC"),
    FIELD(struct cap_alert_row, unread, READ_ONLY, 0, "Whether you have not seen it yet"),
};
const struct shape cap_alert_row_shape = SHAPE("CapAlert", struct cap_alert_row, row_fields);

static const struct stmt q_alerts = {
    "cap_alert_rows",
    "SELECT a.id, a.cap_id, c.scope, c.period, a.percent, a.spent_micros, a.limit_micros," CAP_NAME
    ","
    " a.created_at > coalesce((SELECT s.until FROM cap_alert_seen s"
    "  WHERE s.tenant_id = tenant_now() AND s.person_id = $4), '-infinity') AS unread,"
    " extract(epoch FROM a.created_at)::bigint AS created, a.created_at AS page_key,"
    " a.id AS page_id FROM cap_alert a JOIN cap c ON c.tenant_id = a.tenant_id AND c.id = a.cap_id"
    " WHERE a.tenant_id = tenant_now()"
    "  AND ($1::text IS NULL OR (a.created_at, a.id) < ($1::timestamptz, $2::uuid))"
    " ORDER BY a.created_at DESC, a.id DESC LIMIT $3"};

rc_t cap_alert_rows(struct ctx *c, struct page *page, struct cap_alert_row **items, size_t *count)
{
    return db_page(c, &q_alerts, page, ARGS(A(c->person_id)), &cap_alert_row_shape, (void **)items,
                   count);
}

static const struct field saw_fields[] = {
    FIELD(struct cap_alert_saw, id, REQUIRED, 36, "The newest alert that you have seen"),
};
const struct shape cap_alert_saw_shape = SHAPE("CapAlertSaw", struct cap_alert_saw, saw_fields);

static const struct stmt q_seen = {
    "cap_alert_seen",
    "INSERT INTO cap_alert_seen AS s (tenant_id, person_id, until) SELECT a.tenant_id, $2,"
    " a.created_at FROM cap_alert a WHERE a.tenant_id = tenant_now() AND a.id = $1"
    " ON CONFLICT (tenant_id, person_id) DO UPDATE SET until = greatest(s.until, excluded.until)"};

rc_t cap_alert_seen(struct ctx *c, const char *id)
{
    int64_t marked;

    if (!id_valid(id))
        return ctx_bad(c, "id", "not_an_id", "This is not an id.");
    TRY(db_exec(c, &q_seen, ARGS(A(id), A(c->person_id)), &marked));
    return marked == 1 ? OK : ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such alert.");
}

static const struct field alert_fields[] = {
    FIELD(struct cap_alert, cap_id, 0, 0, NULL),
    FIELD(struct cap_alert, scope, 0, 0, NULL),
    FIELD(struct cap_alert, period, 0, 0, NULL),
    FIELD(struct cap_alert, name, 0, 0, NULL),
    FIELD(struct cap_alert, percent, 0, 0, NULL),
    FIELD(struct cap_alert, spent_micros, 0, 0, NULL),
    FIELD(struct cap_alert, limit_micros, 0, 0, NULL),
    FIELD(struct cap_alert, passed, 0, 0, NULL),
};
static const struct shape alert_shape = SHAPE("CapAlert", struct cap_alert, alert_fields);

static const struct stmt q_alert = {
    "cap_alert_get",
    "SELECT a.cap_id, c.scope, c.period, a.percent, a.spent_micros, a.limit_micros," CAP_NAME ","
    " EXISTS (SELECT FROM cap_alert o WHERE o.tenant_id = a.tenant_id AND o.cap_id = a.cap_id"
    "  AND o.starts = a.starts AND o.limit_micros = a.limit_micros AND o.percent > a.percent)"
    "  AS passed"
    " FROM cap_alert a JOIN cap c ON c.tenant_id = a.tenant_id AND c.id = a.cap_id"
    " WHERE a.tenant_id = tenant_now() AND a.id = $1"};

rc_t cap_alert_get(struct ctx *c, const char *id, struct cap_alert *out)
{
    return db_one(c, &q_alert, ARGS(A(id)), &alert_shape, out);
}

/* Whose money it is, as in "that ... may cost". */
static const char *whose(struct ctx *c, const struct cap_alert *a)
{
    if (text_is(a->scope, "tenant"))
        return "models";
    if (a->name == NULL)
        return text_printf(c->mem, "one %s", a->scope);
    if (text_is(a->scope, "employee"))
        return a->name;
    return text_printf(c->mem, "%s %s",
                       text_is(a->scope, "key")    ? "the API key"
                       : text_is(a->scope, "team") ? "the team"
                                                   : "one conversation with",
                       a->name);
}

/* What it means at the limit. A dear call is refused before all is spent. */
static const char *and_now(const struct cap_alert *a)
{
    if (a->percent < 100)
        return "";
    return a->spent_micros >= a->limit_micros
               ? "; calls that cost money are refused from now on"
               : "; a call that could have cost more than what is left was refused";
}

const char *cap_alert_text(struct ctx *c, const struct cap_alert *a)
{
    return text_printf(c->mem, "%s of the %s dollars that %s may cost%s%s",
                       cap_dollars(c, a->spent_micros), cap_dollars(c, a->limit_micros),
                       whose(c, a),
                       text_is(a->period, "day")     ? " today"
                       : text_is(a->period, "month") ? " this month"
                                                     : "",
                       and_now(a));
}

const char *cap_alert_title(const struct cap_alert *a)
{
    return a->percent >= 100  ? "A cap on what your AI employees cost is reached"
           : a->percent >= 80 ? "A cap on what your AI employees cost is nearly used"
                              : "A cap on what your AI employees cost is half used";
}
