/* See link.h. */
#include "core/link.h"

#include "io/crypto.h"
#include "io/db.h"

static const struct field token_fields[] = {
    FIELD(struct link_token, token, REQUIRED | WRITE_ONLY, 100, "From the link in the mail"),
};
const struct shape link_token_shape = SHAPE("LinkToken", struct link_token, token_fields);

static const struct field view_fields[] = {
    FIELD_OF(struct link_view, kind, READ_ONLY, "verify reset change invite",
             "What the mail was for"),
    FIELD(struct link_view, email, READ_ONLY, 320, "The address that the mail went to"),
    FIELD(struct link_view, company, READ_ONLY, 200, NULL),
    FIELD_OF(struct link_view, role, READ_ONLY | NULLABLE, "admin manager member viewer",
             "The role that one is invited to"),
    FIELD(struct link_view, inviter, READ_ONLY | NULLABLE, 200, "Who has invited"),
    FIELD(struct link_view, known, READ_ONLY, 0,
          "Invited, and there is an account with this address: accept instead of joining"),
};
const struct shape link_view_shape = SHAPE("LinkView", struct link_view, view_fields);

struct bytes link_hash(struct ctx *c, const char *token)
{
    char *hash = arena_take(c->mem, 32);

    crypto_sha256(bytes_of(token), (unsigned char *)hash);
    return (struct bytes){hash, 32};
}

rc_t link_over(struct ctx *c)
{
    return ctx_fail(c, E_INVALID, "link_over",
                    "This link was used already, or its time is over. Ask for a new one.");
}

static const struct stmt q_find = {
    "link_find", "SELECT tenant_id, mail_id, person_id, kind, recipient FROM link_find($1)"};

rc_t link_find(struct ctx *c, const char *token, struct link *out)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_find, ARGS(A(link_hash(c, token))), &rows));
    if (rows.count == 0)
        return link_over(c);
    *out = (struct link){db_text(&rows, 0, 1), db_text(&rows, 0, 2), db_text(&rows, 0, 3),
                         db_text(&rows, 0, 4)};
    return db_tenant(c, db_text(&rows, 0, 0));
}

static const struct stmt q_use = {
    "link_use", "UPDATE mail SET used_at = now() WHERE tenant_id = tenant_now() AND id = $1"
                " AND used_at IS NULL AND expires_at > now()"};

rc_t link_use(struct ctx *c, const struct link *link)
{
    int64_t affected;

    TRY(db_exec(c, &q_use, ARGS(A(link->mail_id)), &affected));
    return affected == 1 ? OK : link_over(c);
}
