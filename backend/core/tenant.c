/* See tenant.h. */
#include "core/tenant.h"

#include "base/id.h"
#include "core/audit.h"
#include "core/cap.h"
#include "core/employee.h"
#include "core/job.h"
#include "io/db.h"

static const struct field new_fields[] = {
    FIELD(struct new_tenant, company, REQUIRED, 200, "Name of the company"),
};
const struct shape new_tenant_shape = SHAPE("NewTenant", struct new_tenant, new_fields);

static const struct stmt q_add = {"tenant_add",
                                  "INSERT INTO tenant (tenant_id, name) VALUES ($1, $2)"};
static const struct stmt q_head = {"tenant_audit_head",
                                   "INSERT INTO audit_head (tenant_id) VALUES ($1)"};

rc_t tenant_add(struct ctx *c, const char *id, const char *name)
{
    TRY(db_tenant(c, id));
    TRY(db_exec(c, &q_add, ARGS(A(id), A(name)), NULL));
    TRY(db_exec(c, &q_head, ARGS(A(id)), NULL));
    TRY(employee_hire_first(c));
    TRY(cap_add_first(c));
    /* The worker makes the key pair: the private half is never in the web process. */
    TRY(job_add(c, id_new(c->mem), "tenant_key", id, id));
    return audit_add(c, "system", "tenant.created", id, "{}");
}

static const struct stmt q_name = {"tenant_name",
                                   "SELECT name FROM tenant WHERE tenant_id = tenant_now()"};

rc_t tenant_name(struct ctx *c, const char **name)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_name, NO_ARGS, &rows));
    if (rows.count == 0)
        return ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such tenant.");
    *name = db_text(&rows, 0, 0);
    return OK;
}

static const struct stmt q_suspended = {
    "tenant_suspended", "SELECT suspended_why FROM tenant WHERE tenant_id = tenant_now()"};

rc_t tenant_suspended(struct ctx *c, const char **why)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_suspended, NO_ARGS, &rows));
    *why = rows.count == 0 ? NULL : db_text(&rows, 0, 0);
    return OK;
}

static const struct stmt q_find = {"tenant_find",
                                   "SELECT tenant_id, name FROM tenant_list() WHERE $1::text IS "
                                   "NULL OR name = $1 OR tenant_id::text = $1"};

rc_t tenant_find(struct ctx *c, const char *name, const char ***ids, const char ***names,
                 size_t *count)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_find, ARGS(A(name)), &rows));
    *count = (size_t)rows.count;
    *ids = arena_take(c->mem, (*count + 1) * sizeof(**ids));
    *names = arena_take(c->mem, (*count + 1) * sizeof(**names));
    for (int i = 0; i < rows.count; i++) {
        (*ids)[i] = db_text(&rows, i, 0);
        (*names)[i] = db_text(&rows, i, 1);
    }
    return OK;
}
