/* What models cost the company. */
#include "api/handlers.h"
#include "api/page.h"
#include "base/id.h"
#include "core/usage_call.h"
#include "core/usage_sum.h"

/* Seconds from the query, which the gate has looked at; 0 when they are left out. */
static int64_t seconds_of(struct ctx *c, const struct req *rq, const char *name)
{
    const char *text = req_query(c, rq, name);
    int64_t n = 0;

    return text == NULL || text_int(text, &n) != OK ? 0 : n;
}

rc_t usage_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct usage_sum *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(usage_sums(c, req_query(c, rq, "by"), seconds_of(c, rq, "from"), seconds_of(c, rq, "to"),
                   &page, &items, &count));
    return res_page(c, rq, rs, &usage_sum_shape, items, count, &page);
}

/* An id from the query, or NULL when it is left out. */
static rc_t id_asked(struct ctx *c, const struct req *rq, const char *name, const char **out)
{
    *out = req_query(c, rq, name);
    return *out == NULL || id_valid(*out) ? OK
                                          : ctx_bad(c, name, "not_an_id", "This is not an id.");
}

rc_t usage_calls_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct usage_call_want want = {.provider = req_query(c, rq, "provider"),
                                   .model = req_query(c, rq, "model"),
                                   .outcome = req_query(c, rq, "outcome"),
                                   .from = seconds_of(c, rq, "from"),
                                   .to = seconds_of(c, rq, "to")};
    struct usage_call *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(id_asked(c, rq, "employee_id", &want.employee_id));
    TRY(id_asked(c, rq, "team_id", &want.team_id));
    TRY(id_asked(c, rq, "key_id", &want.key_id));
    TRY(id_asked(c, rq, "conversation_id", &want.conversation_id));
    TRY(usage_calls(c, &want, &page, &items, &count));
    return res_page(c, rq, rs, &usage_call_shape, items, count, &page);
}
