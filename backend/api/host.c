/* The host area: what those who run the instance see and do of its companies. */
#include "core/host.h"
#include "api/handlers.h"
#include "api/page.h"
#include "base/id.h"
#include "core/audit.h"
#include "core/invitation.h"
#include "core/tenant.h"
#include "io/db.h"

static rc_t tell(struct ctx *c, const struct req *rq, struct res *rs, int status, const char *id)
{
    struct host_tenant tenant;

    TRY(host_tenant_get(c, rq->session_token, id, &tenant));
    return res_one(c, rs, status, &host_tenant_shape, &tenant);
}

rc_t host_tenants_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    const struct host_filter filter = {.name = req_query(c, rq, "name"),
                                       .state = req_query(c, rq, "state")};
    struct host_tenant *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(host_tenants(c, rq->session_token, &filter, &page, &items, &count));
    return res_page(c, rq, rs, &host_tenant_shape, items, count, &page);
}

rc_t host_tenants_get(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    return tell(c, rq, rs, 200, id);
}

/*
 * The new company is empty, and whoever makes it does not belong to it: its first admin comes by
 * the invitation.
 */
rc_t host_tenants_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *own = c->tenant_id, *id = id_new(c->mem);
    struct invitation invitation;
    struct host_new_tenant in;

    TRY(req_body(c, rq, &host_new_tenant_shape, &in));
    in.company = text_trim(c->mem, in.company);
    TRY(tenant_add(c, id, in.company));
    TRY(host_plan_set(c, rq->session_token, id, in.plan));
    TRY(invitation_add(c, &(struct new_invitation){.email = in.email, .role = "admin"},
                       &invitation));
    TRY(audit_add(c, "host", "tenant.made_by_host", id,
                  text_printf(c->mem, "{\"by\":\"%s\"}", c->person_id)));
    TRY(tell(c, rq, rs, 201, id));
    return db_tenant(c, own);
}

rc_t host_tenants_suspend(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct host_reason in;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &host_reason_shape, &in));
    if (text_is(id, c->tenant_id))
        return ctx_fail(c, E_CONFLICT, "own_tenant",
                        "You are logged in to this company; nobody could resume it then.");
    TRY(host_suspend(c, rq->session_token, id, text_trim(c->mem, in.why)));
    return tell(c, rq, rs, 200, id);
}

rc_t host_tenants_resume(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(host_resume(c, rq->session_token, id));
    return tell(c, rq, rs, 200, id);
}

rc_t host_tenants_plan(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct host_plan_choice in;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &host_plan_choice_shape, &in));
    TRY(host_plan_set(c, rq->session_token, id, in.plan));
    return tell(c, rq, rs, 200, id);
}

static rc_t limits_answer(struct ctx *c, const struct req *rq, struct res *rs, const char *id)
{
    struct host_limit *items;
    size_t count;

    TRY(host_limits(c, rq->session_token, id, &items, &count));
    return res_list(c, rs, &host_limit_shape, items, count, NULL);
}

rc_t host_limits_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    return limits_answer(c, rq, rs, id);
}

rc_t host_limits_set(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct host_limit_value in;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &host_limit_value_shape, &in));
    TRY(host_limit_set(c, rq->session_token, id, req_param(c, rq, "name"), in.per_minute));
    return limits_answer(c, rq, rs, id);
}

rc_t host_limits_drop(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(host_limit_drop(c, rq->session_token, id, req_param(c, rq, "name")));
    return limits_answer(c, rq, rs, id);
}

rc_t host_plans_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct host_plan *items;
    size_t count;

    (void)rq;
    TRY(host_plans(c, &items, &count));
    return res_list(c, rs, &host_plan_shape, items, count, NULL);
}
