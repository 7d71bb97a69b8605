/* See invitation.h. */
#include "core/invitation.h"

#include "base/conf.h"
#include "base/id.h"
#include "core/link.h"
#include "core/login_limit.h"
#include "core/mail.h"
#include "core/member.h"
#include "core/person.h"
#include "io/db.h"

#define DAY_MINUTES (24 * 60)

static const struct field fields[] = {
    FIELD(struct invitation, id, READ_ONLY, 36, NULL),
    FIELD(struct invitation, email, READ_ONLY, 320, NULL),
    FIELD_OF(struct invitation, role, READ_ONLY, "admin manager member viewer", NULL),
    FIELD(struct invitation, invited_by, READ_ONLY | NULLABLE, 200,
          "Name of who has invited, when still here"),
    FIELD(struct invitation, created, READ_ONLY, 0, NULL),
    FIELD(struct invitation, expires, READ_ONLY, 0, "The link works until then"),
    FIELD(struct invitation, expired, READ_ONLY, 0, NULL),
    FIELD_OF(struct invitation, mail, READ_ONLY | NULLABLE, "pending sending sent refused",
             "State of the newest mail"),
};
const struct shape invitation_shape = SHAPE("Invitation", struct invitation, fields);

static const struct field new_fields[] = {
    FIELD(struct new_invitation, email, REQUIRED, 320, "Whom to invite; a mail goes there"),
    FIELD_OF(struct new_invitation, role, REQUIRED, "admin manager member viewer", NULL),
};
const struct shape new_invitation_shape = SHAPE("NewInvitation", struct new_invitation, new_fields);

static const struct field join_fields[] = {
    FIELD(struct invitation_join, token, REQUIRED | WRITE_ONLY, 100, "From the link in the mail"),
    FIELD(struct invitation_join, name, REQUIRED, 200, "Your name"),
    FIELD(struct invitation_join, password, REQUIRED | WRITE_ONLY, 200, "At least 12 characters"),
};
const struct shape invitation_join_shape = SHAPE("InvitationJoin", struct invitation_join,
                                                 join_fields);

#define COLS                                                                                  \
    "i.id, i.email, i.role, (SELECT p.name FROM person_get(i.invited_by) p) AS invited_by,"   \
    " extract(epoch FROM i.created_at)::bigint AS created,"                                   \
    " extract(epoch FROM i.expires_at)::bigint AS expires, i.expires_at <= now() AS expired," \
    " (SELECT l.state FROM mail l WHERE l.tenant_id = i.tenant_id AND l.person_id = i.id"     \
    "  ORDER BY l.created_at DESC LIMIT 1) AS mail"
#define ROWS " FROM invitation i WHERE i.tenant_id = tenant_now()"

/* Ids are in the order of their making. */
static const struct stmt q_list = {
    "invitation_list", "SELECT " COLS ", i.id::text AS page_key, $2::text AS page_id" ROWS
                       " AND i.id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')"
                       " ORDER BY i.id DESC LIMIT $3"};

rc_t invitation_list(struct ctx *c, struct page *page, struct invitation **items, size_t *count)
{
    return db_page(c, &q_list, page, NO_ARGS, &invitation_shape, (void **)items, count);
}

static const struct stmt q_get = {"invitation_get", "SELECT " COLS ROWS " AND i.id = $1"};

rc_t invitation_get(struct ctx *c, const char *id, struct invitation *out)
{
    return db_one(c, &q_get, ARGS(A(id)), &invitation_shape, out);
}

/* Each mail of an invitation counts for the address, whoever sends it, and for the company. */
static rc_t mail_count(struct ctx *c, const char *email)
{
    TRY(limit_try(c, "invites_to_address", email, conf_number(CONF_invites_to_address), DAY_MINUTES,
                  "This address was sent many invitations today. Try again tomorrow."));
    return limit_try(c, "invites_of_company", c->tenant_id, conf_number(CONF_invites_of_company),
                     DAY_MINUTES,
                     "Your company has sent many invitations today. Try again tomorrow.");
}

static const struct stmt q_open = {
    "invitation_open",
    "SELECT count(*) FILTER (WHERE lower(email) = lower($1) AND expires_at > now()),"
    " count(*) FILTER (WHERE lower(email) <> lower($1)) FROM invitation"
    " WHERE tenant_id = tenant_now()"};

static rc_t check(struct ctx *c, const char *email)
{
    struct db_rows rows;
    bool known;

    TRY(member_known(c, email, &known));
    if (known)
        return ctx_bad(c, "email", "already_member", "This person belongs to the company already.");
    TRY(db_rows(c, &q_open, ARGS(A(email)), &rows));
    if (db_int(&rows, 0, 0) > 0)
        return ctx_bad(c, "email", "already_invited",
                       "This address has an open invitation. Send its mail again instead.");
    if (db_int(&rows, 0, 1) >= conf_number(CONF_invites_open))
        return ctx_fail(c, E_CONFLICT, "invites_open",
                        "There are %lld invitations already. Withdraw some that nobody follows.",
                        (long long)conf_number(CONF_invites_open));
    return OK;
}

/* One to the same address is over, or check() would have said so. */
static const struct stmt q_add = {
    "invitation_add",
    "INSERT INTO invitation AS i (tenant_id, id, email, role, invited_by, expires_at)"
    " VALUES (tenant_now(), $1, $2, $3, $4, now() + make_interval(days => $5::int))"
    " ON CONFLICT (tenant_id, lower(email)) DO UPDATE SET role = excluded.role,"
    "  invited_by = excluded.invited_by, expires_at = excluded.expires_at"
    " WHERE i.expires_at <= now() RETURNING id"};

rc_t invitation_add(struct ctx *c, const struct new_invitation *in, struct invitation *out)
{
    const char *email = in->email;
    struct db_rows rows;

    TRY(email_check(c, &email));
    TRY(check(c, email));
    TRY(mail_count(c, email));
    TRY(db_rows(c, &q_add,
                ARGS(A(id_new(c->mem)), A(email), A(in->role), A(c->person_id),
                     A(conf_number(CONF_invite_days))),
                &rows));
    if (rows.count == 0)
        return ctx_bad(c, "email", "already_invited",
                       "This address has an open invitation. Send its mail again instead.");
    TRY(mail_add(c, db_text(&rows, 0, 0), "invite", email));
    return invitation_get(c, db_text(&rows, 0, 0), out);
}

static const struct stmt q_again = {
    "invitation_again", "UPDATE invitation SET expires_at = now() + make_interval(days => $2::int)"
                        " WHERE tenant_id = tenant_now() AND id = $1"};

rc_t invitation_again(struct ctx *c, const char *id, struct invitation *out)
{
    TRY(invitation_get(c, id, out));
    TRY(mail_count(c, out->email));
    TRY(db_exec(c, &q_again, ARGS(A(id), A(conf_number(CONF_invite_days))), NULL));
    TRY(mail_add(c, id, "invite", out->email));
    return invitation_get(c, id, out);
}

static const struct stmt q_withdraw = {
    "invitation_withdraw", "DELETE FROM invitation WHERE tenant_id = tenant_now() AND id = $1"};

rc_t invitation_withdraw(struct ctx *c, const char *id)
{
    int64_t affected;

    TRY(db_exec(c, &q_withdraw, ARGS(A(id)), &affected));
    return affected == 1 ? OK
                         : ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such invitation.");
}

static const struct stmt q_take = {
    "invitation_take", "DELETE FROM invitation WHERE tenant_id = tenant_now() AND id = $1 AND "
                       "expires_at > now() RETURNING role"};

rc_t invitation_take(struct ctx *c, const char *id, const char **role)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_take, ARGS(A(id)), &rows));
    if (rows.count == 0)
        return link_over(c);
    *role = db_text(&rows, 0, 0);
    return OK;
}

static const struct stmt q_person = {"invitation_person", "SELECT invited_person($1)"};

rc_t invitation_person(struct ctx *c, const char *id, const char **person_id)
{
    struct db_rows rows;

    TRY(db_rows(c, &q_person, ARGS(A(id)), &rows));
    *person_id = db_text(&rows, 0, 0);
    return OK;
}
