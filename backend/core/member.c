/* See member.h. */
#include "core/member.h"

#include "core/permission.h"
#include "core/session.h"
#include "io/db.h"

static const struct field fields[] = {
    FIELD(struct member, id, READ_ONLY, 36, NULL),
    FIELD(struct member, name, READ_ONLY, 200, NULL),
    FIELD(struct member, email, READ_ONLY, 320, NULL),
    FIELD_OF(struct member, role, READ_ONLY, "admin manager member viewer", NULL),
    FIELD(struct member, verified, READ_ONLY, 0, "Mail to the address has been proven to arrive"),
    FIELD_OF(struct member, factor, READ_ONLY | NULLABLE, "on off",
             "Second factor; null for whoever may not manage people"),
    FIELD(struct member, since, READ_ONLY, 0, "Since when the person belongs to the company"),
    FIELD(struct member, seen, READ_ONLY, 0, "Last seen here, to about ten minutes; 0: never"),
    FIELD(struct member, self, READ_ONLY, 0, "Whoever asks"),
};
const struct shape member_shape = SHAPE("Member", struct member, fields);

static const struct field role_fields[] = {
    FIELD_OF(struct role_change, role, REQUIRED, "admin manager member viewer", NULL),
};
const struct shape role_change_shape = SHAPE("RoleChange", struct role_change, role_fields);

static const struct field tenancy_fields[] = {
    FIELD(struct tenancy, id, READ_ONLY, 36, NULL),
    FIELD(struct tenancy, name, READ_ONLY, 200, NULL),
    FIELD_OF(struct tenancy, role, READ_ONLY, "admin manager member viewer", "Your role there"),
    FIELD(struct tenancy, current, READ_ONLY, 0, "The one that this session is in"),
};
const struct shape tenancy_shape = SHAPE("Tenancy", struct tenancy, tenancy_fields);

#define COLS                                                                                  \
    "m.person_id AS id, p.name, p.email, m.role, p.verified,"                                 \
    " CASE WHEN EXISTS (SELECT FROM factor_get(m.person_id) f"                                \
    "  WHERE f.confirmed_at IS NOT NULL) THEN 'on' ELSE 'off' END AS factor,"                 \
    " extract(epoch FROM m.created_at)::bigint AS since,"                                     \
    " coalesce(extract(epoch FROM greatest(m.used_at, (SELECT max(s.seen_at) FROM session s"  \
    "  WHERE s.tenant_id = m.tenant_id AND s.person_id = m.person_id))), 0)::bigint AS seen," \
    " m.person_id = "
#define ROWS                                                          \
    " FROM membership m CROSS JOIN LATERAL person_get(m.person_id) p" \
    " WHERE m.tenant_id = tenant_now()"

/* Ids are in the order of their making. */
static const struct stmt q_list = {
    "member_list", "SELECT " COLS "$4 AS self, m.person_id::text AS page_key, $2::text AS "
                   "page_id" ROWS " AND m.person_id > coalesce($1::uuid, "
                   "'00000000-0000-0000-0000-000000000000') ORDER BY m.person_id LIMIT $3"};

rc_t member_list(struct ctx *c, struct page *page, struct member **items, size_t *count)
{
    return db_page(c, &q_list, page, ARGS(A(c->person_id)), &member_shape, (void **)items, count);
}

static const struct stmt q_get = {"member_get",
                                  "SELECT " COLS "$1 AS self" ROWS " AND m.person_id = $2"};

rc_t member_get(struct ctx *c, const char *person_id, struct member *out)
{
    return db_one(c, &q_get, ARGS(A(c->person_id), A(person_id)), &member_shape, out);
}

static const struct stmt q_known = {
    "member_known", "SELECT count(*) FROM membership m CROSS JOIN LATERAL person_get(m.person_id) p"
                    " WHERE m.tenant_id = tenant_now() AND p.verified AND lower(p.email) = "
                    "lower($1)"};

rc_t member_known(struct ctx *c, const char *email, bool *known)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_known, ARGS(A(email)), &rows));
    *known = db_int(&rows, 0, 0) > 0;
    return OK;
}

/* Everybody whom a change depends on, as the lock has found them. */
struct held {
    enum role target, actor; /* ROLE_COUNT: not a member, or no longer */
    int admins;
};

/*
 * All admins, the member and whoever acts, always in the same order, so that two of these never
 * wait for each other in a circle. Who waited sees what the other has left.
 */
static const struct stmt q_hold = {
    "member_hold", "SELECT person_id, role FROM membership WHERE tenant_id = tenant_now()"
                   " AND (role = 'admin' OR person_id IN ($1, $2)) ORDER BY person_id FOR UPDATE"};

static rc_t hold(struct ctx *c, const char *person_id, struct held *out)
{
    struct db_rows rows;

    *out = (struct held){ROLE_COUNT, ROLE_COUNT, 0};
    TRY(db_rows(c, &q_hold, ARGS(A(person_id), A(c->person_id)), &rows));
    for (int i = 0; i < rows.count; i++) {
        enum role role = role_of(db_text(&rows, i, 1));

        out->admins += role == ROLE_ADMIN;
        if (text_is(db_text(&rows, i, 0), person_id))
            out->target = role;
        if (text_is(db_text(&rows, i, 0), c->person_id))
            out->actor = role;
    }
    if (out->target == ROLE_COUNT)
        return ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such person in this company.");
    return OK;
}

static rc_t may_deal(struct ctx *c, const struct held *held, enum role with)
{
    if (held->actor == ROLE_COUNT ||
        !permits_has(permits_of_role(role_name(held->actor)), PERMISSION_people_manage))
        return ctx_fail(c, E_FORBIDDEN, "not_permitted",
                        "Somebody has just taken this permission from you.");
    if (held->target > held->actor || with > held->actor)
        return ctx_fail(c, E_FORBIDDEN, "role_above_yours",
                        "Only somebody of that role can give it or change who has it.");
    return OK;
}

static rc_t admin_stays(struct ctx *c, const struct held *held)
{
    if (held->target != ROLE_ADMIN || held->admins > 1)
        return OK;
    return ctx_fail(c, E_CONFLICT, "last_admin",
                    "The company would be left without an admin. Make somebody else one first.");
}

static const struct stmt q_role = {
    "member_role",
    "UPDATE membership SET role = $2 WHERE tenant_id = tenant_now() AND person_id = $1"};

rc_t member_role_set(struct ctx *c, const char *person_id, const char *role, const char **was)
{
    struct held held;

    TRY(hold(c, person_id, &held));
    TRY(may_deal(c, &held, role_of(role)));
    if (role_of(role) != ROLE_ADMIN)
        TRY(admin_stays(c, &held));
    *was = role_name(held.target);
    return db_exec(c, &q_role, ARGS(A(person_id), A(role)), NULL);
}

static const struct stmt q_links = {
    "member_links", "UPDATE mail SET used_at = now() WHERE tenant_id = tenant_now() AND "
                    "person_id = $1 AND used_at IS NULL"};
static const struct stmt q_sessions = {
    "member_sessions", "DELETE FROM session WHERE tenant_id = tenant_now() AND person_id = $1"};
static const struct stmt q_remove = {
    "member_remove", "DELETE FROM membership WHERE tenant_id = tenant_now() AND person_id = $1"};

static rc_t drop(struct ctx *c, const char *person_id)
{
    TRY(db_exec(c, &q_links, ARGS(A(person_id)), NULL));
    TRY(db_exec(c, &q_sessions, ARGS(A(person_id)), NULL));
    return db_exec(c, &q_remove, ARGS(A(person_id)), NULL);
}

rc_t member_remove(struct ctx *c, const char *person_id, struct member *was)
{
    struct held held;

    TRY(hold(c, person_id, &held));
    TRY(may_deal(c, &held, held.target));
    TRY(admin_stays(c, &held));
    TRY(member_get(c, person_id, was));
    return drop(c, person_id);
}

rc_t member_leave(struct ctx *c, struct member *was)
{
    struct held held;

    TRY(hold(c, c->person_id, &held));
    TRY(admin_stays(c, &held));
    TRY(member_get(c, c->person_id, was));
    return drop(c, c->person_id);
}

static const struct stmt q_tenancies = {
    "tenancy_list", "SELECT tenant_id AS id, name, role, tenant_id = tenant_now() AS current,"
                    " lower(name) AS page_key, tenant_id AS page_id FROM session_tenants($4)"
                    " WHERE (lower(name), tenant_id) > (coalesce($1::text, ''),"
                    "  coalesce($2::uuid, '00000000-0000-0000-0000-000000000000'))"
                    " ORDER BY lower(name), tenant_id LIMIT $3"};

rc_t tenancy_list(struct ctx *c, const char *token, struct page *page, struct tenancy **items,
                  size_t *count)
{
    return db_page(c, &q_tenancies, page, ARGS(A(session_hash(c, token))), &tenancy_shape,
                   (void **)items, count);
}

static const struct stmt q_tenancy = {
    "tenancy_get", "SELECT tenant_id AS id, name, role, tenant_id = tenant_now() AS current"
                   " FROM session_tenants($1) WHERE tenant_id = $2"};

rc_t tenancy_get(struct ctx *c, const char *token, const char *tenant_id, struct tenancy *out)
{
    return db_one(c, &q_tenancy, ARGS(A(session_hash(c, token)), A(tenant_id)), &tenancy_shape,
                  out);
}
