/* What models cost the company. */
#include "api/handlers.h"
#include "api/page.h"
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
