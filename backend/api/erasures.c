/* The end of a company: asked for by an admin with name and password, and stopped by any admin. */
#include <string.h>

#include "api/handlers.h"
#include "api/hashing.h"
#include "core/erasure.h"
#include "core/login_limit.h"
#include "core/tenant.h"

static rc_t answer(struct ctx *c, struct res *rs, int status)
{
    struct erasure now;

    TRY(erasure_get(c, &now));
    return res_one(c, rs, status, &erasure_shape, &now);
}

rc_t erasure_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    (void)rq;
    return answer(c, rs, 200);
}

static rc_t erasure_asked(struct ctx *c, const struct req *rq, struct res *rs, struct hashing *h)
{
    (void)rq;
    if (h->fitting < 0)
        return hashing_wrong(c);
    TRY(login_right(c, h->email, NULL));
    TRY(erasure_add(c));
    TRY(erasure_mail(c, "erasure_asked"));
    return answer(c, rs, 202);
}

rc_t erasure_ask(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct hashing *h = hashing_new(c);
    struct erasure_ask in;
    const char *name;

    TRY(req_body(c, rq, &erasure_ask_shape, &in));
    TRY(tenant_name(c, &name));
    if (!text_is(text_trim(c->mem, in.company), name))
        return ctx_bad(c, "company", "company_wrong", "This is not the company's name.");
    TRY(hashing_own(c, h, in.password));
    return hashing_park(c, rs, h, erasure_asked);
}

rc_t erasure_drop(struct ctx *c, const struct req *rq, struct res *rs)
{
    (void)rq;
    TRY(erasure_stop(c));
    TRY(erasure_mail(c, "erasure_stopped"));
    return answer(c, rs, 200);
}
