/* Employees, as people see them. */
#include "api/handlers.h"
#include "core/employee.h"

rc_t employees_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct employee *items;
    size_t count;

    (void)rq;
    TRY(employee_list(c, &items, &count));
    return res_list(c, rs, &employee_shape, items, count, NULL);
}

rc_t employees_get(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct employee employee;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(employee_get(c, id, &employee));
    return res_one(c, rs, 200, &employee_shape, &employee);
}
