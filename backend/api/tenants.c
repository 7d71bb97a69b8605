/* The companies of a person: going from one to the other, founding one, leaving one. */
#include <string.h>

#include "api/handlers.h"
#include "api/page.h"
#include "api/welcome.h"
#include "base/id.h"
#include "core/audit.h"
#include "core/login_limit.h"
#include "core/member.h"
#include "core/person.h"
#include "core/session.h"
#include "core/sign_in.h"
#include "core/tenant.h"
#include "io/db.h"

#define FOUNDED_PER_DAY 5
#define DAY_MINUTES (24 * 60)

rc_t tenants_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct tenancy *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(tenancy_list(c, rq->session_token, &page, &items, &count));
    return res_page(c, rq, rs, &tenancy_shape, items, count, &page);
}

static rc_t entry(struct ctx *c, const char *tenant_id, const char *action, const char *remote)
{
    TRY(db_tenant(c, tenant_id));
    if (!text_is(action, "person.logged_in"))
        return audit_add(c, text_printf(c->mem, "person:%s", c->person_id), action, c->person_id,
                         "{}");
    return audit_person(c, c->person_id, action, json_pack("{s:s?}", "address", remote));
}

/*
 * The entries in both companies, always in the same order, so that two who go opposite ways do not
 * wait for each other's chain in a circle. Ends in `to`.
 */
static rc_t entries(struct ctx *c, const struct req *rq, const char *from, const char *leaving,
                    const char *to)
{
    bool from_first = strcmp(from, to) < 0;

    if (from_first)
        TRY(entry(c, from, leaving, NULL));
    TRY(entry(c, to, "person.logged_in", rq->remote));
    if (from_first)
        return OK;
    TRY(entry(c, from, leaving, NULL));
    return db_tenant(c, to);
}

/* The company may want its own provider between itself and a password. */
static rc_t provider_check(struct ctx *c)
{
    struct person_record person;

    TRY(person_find(c, c->person_id, &person));
    return sign_in_password_allowed(c, person.email);
}

rc_t tenants_enter(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *id, *token, *from = c->tenant_id;
    struct tenancy tenancy;

    TRY(req_id(c, rq, "id", &id));
    TRY(tenancy_get(c, rq->session_token, id, &tenancy));
    if (tenancy.current)
        return welcome_with(c, rs, 200, rq->session_token);
    TRY(session_move(c, rq->session_token, id, &token));
    TRY(provider_check(c));
    TRY(welcome_with(c, rs, 200, token));
    return entries(c, rq, from, "person.logged_out", id);
}

rc_t tenants_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *id = id_new(c->mem), *token, *from = c->tenant_id;
    struct new_tenant in;

    TRY(req_body(c, rq, &new_tenant_shape, &in));
    TRY(person_proven(c));
    TRY(limit_try(c, "companies_founded", c->person_id, FOUNDED_PER_DAY, DAY_MINUTES,
                  "You have founded several companies today. Try again tomorrow."));
    TRY(tenant_add(c, id, text_trim(c->mem, in.company)));
    TRY(membership_add(c, c->person_id, "admin"));
    TRY(db_tenant(c, from));
    TRY(session_move(c, rq->session_token, id, &token));
    TRY(welcome_with(c, rs, 201, token));
    return entries(c, rq, from, "person.logged_out", id);
}

/* The company to go on in, the first of the others by name, or NULL. */
static rc_t other_than(struct ctx *c, const struct req *rq, const char *id, const char **out)
{
    struct page page = {.most = 2};
    struct tenancy *items;
    size_t count;

    *out = NULL;
    TRY(tenancy_list(c, rq->session_token, &page, &items, &count));
    for (size_t i = 0; i < count && *out == NULL; i++)
        if (!text_is(items[i].id, id))
            *out = items[i].id;
    return OK;
}

static rc_t leave(struct ctx *c, const char *id)
{
    TRY(db_tenant(c, id));
    return member_leave(c);
}

rc_t tenants_leave(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *id, *token = NULL, *other, *from = c->tenant_id;
    struct tenancy tenancy;

    TRY(req_id(c, rq, "id", &id));
    TRY(tenancy_get(c, rq->session_token, id, &tenancy));
    TRY(other_than(c, rq, id, &other));
    rs->status = 204;
    if (tenancy.current && other != NULL)
        TRY(session_move(c, rq->session_token, other, &token));
    TRY(leave(c, id));
    if (!tenancy.current) {
        TRY(entry(c, id, "person.left", NULL));
        return db_tenant(c, from);
    }
    res_session(c, rs, token);
    if (other == NULL)
        return entry(c, id, "person.left", NULL);
    return entries(c, rq, id, "person.left", other);
}
