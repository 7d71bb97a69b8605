/* The report of the latest proof that tenants are sealed off, for a tenant's admins. */
#include "api/handlers.h"
#include "api/page.h"
#include "core/proof.h"

rc_t isolation_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct proof *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(proof_list(c, &page, &items, &count));
    return res_page(c, rq, rs, &proof_shape, items, count, &page);
}

rc_t isolation_report_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *as = req_query(c, rq, "as"), *text;
    bool as_page = text_is(as, "page");

    if (as != NULL && !as_page && !text_is(as, "json"))
        return ctx_bad(c, "as", "not_a_choice", "as is json or page.");
    TRY(proof_text(c, as_page, &text));
    TRY(res_text(rs, 200, text));
    rs->type = as_page ? "text/html; charset=utf-8" : "application/json";
    res_header(rs, "content-disposition",
               as_page ? "attachment; filename=\"isolation.html\""
                       : "attachment; filename=\"isolation.json\"");
    return OK;
}
