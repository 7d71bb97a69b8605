/* Employees, as people see them. */
#include "api/handlers.h"
#include "api/page.h"
#include "core/employee.h"

rc_t employees_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct employee *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(employee_list(c, req_query(c, rq, "state"), &page, &items, &count));
    return res_page(c, rq, rs, &employee_shape, items, count, &page);
}

rc_t employees_get(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct employee employee;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(employee_get(c, id, &employee));
    return res_one(c, rs, 200, &employee_shape, &employee);
}
