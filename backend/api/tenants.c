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

/* What the audit of a company is told; `personal` is a JSON object to be sealed, or NULL. */
struct entry {
    const char *tenant_id, *action, *personal;
};

static rc_t add(struct ctx *c, struct entry e)
{
    const char *actor = text_printf(c->mem, "person:%s", c->person_id);

    TRY(db_tenant(c, e.tenant_id));
    if (e.personal == NULL)
        return audit_add(c, actor, e.action, c->person_id, "{}");
    return audit_add_personal(c, actor, e.action, c->person_id, c->person_id, e.personal);
}

static const char *text_taken(struct ctx *c, json_t *object)
{
    const char *text = json_text(c->mem, object);

    json_decref(object);
    return text;
}

static struct entry entered(struct ctx *c, const struct req *rq, const char *tenant_id)
{
    return (struct entry){tenant_id, "person.logged_in",
                          text_taken(c, json_pack("{s:s?}", "address", rq->remote))};
}

static struct entry logged_out(const char *tenant_id)
{
    return (struct entry){tenant_id, "person.logged_out", NULL};
}

/* Who it was can't be asked afterwards: the name goes into the audit, sealed. */
static struct entry left(struct ctx *c, const char *tenant_id, const struct member *was)
{
    return (struct entry){tenant_id, "person.left",
                          text_taken(c, json_pack("{s:s, s:s, s:s}", "name", was->name, "email",
                                                  was->email, "role", was->role))};
}

/*
 * The entries in both companies, always in the same order, so that two who go opposite ways do not
 * wait for each other's chain in a circle. Ends in the second's company.
 */
static rc_t add_both(struct ctx *c, struct entry from, struct entry to)
{
    bool from_first = strcmp(from.tenant_id, to.tenant_id) < 0;

    TRY(add(c, from_first ? from : to));
    TRY(add(c, from_first ? to : from));
    return from_first ? OK : db_tenant(c, to.tenant_id);
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
    return add_both(c, logged_out(from), entered(c, rq, id));
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
    return add_both(c, logged_out(from), entered(c, rq, id));
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

rc_t tenants_leave(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *id, *token = NULL, *other, *from = c->tenant_id;
    struct tenancy tenancy;
    struct member was;

    TRY(req_id(c, rq, "id", &id));
    TRY(tenancy_get(c, rq->session_token, id, &tenancy));
    TRY(other_than(c, rq, id, &other));
    rs->status = 204;
    if (tenancy.current && other != NULL)
        TRY(session_move(c, rq->session_token, other, &token));
    TRY(db_tenant(c, id));
    TRY(member_leave(c, &was));
    if (!tenancy.current) {
        TRY(add(c, left(c, id, &was)));
        return db_tenant(c, from);
    }
    res_session(c, rs, token);
    if (other == NULL)
        return add(c, left(c, id, &was));
    return add_both(c, left(c, id, &was), entered(c, rq, other));
}
