/* Teams of employees: made, named, removed, and who is in them. */
#include "api/handlers.h"
#include "api/page.h"
#include "core/audit.h"
#include "core/employee.h"
#include "core/team.h"

/* Takes the reference over. */
static rc_t record(struct ctx *c, const char *action, const char *id, json_t *about)
{
    const char *body = json_text(c->mem, about);

    json_decref(about);
    return audit_add(c, c->actor, action, id, body);
}

rc_t teams_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct team *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(team_list(c, &page, &items, &count));
    return res_page(c, rq, rs, &team_shape, items, count, &page);
}

rc_t teams_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct new_team in;
    struct team team;

    TRY(req_body(c, rq, &new_team_shape, &in));
    TRY(team_add(c, in.name, &team));
    TRY(record(c, "team.created", team.id, json_pack("{s:s}", "name", team.name)));
    return res_one(c, rs, 201, &team_shape, &team);
}

rc_t teams_change(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct new_team in;
    struct team team;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &new_team_shape, &in));
    TRY(team_rename(c, id, in.name, &team));
    TRY(record(c, "team.changed", id, json_pack("{s:s}", "name", team.name)));
    return res_one(c, rs, 200, &team_shape, &team);
}

rc_t teams_remove(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct team team;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(team_remove(c, id, &team));
    TRY(record(c, "team.removed", id, json_pack("{s:s}", "name", team.name)));
    rs->status = 204;
    return OK;
}

rc_t employees_team(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct team_choice in;
    struct employee before, now;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &team_choice_shape, &in));
    TRY(employee_get(c, id, &before));
    TRY(team_join(c, id, in.team_id));
    TRY(employee_get(c, id, &now));
    TRY(record(c, "employee.team", id,
               json_pack("{s:s?, s:s?}", "from", before.team_id, "to", now.team_id)));
    return res_one(c, rs, 200, &employee_shape, &now);
}
