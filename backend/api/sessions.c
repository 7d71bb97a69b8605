/* One's own sessions: which browsers are logged in, and ending them. */
#include "api/handlers.h"
#include "api/page.h"
#include "core/audit.h"
#include "core/session.h"

rc_t sessions_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct session *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(session_list(c, rq->session_token, &page, &items, &count));
    return res_page(c, rq, rs, &session_shape, items, count, &page);
}

static rc_t ended(struct ctx *c, struct res *rs, const char *what)
{
    rs->status = 204;
    return audit_add(c, text_printf(c->mem, "person:%s", c->person_id), "person.session_ended",
                     what, "{}");
}

rc_t sessions_drop(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(session_drop(c, id));
    return ended(c, rs, id);
}

rc_t sessions_drop_others(struct ctx *c, const struct req *rq, struct res *rs)
{
    TRY(sessions_end(c, c->person_id, rq->session_token));
    return ended(c, rs, "others");
}
