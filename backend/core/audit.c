/* See audit.h. The hash itself is made in the database (migrations/0002_audit.sql, audit_add). */
#include "core/audit.h"

#include "core/audit_subject.h"
#include "io/db.h"

static const struct stmt q_add = {"audit_add", "SELECT audit_add($1, $2, $3, $4)"};

rc_t audit_add(struct ctx *c, const char *actor, const char *action, const char *object,
               const char *body)
{
    return db_later(c, &q_add, ARGS(A(actor), A(action), A(object), A(body)));
}

rc_t audit_add_personal(struct ctx *c, const char *actor, const char *action, const char *object,
                        const char *subject_id, const char *personal)
{
    const char *body;

    TRY(audit_seal(c, subject_id, personal, &body));
    return audit_add(c, actor, action, object, body);
}
