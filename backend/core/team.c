/* See team.h. */
#include "core/team.h"

#include "base/id.h"

#define NAME_MOST 100

static const struct field fields[] = {
    FIELD(struct team, id, READ_ONLY, 36, NULL),
    FIELD_LIKE(struct team, name, READ_ONLY, NAME_MOST, NULL, "\"Front office\""),
    FIELD(struct team, employees, READ_ONLY, 0, "How many are in it"),
    FIELD(struct team, created, READ_ONLY, 0, "Seconds UTC"),
};
const struct shape team_shape = SHAPE("Team", struct team, fields);

static const struct field new_fields[] = {
    FIELD_LIKE(struct new_team, name, REQUIRED, NAME_MOST, "Another than those of the other teams",
               "\"Front office\""),
};
const struct shape new_team_shape = SHAPE("NewTeam", struct new_team, new_fields);

static const struct field choice_fields[] = {
    FIELD(struct team_choice, team_id, 0, 36, "The team; left out: none"),
};
const struct shape team_choice_shape = SHAPE("TeamChoice", struct team_choice, choice_fields);

#define ROW                                                                                 \
    "SELECT t.id, t.name, (SELECT count(*) FROM employee e WHERE e.tenant_id = t.tenant_id" \
    "  AND e.team_id = t.id) AS employees,"                                                 \
    " extract(epoch FROM t.created_at)::bigint AS created"

static const struct stmt q_list = {
    "team_list",
    ROW ", lower(t.name) AS page_key, t.id AS page_id FROM team t WHERE t.tenant_id = tenant_now()"
        " AND (lower(t.name), t.id) > (coalesce($1::text, ''),"
        "  coalesce($2::uuid, '00000000-0000-0000-0000-000000000000'))"
        " ORDER BY lower(t.name), t.id LIMIT $3"};
static const struct stmt q_get = {"team_get", ROW
                                  " FROM team t WHERE t.tenant_id = tenant_now() AND t.id = $1"};

rc_t team_list(struct ctx *c, struct page *page, struct team **items, size_t *count)
{
    return db_page(c, &q_list, page, NO_ARGS, &team_shape, (void **)items, count);
}

rc_t team_get(struct ctx *c, const char *id, struct team *out)
{
    return db_one(c, &q_get, ARGS(A(id)), &team_shape, out);
}

/* One at a time for a tenant, so that the number holds. */
static const struct stmt q_lock = {
    "team_lock", "SELECT pg_advisory_xact_lock(hashtextextended('team ' || tenant_now(), 0))"};
static const struct stmt q_count = {"team_count",
                                    "SELECT count(*) FROM team WHERE tenant_id = tenant_now()"};
static const struct stmt q_add = {
    "team_add", "INSERT INTO team (tenant_id, id, name) VALUES (tenant_now(), $1, $2)"};
static const struct stmt q_rename = {
    "team_rename", "UPDATE team SET name = $2 WHERE tenant_id = tenant_now() AND id = $1"};

/* The index over names decides, so that two at once can't both have one. */
static rc_t named(struct ctx *c, rc_t rc)
{
    if (rc != E_CONFLICT)
        return rc;
    ctx_forgive(c);
    return ctx_fail(c, E_CONFLICT, "team_exists", "There is a team of this name already.");
}

rc_t team_add(struct ctx *c, const char *name, struct team *out)
{
    const char *id = id_new(c->mem);
    struct db_rows rows;

    TRY(db_exec(c, &q_lock, NO_ARGS, NULL));
    TRY(db_rows(c, &q_count, NO_ARGS, &rows));
    if (db_int(&rows, 0, 0) >= TEAMS_MAX)
        return ctx_fail(c, E_CONFLICT, "teams_too_many", "A company has at most %d teams.",
                        TEAMS_MAX);
    TRY(named(c, db_exec(c, &q_add, ARGS(A(id), A(name)), NULL)));
    return team_get(c, id, out);
}

rc_t team_rename(struct ctx *c, const char *id, const char *name, struct team *out)
{
    TRY(team_get(c, id, out));
    TRY(named(c, db_exec(c, &q_rename, ARGS(A(id), A(name)), NULL)));
    return team_get(c, id, out);
}

static const struct stmt q_caps_remove = {
    "team_caps_remove",
    "DELETE FROM cap WHERE tenant_id = tenant_now() AND scope = 'team' AND scope_id = $1"};
static const struct stmt q_remove = {"team_remove",
                                     "DELETE FROM team WHERE tenant_id = tenant_now() AND id = $1"};

rc_t team_remove(struct ctx *c, const char *id, struct team *out)
{
    TRY(team_get(c, id, out));
    TRY(db_exec(c, &q_caps_remove, ARGS(A(id)), NULL));
    return db_exec(c, &q_remove, ARGS(A(id)), NULL);
}

static const struct stmt q_join = {
    "team_join",
    "UPDATE employee SET team_id = $2::uuid WHERE tenant_id = tenant_now() AND id = $1"};

rc_t team_join(struct ctx *c, const char *employee_id, const char *team_id)
{
    bool none = team_id == NULL;
    struct team team;
    int64_t moved;
    rc_t rc;

    if (!none && !id_valid(team_id))
        return ctx_bad(c, "team_id", "not_an_id", "This is not an id.");
    rc = none ? OK : team_get(c, team_id, &team);
    if (rc == E_NOT_FOUND) {
        ctx_forgive(c);
        return ctx_fail(c, E_NOT_FOUND, "team_unknown", "There is no such team.");
    }
    TRY(rc);
    TRY(db_exec(c, &q_join, ARGS(A(employee_id), none ? arg_text(NULL) : A(team_id)), &moved));
    return moved == 1 ? OK : ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such employee.");
}

static const struct field colleague_fields[] = {
    FIELD(struct colleague, id, 0, 0, NULL),
    FIELD(struct colleague, name, 0, 0, NULL),
    FIELD(struct colleague, role, 0, 0, NULL),
};
static const struct shape colleague_shape = SHAPE("Colleague", struct colleague, colleague_fields);

static const struct stmt q_colleagues = {
    "team_colleagues",
    "SELECT id, name, role FROM employee WHERE tenant_id = tenant_now() AND team_id = $1::uuid"
    " AND id <> $2 AND state = 'working' AND ($3::text IS NULL OR lower(name) = lower($3))"
    " ORDER BY created_at, id LIMIT $4"};

rc_t team_colleagues(struct ctx *c, const char *team_id, const char *but, const char *name,
                     int64_t most, struct colleague **items, size_t *count)
{
    *count = 0;
    if (team_id == NULL)
        return OK;
    return db_list(c, &q_colleagues,
                   ARGS(A(team_id), A(but), name == NULL ? arg_text(NULL) : A(name), A(most)),
                   &colleague_shape, (void **)items, count);
}
