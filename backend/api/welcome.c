/* See welcome.h. */
#include "api/welcome.h"

#include "api/handlers.h"
#include "core/audit.h"
#include "core/host.h"
#include "core/session.h"
#include "core/tenant.h"

rc_t welcome_tell(struct ctx *c, const char *token, const char *role, const char *barred,
                  struct me *out)
{
    TRY(me_get(c, role, out));
    out->csrf = token == NULL ? "" : session_csrf(c->mem, token);
    out->barred = barred == NULL ? "" : barred;
    if (text_is(barred, "tenant_suspended"))
        TRY(tenant_suspended(c, &out->barred_why));
    return host_asks(c, token, &out->host);
}

rc_t welcome_with(struct ctx *c, struct res *rs, int status, const char *token)
{
    struct session_found found;
    struct me me;

    TRY(session_find(c, token, &found));
    TRY(welcome_tell(c, token, found.role, found.barred, &me));
    res_session(c, rs, token);
    return res_one(c, rs, status, &me_shape, &me);
}

rc_t welcome(struct ctx *c, const struct req *rq, struct res *rs, int status, const char *person_id)
{
    const char *token;

    c->person_id = person_id;
    TRY(session_start(c, person_id, rq->header(rq, "user-agent"), &token));
    return welcome_with(c, rs, status, token);
}

rc_t audit_person(struct ctx *c, const char *person_id, const char *action, json_t *about)
{
    const char *text = json_text(c->mem, about);

    json_decref(about);
    return audit_add_personal(c, text_printf(c->mem, "person:%s", person_id), action, person_id,
                              person_id, text);
}
