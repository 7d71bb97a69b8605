/* See audit.h. The hash itself is made in the database (migrations/0002_audit.sql, audit_add). */
#include "core/audit.h"

#include <string.h>

#include "core/audit_subject.h"
#include "io/db.h"

static const struct stmt q_add = {"audit_add", "SELECT audit_add($1, $2, $3, $4)"};

/* What an app did in a person's name says so: one more member at the end of the object. */
static const char *with_app(struct ctx *c, const char *body)
{
    size_t len = strlen(body);

    if (c->app_id == NULL || len < 2 || body[len - 1] != '}')
        return body;
    return text_printf(c->mem, "%.*s%s\"app\":\"%s\"}", (int)(len - 1), body, len == 2 ? "" : ",",
                       c->app_id);
}

rc_t audit_add(struct ctx *c, const char *actor, const char *action, const char *object,
               const char *body)
{
    body = with_app(c, body);
    return db_later(c, &q_add, ARGS(A(actor), A(action), A(object), A(body)));
}

rc_t audit_add_personal(struct ctx *c, const char *actor, const char *action, const char *object,
                        const char *subject_id, const char *personal)
{
    const char *body;

    TRY(audit_seal(c, subject_id, personal, &body));
    return audit_add(c, actor, action, object, body);
}
