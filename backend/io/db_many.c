/* What is done for one tenant after another (db.h). */
#include "base/log.h"
#include "io/db.h"

bool db_goes_on(struct ctx *c, rc_t rc, const char *event)
{
    if (rc == OK)
        return true;
    if (rc == E_UNAVAILABLE || rc == E_TIMEOUT)
        return false;
    log_fault(c, event);
    db_rollback(c);
    ctx_forgive(c);
    return true;
}
