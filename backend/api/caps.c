/* What models may cost: the caps of a company, set by its admins, and what was told of them. */
#include "api/handlers.h"
#include "api/page.h"
#include "core/audit.h"
#include "core/cap_alert.h"
#include "core/cap_set.h"

rc_t caps_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct cap_row *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(cap_rows(c, &page, &items, &count));
    return res_page(c, rq, rs, &cap_row_shape, items, count, &page);
}

rc_t cap_alerts_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct cap_alert_row *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(cap_alert_rows(c, &page, &items, &count));
    return res_page(c, rq, rs, &cap_alert_row_shape, items, count, &page);
}

/* Who may not see them has nothing to have seen, which hurts nobody. */
rc_t cap_alerts_saw(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct cap_alert_saw in;

    TRY(req_body(c, rq, &cap_alert_saw_shape, &in));
    TRY(cap_alert_seen(c, in.id));
    rs->status = 204;
    return OK;
}

static rc_t record(struct ctx *c, const char *action, const struct cap_row *cap, int64_t before)
{
    json_t *about = json_pack("{s:s, s:s, s:s, s:I, s:I}", "scope", cap->scope, "scope_id",
                              cap->scope_id, "period", cap->period, "before_micros",
                              (json_int_t)before, "limit_micros", (json_int_t)cap->limit_micros);
    const char *body = json_text(c->mem, about);

    json_decref(about);
    return audit_add(c, c->actor, action, cap->id, body);
}

rc_t caps_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct new_cap in;
    struct cap_row cap;

    TRY(req_body(c, rq, &new_cap_shape, &in));
    TRY(cap_row_add(c, &in, &cap));
    TRY(record(c, "cap.added", &cap, 0));
    return res_one(c, rs, 201, &cap_row_shape, &cap);
}

rc_t caps_change(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct cap_limit in;
    struct cap_row cap;
    const char *id;
    int64_t before;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &cap_limit_shape, &in));
    TRY(cap_row_change(c, id, in.limit_micros, &before, &cap));
    TRY(record(c, "cap.changed", &cap, before));
    return res_one(c, rs, 200, &cap_row_shape, &cap);
}

rc_t caps_remove(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct cap_row cap;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(cap_row_remove(c, id, &cap));
    TRY(record(c, "cap.removed", &cap, cap.limit_micros));
    rs->status = 204;
    return OK;
}
