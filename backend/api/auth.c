/* Signing up, logging in and out. */
#include "api/handlers.h"
#include "api/hashing.h"
#include "api/welcome.h"
#include "base/id.h"
#include "base/metric.h"
#include "core/audit.h"
#include "core/factor.h"
#include "core/login_limit.h"
#include "core/login_step.h"
#include "core/mail.h"
#include "core/person.h"
#include "core/session.h"
#include "core/sign_in.h"
#include "core/tenant.h"
#include "io/db.h"

/*
 * Whoever signs up is in at once, whatever address was given, and the address is theirs once the
 * mail's link was followed: so that this tells nobody whether there is an account already.
 */
static rc_t signup_done(struct ctx *c, const struct req *rq, struct res *rs, struct hashing *h)
{
    const struct sign_up *up = h->state;
    const char *tenant_id = id_new(c->mem), *person_id = id_new(c->mem);

    TRY(person_add(c, person_id, up->name, up->email, h->hash));
    TRY(tenant_add(c, tenant_id, up->company));
    TRY(membership_add(c, person_id, "admin"));
    TRY(mail_add(c, person_id, "verify", up->email));
    TRY(welcome(c, rq, rs, 201, person_id));
    return audit_person(c, person_id, "person.signed_up",
                        json_pack("{s:s, s:s}", "name", up->name, "email", up->email));
}

rc_t signup_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct hashing *h = hashing_new(c);
    struct sign_up *up = arena_take(c->mem, sizeof(*up));

    TRY(req_body(c, rq, &sign_up_shape, up));
    TRY(sign_up_check(c, up));
    h->state = up;
    h->fresh = up->password;
    return hashing_park(c, rs, h, signup_done);
}

/*
 * The password was right, which clears nothing but this try from this address: or wrong codes could
 * be tried for ever, with the password between them.
 */
static rc_t login_second_step(struct ctx *c, const struct req *rq, const char *person_id)
{
    const char *token;

    TRY(login_right(c, NULL, rq->remote));
    TRY(login_step_add(c, person_id, rq->header(rq, "user-agent"), &token));
    TRY(db_commit(c));
    ctx_fail(c, E_UNAUTH, "factor_needed",
             "Send the code of your authenticator app, or a recovery code, with this step to "
             "/api/v1/login/factor.");
    c->fault.step = token;
    return E_UNAUTH;
}

/* Told to nobody but who knows the password. */
static rc_t no_company(struct ctx *c)
{
    return ctx_fail(c, E_FORBIDDEN, "no_company",
                    "You no longer belong to any company here. Ask for an invitation, or sign up a "
                    "company of your own.");
}

static rc_t login_done(struct ctx *c, const struct req *rq, struct res *rs, struct hashing *h)
{
    const struct login_record *known = h->state, *who;
    struct factor factor;

    if (h->fitting < 0) {
        metric_add(METRIC_login_refused, 1);
        return ctx_fail(c, E_UNAUTH, "login_wrong", "The e-mail address or the password is wrong.");
    }
    who = &known[h->fitting];
    if (who->tenant_id == NULL)
        return no_company(c);
    TRY(db_tenant(c, who->tenant_id));
    TRY(sign_in_password_allowed(c, h->email));
    if (h->hash != NULL)
        TRY(person_password_set(c, who->person_id, h->hash));
    TRY(factor_find(c, who->person_id, &factor));
    if (factor.on)
        return login_second_step(c, rq, who->person_id);
    TRY(login_right(c, h->email, rq->remote));
    TRY(welcome(c, rq, rs, 200, who->person_id));
    return audit_person(c, who->person_id, "person.logged_in",
                        json_pack("{s:s?}", "address", rq->remote));
}

/*
 * Every failure costs as much as two tests of a password, so that nobody learns which addresses
 * have accounts.
 */
rc_t login_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct hashing *h = hashing_new(c);
    struct login_record *known = arena_take(c->mem, LOGIN_RECORDS * sizeof(*known));
    struct login in;

    TRY(req_body(c, rq, &login_shape, &in));
    TRY(login_try(c, in.email, rq->remote));
    TRY(person_for_login(c, text_trim(c->mem, in.email), known));
    h->state = known;
    h->email = in.email;
    h->password = in.password;
    h->renew = true;
    h->tests = LOGIN_RECORDS;
    for (int i = 0; i < LOGIN_RECORDS; i++)
        h->hashes[i] = known[i].hash;
    return hashing_park(c, rs, h, login_done);
}

/* What was refused stands in the audit: whoever tried knew the password. */
static rc_t code_refused(struct ctx *c, const struct req *rq, const char *person_id, rc_t why)
{
    metric_add(METRIC_login_refused, 1);
    db_rollback(c);
    TRY(audit_person(c, person_id, "person.code_refused",
                     json_pack("{s:s?}", "address", rq->remote)));
    TRY(db_commit(c));
    return why;
}

rc_t login_factor(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct person_record person;
    struct login_step step;
    struct login_code in;
    bool recovery;
    rc_t rc;

    TRY(req_body(c, rq, &login_code_shape, &in));
    TRY(login_step_try(c, in.step, rq->header(rq, "user-agent"), &step));
    TRY(person_find(c, step.person_id, &person));
    TRY(login_try(c, person.email, rq->remote));
    TRY(db_commit(c));
    rc = factor_check(c, step.person_id, in.code, &recovery);
    if (text_is(c->fault.field, "code"))
        return code_refused(c, rq, step.person_id, rc);
    TRY(rc);
    TRY(login_step_end(c, in.step));
    TRY(login_right(c, person.email, rq->remote));
    if (recovery)
        TRY(mail_add(c, step.person_id, "recovery_used", person.email));
    TRY(welcome(c, rq, rs, 200, step.person_id));
    return audit_person(c, step.person_id, "person.logged_in",
                        json_pack("{s:s?, s:s}", "address", rq->remote, "factor",
                                  recovery ? "recovery code" : "code"));
}

rc_t logout_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    TRY(session_end(c, rq->session_token));
    TRY(audit_add(c, text_printf(c->mem, "person:%s", c->person_id), "person.logged_out",
                  c->person_id, "{}"));
    res_session(c, rs, NULL);
    rs->status = 204;
    return OK;
}

rc_t me_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct me me;

    if (rq->program != NULL) {
        me = (struct me){.person_id = c->person_id,
                         .name = rq->program,
                         .email = "",
                         .tenant_id = c->tenant_id,
                         .role = "key",
                         .barred = "",
                         .csrf = ""};
        TRY(tenant_name(c, &me.tenant_name));
    } else {
        TRY(welcome_tell(c, rq->session_token, rq->role, rq->barred, &me));
    }
    me.may = permits_text(c->mem, rq->may);
    return res_one(c, rs, 200, &me_shape, &me);
}
