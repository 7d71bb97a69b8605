/* One's own account: the e-mail address and the password, and the links in mails about them. */
#include <string.h>

#include "api/handlers.h"
#include "api/hashing.h"
#include "core/audit.h"
#include "core/invitation.h"
#include "core/link.h"
#include "core/login_limit.h"
#include "core/mail.h"
#include "core/oauth_grant.h"
#include "core/password.h"
#include "core/person.h"
#include "core/session.h"
#include "core/tenant.h"
#include "io/db.h"

static rc_t record(struct ctx *c, const char *person_id, const char *action)
{
    return audit_add(c, text_printf(c->mem, "person:%s", person_id), action, person_id, "{}");
}

/* What the link of an invitation adds to its page. */
static rc_t invitation_show(struct ctx *c, const struct link *link, struct link_view *view)
{
    struct invitation invitation;
    const char *person_id;

    if (invitation_get(c, link->person_id, &invitation) != OK || invitation.expired) {
        ctx_forgive(c);
        return link_over(c);
    }
    TRY(invitation_person(c, link->person_id, &person_id));
    view->role = invitation.role;
    view->inviter = invitation.invited_by;
    view->known = person_id != NULL;
    return OK;
}

/*
 * What a link would do, before it is done: programs that look into mails open links by themselves.
 */
rc_t links_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct link_token in;
    struct link link;
    struct link_view view;

    TRY(req_body(c, rq, &link_token_shape, &in));
    TRY(link_find(c, in.token, &link));
    view = (struct link_view){.kind = link.kind, .email = link.email};
    TRY(tenant_name(c, &view.company));
    if (text_is(link.kind, "invite"))
        TRY(invitation_show(c, &link, &view));
    return res_one(c, rs, 200, &link_view_shape, &view);
}

rc_t emails_verify(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct person_record person;
    struct link_token in;
    struct link link;

    TRY(req_body(c, rq, &link_token_shape, &in));
    TRY(link_find(c, in.token, &link));
    if (!text_is(link.kind, "verify") && !text_is(link.kind, "change"))
        return ctx_fail(c, E_INVALID, "link_over", "This link is for something else.");
    TRY(person_find(c, link.person_id, &person));
    TRY(link_use(c, &link));
    TRY(person_prove(c, link.person_id, link.email));
    if (text_is(link.kind, "change")) {
        TRY(mail_add(c, link.person_id, "email_changed", person.email));
        TRY(record(c, link.person_id, "person.email_changed"));
    } else {
        TRY(record(c, link.person_id, "person.email_verified"));
    }
    rs->status = 204;
    return OK;
}

rc_t emails_again(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct person_record person;

    (void)rq;
    TRY(person_find(c, c->person_id, &person));
    rs->status = 202;
    if (person.verified)
        return OK;
    TRY(mail_allowed(c, c->person_id));
    return mail_add(c, c->person_id, "verify", person.email);
}

/*
 * The same rows are written whether there is an account or not, and the worker, which nobody waits
 * for, tells them apart.
 */
rc_t passwords_forgotten(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct login_record known[LOGIN_RECORDS], *who = &known[0];
    struct email_only in;

    TRY(req_body(c, rq, &email_only_shape, &in));
    TRY(email_check(c, &in.email));
    TRY(login_try(c, NULL, rq->remote));
    TRY(person_for_login(c, in.email, known));
    if (who->tenant_id == NULL)
        who = &known[1];
    rs->status = 202;
    /* Nor is there a mail to somebody who belongs to no company: there is nothing to log in to. */
    if (who->tenant_id == NULL) {
        TRY(db_tenant(c, MAIL_NOBODY));
        return mail_add(c, MAIL_NOBODY, "reset", in.email);
    }
    TRY(db_tenant(c, who->tenant_id));
    return mail_add(c, who->person_id, "reset", in.email);
}

/*
 * A new password ends all sessions, and what apps were allowed: whoever knew the old one is out.
 */
static rc_t password_set(struct ctx *c, const char *person_id, const char *hash, const char *kept,
                         const char *email)
{
    TRY(person_password_set(c, person_id, hash));
    TRY(sessions_end(c, person_id, kept));
    TRY(oauth_grants_end(c, person_id));
    TRY(record(c, person_id, "person.password_changed"));
    return mail_add(c, person_id, "password_changed", email);
}

static rc_t reset_done(struct ctx *c, const struct req *rq, struct res *rs, struct hashing *h)
{
    const struct password_reset *in = h->state;
    struct link link;

    (void)rq;
    TRY(link_find(c, in->token, &link));
    TRY(link_use(c, &link));
    /* The mail arrived, so the address is proven, too. */
    TRY(person_prove(c, link.person_id, link.email));
    TRY(password_set(c, link.person_id, h->hash, NULL, link.email));
    rs->status = 204;
    return OK;
}

rc_t passwords_reset(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct hashing *h = hashing_new(c);
    struct password_reset *in = arena_take(c->mem, sizeof(*in));
    struct link link;

    TRY(req_body(c, rq, &password_reset_shape, in));
    TRY(password_check(c, "password", in->password));
    TRY(link_find(c, in->token, &link));
    if (!text_is(link.kind, "reset"))
        return ctx_fail(c, E_INVALID, "link_over", "This link is for something else.");
    /* Nothing was changed yet, and whoever has the link is not logged in: the tenant goes again. */
    TRY(db_tenant(c, NULL));
    h->state = in;
    h->fresh = in->password;
    return hashing_park(c, rs, h, reset_done);
}

static rc_t change_done(struct ctx *c, const struct req *rq, struct res *rs, struct hashing *h)
{
    struct person_record person;

    if (h->fitting < 0)
        return hashing_wrong(c);
    TRY(login_right(c, h->email, NULL));
    TRY(person_find(c, c->person_id, &person));
    TRY(password_set(c, c->person_id, h->hash, rq->session_token, person.email));
    rs->status = 204;
    return OK;
}

rc_t passwords_change(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct hashing *h = hashing_new(c);
    struct password_change in;

    TRY(req_body(c, rq, &password_change_shape, &in));
    TRY(password_check(c, "new_password", in.new_password));
    TRY(hashing_own(c, h, in.password));
    h->fresh = in.new_password;
    return hashing_park(c, rs, h, change_done);
}

static rc_t email_done(struct ctx *c, const struct req *rq, struct res *rs, struct hashing *h)
{
    const struct email_change *in = h->state;

    (void)rq;
    if (h->fitting < 0)
        return hashing_wrong(c);
    TRY(login_right(c, h->email, NULL));
    TRY(mail_allowed(c, c->person_id));
    TRY(mail_add(c, c->person_id, "change", in->email));
    rs->status = 202;
    return OK;
}

rc_t emails_change(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct hashing *h = hashing_new(c);
    struct email_change *in = arena_take(c->mem, sizeof(*in));

    TRY(req_body(c, rq, &email_change_shape, in));
    TRY(email_check(c, &in->email));
    TRY(hashing_own(c, h, in->password));
    h->state = in;
    return hashing_park(c, rs, h, email_done);
}
