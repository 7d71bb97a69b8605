/* See employee.h. */
#include "core/employee.h"

#include "io/db.h"

static const struct field fields[] = {
    FIELD(struct employee, id, READ_ONLY, 36, NULL),
    FIELD_LIKE(struct employee, name, REQUIRED, 100, NULL, "\"Mara\""),
    FIELD_LIKE(struct employee, role, REQUIRED, 200, "What it does, in a few words",
               "\"Front desk\""),
    FIELD_LIKE(struct employee, about, 0, 1000, "One sentence about it",
               "\"Answers questions about opening hours and orders\""),
    FIELD_OF(struct employee, state, READ_ONLY, "working paused", NULL),
    FIELD(struct employee, provider, READ_ONLY, 40, "Model provider that is asked first"),
    FIELD(struct employee, model, READ_ONLY, 200, NULL),
    FIELD(struct employee, team_id, READ_ONLY | NULLABLE, 36, "Its team; null: of none"),
    FIELD(struct employee, created, READ_ONLY, 0, "Seconds UTC"),
};
const struct shape employee_shape = SHAPE("Employee", struct employee, fields);

#define COLUMNS                                                                           \
    "id, name, role, about, state, primary_provider AS provider, primary_model AS model," \
    " team_id, extract(epoch FROM created_at)::bigint AS created"

/* The tenant is left to the policy: the proof of isolation looks through these whether it holds. */
#define LIST(key)                                                                \
    "SELECT " COLUMNS ", " key "::text AS page_key, id AS page_id FROM employee" \
    " WHERE ($4::text IS NULL OR state = $4) AND "
#define ID_FIRST "coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')"
#define ID_LAST "coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')"

static const struct stmt q_lists[] = {
    {"employee_list",
     LIST("created_at") "(created_at, id) > (coalesce($1::timestamptz, "
                        "'-infinity'), " ID_FIRST ") ORDER BY created_at, id LIMIT $3"},
    {"employee_list_newest",
     LIST("created_at") "(created_at, id) < (coalesce($1::timestamptz, "
                        "'infinity'), " ID_LAST ") ORDER BY created_at DESC, id DESC LIMIT $3"},
    {"employee_list_name",
     LIST("name") "(name, id) > (coalesce($1::text, ''), " ID_FIRST ") ORDER BY name, id LIMIT $3"},
    {"employee_list_name_back", LIST("name") "($1::text IS NULL OR (name, id) < ($1, $2::uuid))"
                                             " ORDER BY name DESC, id DESC LIMIT $3"},
};

rc_t employee_list(struct ctx *c, const char *state, struct page *page, struct employee **items,
                   size_t *count)
{
    static const char *const sorts[COUNT_OF(q_lists)] = {"created", "-created", "name", "-name"};
    size_t i = 0;

    for (size_t k = 0; k < COUNT_OF(sorts); k++)
        if (text_is(page->sort, sorts[k]))
            i = k;
    return db_page(c, &q_lists[i], page, ARGS(A(state)), &employee_shape, (void **)items, count);
}

static const struct stmt q_get = {
    "employee_get", "SELECT " COLUMNS " FROM employee WHERE tenant_id = tenant_now() AND id = $1"};

rc_t employee_get(struct ctx *c, const char *id, struct employee *out)
{
    return db_one(c, &q_get, ARGS(A(id)), &employee_shape, out);
}

static const struct stmt q_find = {
    "employee_find", "SELECT " COLUMNS " FROM employee WHERE $1::text IS NULL OR id::text = $1"
                     " OR lower(name) = lower($1) ORDER BY created_at, id LIMIT 1"};

rc_t employee_find(struct ctx *c, const char *name, struct employee *out)
{
    return db_one(c, &q_find, ARGS(A(name)), &employee_shape, out);
}

static const struct field brain_fields[] = {
    FIELD(struct employee_brain, id, 0, 0, NULL),
    FIELD(struct employee_brain, name, 0, 0, NULL),
    FIELD(struct employee_brain, role, 0, 0, NULL),
    FIELD(struct employee_brain, persona, 0, 0, NULL),
    FIELD(struct employee_brain, state, 0, 0, NULL),
    FIELD(struct employee_brain, team_id, 0, 0, NULL),
    FIELD(struct employee_brain, primary_provider, 0, 0, NULL),
    FIELD(struct employee_brain, primary_model, 0, 0, NULL),
    FIELD(struct employee_brain, fallback_provider, 0, 0, NULL),
    FIELD(struct employee_brain, fallback_model, 0, 0, NULL),
    FIELD(struct employee_brain, local_provider, 0, 0, NULL),
    FIELD(struct employee_brain, local_model, 0, 0, NULL),
};
static const struct shape brain_shape = SHAPE("EmployeeBrain", struct employee_brain, brain_fields);

static const struct stmt q_brain = {
    "employee_brain",
    "SELECT id, name, role, persona, state, team_id, primary_provider, primary_model, "
    "fallback_provider, "
    "fallback_model,"
    " local_provider, local_model FROM employee WHERE tenant_id = tenant_now() AND id = $1"};

rc_t employee_brain(struct ctx *c, const char *id, struct employee_brain *out)
{
    return db_one(c, &q_brain, ARGS(A(id)), &brain_shape, out);
}

static const struct stmt q_facts = {"employee_facts",
                                    "SELECT fact FROM employee_fact WHERE tenant_id = tenant_now() "
                                    "AND employee_id = $1 ORDER BY position LIMIT 200"};

rc_t employee_facts(struct ctx *c, const char *id, const char ***facts, size_t *count)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_facts, ARGS(A(id)), &rows));
    *count = (size_t)rows.count;
    *facts = arena_take(c->mem, (*count + 1) * sizeof(**facts));
    for (int i = 0; i < rows.count; i++)
        (*facts)[i] = db_text(&rows, i, 0);
    return OK;
}

static const struct stmt q_models = {
    "employee_models", "UPDATE employee SET primary_provider = coalesce($2, primary_provider), "
                       "primary_model = coalesce($3, primary_model),"
                       " fallback_provider = NULLIF(coalesce($4, fallback_provider), ''),"
                       " fallback_model = NULLIF(coalesce($5, fallback_model), ''),"
                       " local_provider = NULLIF(coalesce($6, local_provider), ''), local_model = "
                       "NULLIF(coalesce($7, local_model), '')"
                       " WHERE tenant_id = tenant_now() AND id = $1"};

rc_t employee_models(struct ctx *c, const char *id, const struct employee_brain *m)
{
    int64_t affected;

    TRY(db_exec(c, &q_models,
                ARGS(A(id), A(m->primary_provider), A(m->primary_model), A(m->fallback_provider),
                     A(m->fallback_model), A(m->local_provider), A(m->local_model)),
                &affected));
    return affected == 1 ? OK : ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such employee.");
}

static const struct stmt q_hire = {
    "employee_hire_first",
    "WITH hired AS (INSERT INTO employee (tenant_id, id, name, role, about, persona)"
    "  SELECT tenant_now(), gen_random_uuid(), name, role, about, persona FROM template WHERE "
    "hired_at_start"
    "  RETURNING id, name)"
    " INSERT INTO employee_fact (tenant_id, employee_id, position, fact)"
    " SELECT tenant_now(), hired.id, f.position, f.fact FROM hired JOIN template USING (name),"
    "  unnest(template.facts) WITH ORDINALITY AS f(fact, position) WHERE template.hired_at_start"};

rc_t employee_hire_first(struct ctx *c)
{
    return db_exec(c, &q_hire, NO_ARGS, NULL);
}
