/* Inviting people, and what whoever follows the link of such a mail does. */
#include "api/handlers.h"
#include "api/hashing.h"
#include "api/page.h"
#include "api/welcome.h"
#include "base/id.h"
#include "core/audit.h"
#include "core/invitation.h"
#include "core/link.h"
#include "core/member.h"
#include "core/password.h"
#include "core/person.h"
#include "core/tenant.h"
#include "io/db.h"

/* The text about who is invited belongs to the invitation: who that is, is not known yet. */
static rc_t record(struct ctx *c, const char *action, const struct invitation *invitation)
{
    json_t *about = json_pack("{s:s, s:s}", "email", invitation->email, "role", invitation->role);
    const char *text = json_text(c->mem, about);

    json_decref(about);
    return audit_add_personal(c, text_printf(c->mem, "person:%s", c->person_id), action,
                              invitation->id, invitation->id, text);
}

rc_t invitations_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct invitation *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(invitation_list(c, &page, &items, &count));
    return res_page(c, rq, rs, &invitation_shape, items, count, &page);
}

rc_t invitations_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct invitation invitation;
    struct new_invitation in;

    TRY(req_body(c, rq, &new_invitation_shape, &in));
    TRY(person_proven(c));
    TRY(invitation_add(c, &in, &invitation));
    TRY(record(c, "person.invited", &invitation));
    return res_one(c, rs, 201, &invitation_shape, &invitation);
}

rc_t invitations_again(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct invitation invitation;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(invitation_get(c, id, &invitation));
    TRY(person_proven(c));
    TRY(invitation_again(c, id, &invitation));
    TRY(record(c, "person.invited_again", &invitation));
    return res_one(c, rs, 200, &invitation_shape, &invitation);
}

rc_t invitations_drop(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct invitation invitation;
    const char *id;

    TRY(req_id(c, rq, "id", &id));
    TRY(invitation_get(c, id, &invitation));
    TRY(invitation_withdraw(c, id));
    rs->status = 204;
    return record(c, "person.invitation_withdrawn", &invitation);
}

/* Becomes the tenant of a link that invites. */
static rc_t invited_by_link(struct ctx *c, const char *token, struct link *out)
{
    TRY(link_find(c, token, out));
    return text_is(out->kind, "invite") ? OK : link_over(c);
}

static rc_t joined(struct ctx *c, const struct link *link, const char *person_id, const char *role)
{
    return audit_person(c, person_id, "person.joined",
                        json_pack("{s:s, s:s, s:s}", "email", link->email, "role", role,
                                  "invitation", link->person_id));
}

/*
 * The link itself says who accepts: whoever has proven its address. It needs no session, and none
 * begins, so that a log-in with all that belongs to it comes after.
 */
rc_t invitations_accept(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct tenancy tenancy = {.current = false};
    struct person_record person;
    struct link_token in;
    const char *person_id;
    struct link link;
    bool known;

    TRY(req_body(c, rq, &link_token_shape, &in));
    TRY(invited_by_link(c, in.token, &link));
    TRY(invitation_person(c, link.person_id, &person_id));
    TRY(invitation_take(c, link.person_id, &tenancy.role));
    TRY(link_use(c, &link));
    if (person_id == NULL)
        return ctx_fail(c, E_CONFLICT, "no_account",
                        "There is no account with this address yet. Choose a name and a password.");
    TRY(member_known(c, link.email, &known));
    if (!known)
        TRY(membership_add(c, person_id, tenancy.role));
    TRY(person_find(c, person_id, &person));
    TRY(tenant_name(c, &tenancy.name));
    tenancy.id = c->tenant_id;
    TRY(joined(c, &link, person_id, tenancy.role));
    return res_one(c, rs, 200, &tenancy_shape, &tenancy);
}

static rc_t nobody_yet(struct ctx *c, const struct link *link)
{
    const char *person_id;

    TRY(invitation_person(c, link->person_id, &person_id));
    if (person_id == NULL)
        return OK;
    return ctx_fail(c, E_CONFLICT, "email_taken",
                    "There is an account with this e-mail address already. Accept with that one.");
}

static rc_t join_done(struct ctx *c, const struct req *rq, struct res *rs, struct hashing *h)
{
    const struct invitation_join *in = h->state;
    const char *person_id = id_new(c->mem), *role;
    struct link link;

    TRY(invited_by_link(c, in->token, &link));
    TRY(nobody_yet(c, &link));
    TRY(invitation_take(c, link.person_id, &role));
    TRY(link_use(c, &link));
    TRY(person_add(c, person_id, in->name, link.email, h->hash));
    TRY(membership_add(c, person_id, role));
    /* The mail arrived, so the address is proven. */
    TRY(person_prove(c, person_id, link.email));
    TRY(welcome(c, rq, rs, 201, person_id));
    return joined(c, &link, person_id, role);
}

rc_t invitations_join(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct hashing *h = hashing_new(c);
    struct invitation_join *in = arena_take(c->mem, sizeof(*in));
    struct invitation invitation;
    struct link link;

    TRY(req_body(c, rq, &invitation_join_shape, in));
    in->name = text_trim(c->mem, in->name);
    TRY(password_check(c, "password", in->password));
    TRY(invited_by_link(c, in->token, &link));
    if (invitation_get(c, link.person_id, &invitation) != OK || invitation.expired) {
        ctx_forgive(c);
        return link_over(c);
    }
    TRY(nobody_yet(c, &link));
    /* Nothing was changed yet, and whoever has the link is not logged in: the tenant goes again. */
    TRY(db_tenant(c, NULL));
    h->state = in;
    h->fresh = in->password;
    return hashing_park(c, rs, h, join_done);
}
