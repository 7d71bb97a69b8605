/*
 * A company's accounts at providers of models: added, changed, put in order, tested by the worker
 * while the request waits.
 */
#include "core/provider_account.h"

#include "api/handlers.h"
#include "core/audit.h"
#include "flow/live.h"
#include "flow/queue.h"

/* A list, and a question or three to a model that may have to be loaded first. */
#define TEST_WAIT_MS (120 * 1000)
#define LOOK_MS 500

/* Takes the reference over. */
static rc_t record(struct ctx *c, const char *action, const char *id, json_t *about)
{
    const char *body = json_text(c->mem, about);

    json_decref(about);
    return audit_add(c, c->actor, action, id, body);
}

rc_t provider_accounts_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct provider_account *items;
    size_t count;

    (void)rq;
    TRY(provider_account_list(c, &items, &count));
    return res_list(c, rs, &provider_account_shape, items, count, NULL);
}

rc_t provider_accounts_get(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct provider_account account;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(provider_account_get(c, id, &account));
    return res_one(c, rs, 200, &provider_account_shape, &account);
}

static void ring(struct ctx *c, void *arg)
{
    const struct account_test *asked = arg;

    queue_ring(c, c->tenant_id, asked->job_id);
}

/* Has it tested as soon as this request is committed. */
static rc_t begin_test(struct ctx *c, struct res *rs, const char *id, bool anew,
                       struct account_test **out)
{
    *out = arena_take(c->mem, sizeof(**out));
    TRY(provider_account_test(c, id, anew, *out));
    if ((*out)->job_id != NULL) {
        rs->committed = ring;
        rs->committed_arg = *out;
    }
    return OK;
}

rc_t provider_accounts_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct new_provider_account in;
    struct provider_account made;
    struct account_test *asked;

    TRY(req_body(c, rq, &new_provider_account_shape, &in));
    TRY(provider_account_add(c, &in, &made));
    TRY(begin_test(c, rs, made.id, true, &asked));
    TRY(provider_account_get(c, made.id, &made));
    TRY(record(c, "provider_account.added", made.id,
               json_pack("{s:s, s:s, s:s, s:b}", "name", made.name, "provider", made.provider,
                         "address", made.base_url, "key", made.has_key)));
    return res_one(c, rs, 201, &provider_account_shape, &made);
}

rc_t provider_accounts_change(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct provider_account_change in;
    struct provider_account now;
    struct account_test *asked;
    const char *id;
    bool anew;

    TRY(req_id(c, rq, "id", &id));
    TRY(req_body(c, rq, &provider_account_change_shape, &in));
    TRY(provider_account_change(c, id, &in, &now, &anew));
    if (anew) {
        TRY(begin_test(c, rs, id, true, &asked));
        TRY(provider_account_get(c, id, &now));
    }
    TRY(record(c, "provider_account.changed", id,
               json_pack("{s:s, s:s, s:s, s:b, s:b}", "name", now.name, "address", now.base_url,
                         "models", now.models, "on", now.on, "key", in.key != NULL)));
    return res_one(c, rs, 200, &provider_account_shape, &now);
}

rc_t provider_accounts_drop(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct provider_account was;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(provider_account_drop(c, id, &was));
    TRY(record(c, "provider_account.removed", id,
               json_pack("{s:s, s:s, s:s}", "name", was.name, "provider", was.provider, "address",
                         was.base_url)));
    rs->status = 204;
    return OK;
}

rc_t provider_accounts_sort(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct provider_account_order in;

    TRY(req_body(c, rq, &provider_account_order_shape, &in));
    TRY(provider_account_sort(c, in.ids));
    TRY(record(c, "provider_account.ordered", c->tenant_id, json_pack("{s:s}", "ids", in.ids)));
    rs->status = 204;
    return OK;
}

struct waiting {
    const char *account_id, *test_id;
};

/* A newer test has taken the place of this one: then its result is as good. */
static rc_t test_look(struct ctx *c, const struct req *rq, struct res *rs, void *arg, enum wake why,
                      struct bytes news)
{
    const struct waiting *w = arg;
    struct provider_account now;

    (void)rq;
    (void)news;
    TRY(provider_account_get(c, w->account_id, &now));
    if (!text_is(now.test_id, w->test_id))
        return res_one(c, rs, 200, &provider_account_shape, &now);
    if (why == WAKE_DEADLINE)
        return ctx_fail(c, E_UNAVAILABLE, "not_tested", "the worker did not come to the test");
    rs->look_ms = LOOK_MS;
    return OK;
}

rc_t provider_accounts_try(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct waiting *w = arena_take(c->mem, sizeof(*w));
    struct park *park = arena_take(c->mem, sizeof(*park));
    struct account_test *asked;

    TRY(req_id(c, rq, "id", &w->account_id));
    TRY(begin_test(c, rs, w->account_id, false, &asked));
    w->test_id = asked->test_id;
    *park = (struct park){.kind = PARK_LIVE,
                          .deadline_ms = TEST_WAIT_MS,
                          .state = w,
                          .resume = test_look,
                          .channel = live_channel(c, asked->test_id)};
    rs->park = park;
    rs->look_ms = LOOK_MS;
    return OK;
}
