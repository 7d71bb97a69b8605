/* See host.h. The functions of the database that are asked stand in the migration "host". */
#include "core/host.h"

#include "core/link.h"

static const struct field tenant_fields[] = {
    FIELD(struct host_tenant, id, READ_ONLY, 36, NULL),
    FIELD(struct host_tenant, name, READ_ONLY, 200, NULL),
    FIELD_OF(struct host_tenant, state, READ_ONLY, "active suspended", NULL),
    FIELD(struct host_tenant, why, READ_ONLY | NULLABLE, 300, "Why it is suspended"),
    FIELD(struct host_tenant, plan, READ_ONLY, 40, NULL),
    FIELD(struct host_tenant, created, READ_ONLY, 0, NULL),
    FIELD(struct host_tenant, members, READ_ONLY, 0, "People who belong to it"),
    FIELD(struct host_tenant, employees, READ_ONLY, 0, "AI employees"),
    FIELD(struct host_tenant, messages, READ_ONLY, 0, "Messages so far"),
    FIELD(struct host_tenant, cost_micros, READ_ONLY, 0,
          "What models cost this month (UTC), in millionths of a dollar"),
};
const struct shape host_tenant_shape = SHAPE("HostTenant", struct host_tenant, tenant_fields);

static const struct field limit_fields[] = {
    FIELD(struct host_limit, name, READ_ONLY, 40, NULL),
    FIELD(struct host_limit, by_plan, READ_ONLY, 0, "The plan says something"),
    FIELD(struct host_limit, of_plan, READ_ONLY, 0, "What it says, per minute; 0 when nothing"),
    FIELD(struct host_limit, by_host, READ_ONLY, 0,
          "This tenant has one of its own, which goes before the plan's"),
    FIELD(struct host_limit, own, READ_ONLY, 0, "Its own, per minute; 0 when there is none"),
};
const struct shape host_limit_shape = SHAPE("HostLimit", struct host_limit, limit_fields);

static const struct field plan_fields[] = {
    FIELD(struct host_plan, name, READ_ONLY, 40, NULL),
    FIELD(struct host_plan, about, READ_ONLY, 200, NULL),
};
const struct shape host_plan_shape = SHAPE("HostPlan", struct host_plan, plan_fields);

static const struct field new_fields[] = {
    FIELD(struct host_new_tenant, company, REQUIRED, 200, "Name of the company"),
    FIELD(struct host_new_tenant, email, REQUIRED, 320,
          "Of its first admin, who is invited by mail"),
    FIELD(struct host_new_tenant, plan, REQUIRED, 40, NULL),
};
const struct shape host_new_tenant_shape = SHAPE("HostNewTenant", struct host_new_tenant,
                                                 new_fields);

static const struct field reason_fields[] = {
    FIELD(struct host_reason, why, REQUIRED, 300, "Shown to the people of the company"),
};
const struct shape host_reason_shape = SHAPE("HostReason", struct host_reason, reason_fields);

static const struct field choice_fields[] = {
    FIELD(struct host_plan_choice, plan, REQUIRED, 40, NULL),
};
const struct shape host_plan_choice_shape = SHAPE("HostPlanChoice", struct host_plan_choice,
                                                  choice_fields);

static const struct field value_fields[] = {
    FIELD(struct host_limit_value, per_minute, REQUIRED, 1000000, "0: none at all"),
};
const struct shape host_limit_value_shape = SHAPE("HostLimitValue", struct host_limit_value,
                                                  value_fields);

static struct bytes hash_of(struct ctx *c, const char *token)
{
    return token == NULL ? (struct bytes){NULL, 0} : link_hash(c, token);
}

static const struct stmt q_asks = {"host_asks", "SELECT host_asks($1)"};

rc_t host_asks(struct ctx *c, const char *token, bool *yes)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_asks, ARGS(A(hash_of(c, token))), &rows));
    *yes = db_text(&rows, 0, 0) != NULL;
    return OK;
}

/* Ids of ours go by time. */
static const struct stmt q_tenants = {
    "host_tenants", "SELECT t.*, t.id::text AS page_key, $2::text AS page_id"
                    " FROM host_tenants($4, NULL, $5, $6, $1, $3) t ORDER BY t.id DESC"};

rc_t host_tenants(struct ctx *c, const char *token, const struct host_filter *filter,
                  struct page *page, struct host_tenant **items, size_t *count)
{
    return db_page(c, &q_tenants, page,
                   ARGS(A(hash_of(c, token)), A(filter->name), A(filter->state)),
                   &host_tenant_shape, (void **)items, count);
}

static const struct stmt q_tenant = {"host_tenant",
                                     "SELECT * FROM host_tenants($1, $2, NULL, NULL, NULL, 1)"};

rc_t host_tenant_get(struct ctx *c, const char *token, const char *id, struct host_tenant *out)
{
    return db_one(c, &q_tenant, ARGS(A(hash_of(c, token)), A(id)), &host_tenant_shape, out);
}

static const struct stmt q_limits = {
    "host_limits", "SELECT name, of_plan IS NOT NULL AS by_plan, coalesce(of_plan, 0) AS of_plan,"
                   " own IS NOT NULL AS by_host, coalesce(own, 0) AS own FROM host_limits($1, $2)"};

rc_t host_limits(struct ctx *c, const char *token, const char *id, struct host_limit **items,
                 size_t *count)
{
    struct host_tenant known;

    TRY(host_tenant_get(c, token, id, &known));
    return db_list(c, &q_limits, ARGS(A(hash_of(c, token)), A(id)), &host_limit_shape,
                   (void **)items, count);
}

static const struct stmt q_plans = {"host_plans", "SELECT name, about FROM plan ORDER BY position"};

rc_t host_plans(struct ctx *c, struct host_plan **items, size_t *count)
{
    return db_list(c, &q_plans, NO_ARGS, &host_plan_shape, (void **)items, count);
}

static rc_t missing(struct ctx *c)
{
    return ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such company.");
}

/* What came of it: NULL for a tenant that is not there. */
static rc_t result_of(struct ctx *c, const struct stmt *q, struct args args, const char **result)
{
    struct db_rows rows;

    TRY(db_rows(c, q, args, &rows));
    *result = db_text(&rows, 0, 0);
    return *result == NULL ? missing(c) : OK;
}

static const struct stmt q_suspend = {"host_suspend", "SELECT host_suspend($1, $2, $3)"};

rc_t host_suspend(struct ctx *c, const char *token, const char *id, const char *why)
{
    const char *result;

    return result_of(c, &q_suspend, ARGS(A(hash_of(c, token)), A(id), A(why)), &result);
}

rc_t host_resume(struct ctx *c, const char *token, const char *id)
{
    const char *result, *none = NULL;

    TRY(result_of(c, &q_suspend, ARGS(A(hash_of(c, token)), A(id), A(none)), &result));
    return text_is(result, "same")
               ? ctx_fail(c, E_CONFLICT, "not_suspended", "This company is not suspended.")
               : OK;
}

static const struct stmt q_known_plan = {"host_known_plan", "SELECT 1 FROM plan WHERE name = $1"};
static const struct stmt q_plan = {"host_plan", "SELECT host_plan($1, $2, $3)"};

rc_t host_plan_set(struct ctx *c, const char *token, const char *id, const char *plan)
{
    struct db_rows rows;
    const char *result;

    TRY(db_rows(c, &q_known_plan, ARGS(A(plan)), &rows));
    if (rows.count == 0)
        return ctx_bad(c, "plan", "plan_unknown", "There is no plan of this name.");
    return result_of(c, &q_plan, ARGS(A(hash_of(c, token)), A(id), A(plan)), &result);
}

static const struct stmt q_known_limit = {"host_known_limit",
                                          "SELECT 1 FROM plan_limit WHERE name = $1 LIMIT 1"};
static const struct stmt q_limit = {"host_limit", "SELECT host_limit($1, $2, $3, $4)"};
static const struct stmt q_no_limit = {"host_no_limit", "SELECT host_limit($1, $2, $3, NULL)"};

static rc_t known_limit(struct ctx *c, const char *name)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_known_limit, ARGS(A(name)), &rows));
    return rows.count > 0
               ? OK
               : ctx_fail(c, E_NOT_FOUND, "not_found", "There is no limit of this name.");
}

rc_t host_limit_set(struct ctx *c, const char *token, const char *id, const char *name,
                    int64_t per_minute)
{
    const char *result;

    TRY(known_limit(c, name));
    return result_of(c, &q_limit, ARGS(A(hash_of(c, token)), A(id), A(name), A(per_minute)),
                     &result);
}

rc_t host_limit_drop(struct ctx *c, const char *token, const char *id, const char *name)
{
    const char *result;

    TRY(known_limit(c, name));
    return result_of(c, &q_no_limit, ARGS(A(hash_of(c, token)), A(id), A(name)), &result);
}

static rc_t person_change(struct ctx *c, const struct stmt *q, const char *email, bool *found)
{
    struct db_rows rows;

    TRY(db_rows(c, q, ARGS(A(email)), &rows));
    *found = db_int(&rows, 0, 0) == 1;
    return OK;
}

static const struct stmt q_add = {"host_add", "SELECT host_add($1)::int"};

rc_t host_add(struct ctx *c, const char *email)
{
    bool found;

    TRY(person_change(c, &q_add, email, &found));
    return found ? OK
                 : ctx_fail(c, E_NOT_FOUND, "not_found",
                            "Nobody has proven to have the address %s.", email);
}

static const struct stmt q_remove = {"host_remove", "SELECT host_remove($1)::int"};

rc_t host_remove(struct ctx *c, const char *email)
{
    bool found;

    TRY(person_change(c, &q_remove, email, &found));
    return found ? OK : ctx_fail(c, E_NOT_FOUND, "not_found", "%s is no host.", email);
}

static const struct field person_fields[] = {
    FIELD(struct host_person, email, 0, 0, NULL),
    FIELD(struct host_person, name, 0, 0, NULL),
    FIELD(struct host_person, factor, 0, 0, NULL),
};
static const struct shape person_shape = SHAPE("HostPerson", struct host_person, person_fields);

static const struct stmt q_list = {"host_list", "SELECT email, name, factor FROM host_list()"};

rc_t host_list(struct ctx *c, struct host_person **items, size_t *count)
{
    return db_list(c, &q_list, NO_ARGS, &person_shape, (void **)items, count);
}
