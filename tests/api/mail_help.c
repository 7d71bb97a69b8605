/* See mail_help.h. */
#include "mail_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mail.h"

#include <cmocka.h>

const char *mailed_link(struct arena *mem, const char *tenant_id, const char *kind,
                        const char *person_id)
{
    PGconn *super = pg_open(PG_SUPER);
    struct ctx *c = pg_ctx(PG_WORKER, tenant_id);
    const char *id = pg_get(mem, super,
                            "SELECT id FROM mail WHERE tenant_id = '%s' AND kind = '%s'"
                            " AND coalesce(person_id::text, '') LIKE '%s' ORDER BY id DESC LIMIT 1",
                            tenant_id, kind, person_id == NULL ? "%" : person_id);
    const char *token;

    assert_non_null(id);
    ok(c, mail_token(c, id, &token));
    ok(c, mail_sending(c, id, token));
    ok(c, db_commit(c));
    token = text_dup(mem, token);
    ctx_end(c);
    PQfinish(super);
    return token;
}

struct reply post_token(struct arena *mem, const char *path, const char *token)
{
    return post(mem, NULL, path, text_printf(mem, "{\"token\":\"%s\"}", token));
}
