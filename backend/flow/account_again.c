/* See account_again.h. */
#include "flow/account_again.h"

#include "core/account_book.h"
#include "core/provider_account.h"
#include "flow/queue.h"
#include "io/db.h"

#define AT_ONCE 100 /* the rest is due at the next look */

static rc_t test_again(struct ctx *c, const struct account_due *due)
{
    struct account_test test;

    TRY(db_tenant(c, due->tenant_id));
    TRY(provider_account_test(c, due->id, false, &test));
    TRY(db_commit(c));
    if (test.job_id != NULL)
        queue_ring(c, c->tenant_id, test.job_id);
    return OK;
}

rc_t account_again_sweep(struct ctx *c)
{
    struct account_due *due;
    size_t count;

    TRY(account_due_list(c, AT_ONCE, &due, &count));
    TRY(db_commit(c));
    for (size_t i = 0; i < count; i++) {
        rc_t rc = test_again(c, &due[i]);

        /* One that was removed meanwhile is among them. */
        if (!db_goes_on(c, rc, "account_not_tested"))
            return rc;
    }
    return OK;
}
