/* How a company sets up signing in with its own OpenID provider. People's way: sign_in_way.c. */
#include "core/sign_in.h"
#include "api/handlers.h"
#include "api/page.h"
#include "core/audit.h"
#include "flow/live.h"
#include "flow/queue.h"

#define TEST_WAIT_MS (60 * 1000) /* three calls of five seconds, and a worker that is busy */
#define LOOK_MS 500

static rc_t audit_by(struct ctx *c, const char *action, const char *object, json_t *body)
{
    const char *text = json_text(c->mem, body);

    json_decref(body);
    return audit_add(c, text_printf(c->mem, "person:%s", c->person_id), action, object, text);
}

static rc_t answer(struct ctx *c, struct res *rs)
{
    struct sign_in now;

    TRY(sign_in_get(c, &now));
    return res_one(c, rs, 200, &sign_in_shape, &now);
}

rc_t sign_in_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    (void)rq;
    return answer(c, rs);
}

rc_t sign_in_change(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct sign_in_change in;

    TRY(req_body(c, rq, &sign_in_change_shape, &in));
    TRY(sign_in_save(c, &in));
    TRY(audit_by(c, "sign_in.changed", c->tenant_id,
                 json_pack("{s:s, s:s, s:s, s:b, s:b, s:b}", "issuer", in.issuer, "client",
                           in.client_id, "role", in.role, "joining", in.joining, "passwords",
                           in.passwords, "secret", in.client_secret != NULL)));
    return answer(c, rs);
}

rc_t sign_in_remove(struct ctx *c, const struct req *rq, struct res *rs)
{
    (void)rq;
    TRY(sign_in_drop(c));
    TRY(audit_by(c, "sign_in.removed", c->tenant_id, json_object()));
    rs->status = 204;
    return OK;
}

static void ring(struct ctx *c, void *arg)
{
    const struct sign_in_test *asked = arg;

    queue_ring(c, c->tenant_id, asked->job_id);
}

/* A newer test has taken the place of this one: then its result is as good. */
static rc_t test_look(struct ctx *c, const struct req *rq, struct res *rs, void *arg, enum wake why,
                      struct bytes news)
{
    const struct sign_in_test *asked = arg;
    struct sign_in now;

    (void)rq;
    (void)news;
    TRY(sign_in_get(c, &now));
    if (now.tested != 0 || !text_is(now.test_id, asked->test_id))
        return res_one(c, rs, 200, &sign_in_shape, &now);
    if (why == WAKE_DEADLINE)
        return ctx_fail(c, E_UNAVAILABLE, "not_tested", "the worker did not come to the test");
    rs->look_ms = LOOK_MS;
    return OK;
}

rc_t sign_in_try(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct sign_in_test *asked = arena_take(c->mem, sizeof(*asked));
    struct park *park = arena_take(c->mem, sizeof(*park));

    (void)rq;
    TRY(sign_in_test(c, asked));
    *park = (struct park){.kind = PARK_LIVE,
                          .deadline_ms = TEST_WAIT_MS,
                          .state = asked,
                          .resume = test_look,
                          .channel = live_channel(c, asked->test_id)};
    rs->park = park;
    rs->look_ms = LOOK_MS;
    rs->committed = ring;
    rs->committed_arg = asked;
    return OK;
}

rc_t sign_in_domains_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct sign_in_domain *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(sign_in_domain_list(c, &page, &items, &count));
    return res_page(c, rq, rs, &sign_in_domain_shape, items, count, &page);
}

rc_t sign_in_domains_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct sign_in_domain_new in;
    struct sign_in_domain made;

    TRY(req_body(c, rq, &sign_in_domain_new_shape, &in));
    TRY(sign_in_domain_add(c, in.domain, &made));
    TRY(audit_by(c, "sign_in_domain.added", made.id, json_pack("{s:s}", "domain", made.domain)));
    return res_one(c, rs, 201, &sign_in_domain_shape, &made);
}

rc_t sign_in_domains_drop(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *id, *domain;

    TRY(req_id(c, rq, "id", &id));
    TRY(sign_in_domain_drop(c, id, &domain));
    TRY(audit_by(c, "sign_in_domain.removed", id, json_pack("{s:s}", "domain", domain)));
    rs->status = 204;
    return OK;
}
