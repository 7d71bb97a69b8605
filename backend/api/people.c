/* The people of the company and their roles. */
#include "api/handlers.h"
#include "api/page.h"
#include "core/audit.h"
#include "core/member.h"
#include "core/permission.h"

rc_t people_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct member *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(member_list(c, &page, &items, &count));
    for (size_t i = 0; i < count; i++)
        if (!permits_has(rq->may, PERMISSION_people_manage))
            items[i].factor = NULL;
    return res_page(c, rq, rs, &member_shape, items, count, &page);
}

static rc_t record(struct ctx *c, const char *action, const char *person_id, json_t *body)
{
    const char *text = json_text(c->mem, body);

    json_decref(body);
    return audit_add(c, text_printf(c->mem, "person:%s", c->person_id), action, person_id, text);
}

rc_t people_change(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct role_change in;
    struct member member;
    const char *id, *was;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &role_change_shape, &in));
    TRY(member_role_set(c, id, in.role, &was));
    if (!text_is(was, in.role))
        TRY(record(c, "person.role_changed", id,
                   json_pack("{s:s, s:s}", "from", was, "to", in.role)));
    TRY(member_get(c, id, &member));
    return res_one(c, rs, 200, &member_shape, &member);
}

/* Who it was can't be asked afterwards: the name goes into the audit, sealed. */
static rc_t record_removed(struct ctx *c, const struct member *member)
{
    json_t *about = json_pack("{s:s, s:s, s:s}", "name", member->name, "email", member->email,
                              "role", member->role);
    const char *text = json_text(c->mem, about);

    json_decref(about);
    return audit_add_personal(c, text_printf(c->mem, "person:%s", c->person_id), "person.removed",
                              member->id, member->id, text);
}

rc_t people_drop(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct member member;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(member_remove(c, id, &member));
    rs->status = 204;
    return record_removed(c, &member);
}

rc_t permissions_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    const struct permission_view *items;
    size_t count;

    (void)rq;
    items = permission_views(c->mem, &count);
    return res_list(c, rs, &permission_shape, items, count, NULL);
}
