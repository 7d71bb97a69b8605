/* Which models think for the employees of a company. */
#include "core/employee_models.h"

#include "api/handlers.h"
#include "api/page.h"
#include "core/audit.h"

rc_t employees_models_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct employee_models_row *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(employee_models_list(c, &page, &items, &count));
    return res_page(c, rq, rs, &employee_models_shape, items, count, &page);
}

static json_t *named(const char *provider, const char *model)
{
    return provider == NULL ? json_null() : json_sprintf("%s/%s", provider, model);
}

static rc_t record(struct ctx *c, const struct employee_models_row *now)
{
    json_t *about = json_pack("{s:o, s:o, s:o}", "primary",
                              named(now->primary_provider, now->primary_model), "fallback",
                              named(now->fallback_provider, now->fallback_model), "local",
                              named(now->local_provider, now->local_model));
    const char *body = json_text(c->mem, about);

    json_decref(about);
    return audit_add(c, c->actor, "employee.models_changed", now->id, body);
}

rc_t employees_models_change(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct employee_models_change in;
    struct employee_models_row now;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &employee_models_change_shape, &in));
    TRY(employee_models_set(c, id, &in, &now));
    TRY(record(c, &now));
    return res_one(c, rs, 200, &employee_models_shape, &now);
}
