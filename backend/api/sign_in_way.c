/*
 * A person's way in by their company's OpenID provider: from the log-in page there, and back with a
 * code, which the worker asks the provider about while the request waits.
 */
#include "core/sign_in_way.h"

#include "api/handlers.h"
#include "api/welcome.h"
#include "base/id.h"
#include "base/metric.h"
#include "core/audit.h"
#include "core/login_limit.h"
#include "core/mail.h"
#include "core/person.h"
#include "core/session.h"
#include "core/sign_in_attempt.h"
#include "flow/live.h"
#include "flow/queue.h"
#include "io/db.h"

/* Ties the way back to the browser that went: a link with somebody else's answer opens nothing. */
#define BROWSER_COOKIE "__Host-konstruct-sign-in"
#define WAIT_MS (45 * 1000)
#define LOOK_MS 500

static void browser_cookie(struct ctx *c, struct res *rs, const char *secret)
{
    res_header(rs, "set-cookie",
               text_printf(
                   c->mem, BROWSER_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=%d",
                   secret == NULL ? "" : secret, secret == NULL ? 0 : SIGN_IN_MINUTES * 60));
}

/*
 * The answer tells whether a domain leads to a provider, which anybody can see who types an address
 * in; it never tells whether there is such a person.
 */
rc_t sign_in_begin(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct email_only in;
    struct sign_in settings;
    struct sign_in_start start;
    bool found;

    TRY(req_body(c, rq, &email_only_shape, &in));
    TRY(email_check(c, &in.email));
    TRY(login_try(c, NULL, rq->remote));
    TRY(sign_in_lead(c, in.email, &settings, &found));
    if (!found)
        return res_one(c, rs, 200, &sign_in_way_shape, &(struct sign_in_way){"password", ""});
    TRY(sign_in_attempt_begin(c, &settings, in.email, &start));
    browser_cookie(c, rs, start.browser);
    return res_one(c, rs, 200, &sign_in_way_shape, &(struct sign_in_way){"company", start.address});
}

/* Ends the attempt, and says so where an admin looks; what was written stands although it fails. */
static rc_t refuse(struct ctx *c, const struct sign_in_attempt *a, const char *code)
{
    json_t *about = json_pack("{s:s, s:s?}", "code", code, "reference", c->reference);
    const char *text = json_text(c->mem, about);

    json_decref(about);
    TRY(sign_in_attempt_end(c, a->id));
    TRY(audit_add(c, "system", "sign_in.refused", a->id, text));
    TRY(db_commit(c));
    metric_add(METRIC_login_refused, 1);
    return sign_in_fail(c, code);
}

/*
 * Somebody new. The address stays a claim until its owner follows the link of a mail, as with
 * everybody: a provider speaks for its company, not for who owns an address in the whole instance.
 */
static rc_t join(struct ctx *c, const struct sign_in_attempt *a, const char *role,
                 const char **person_id)
{
    *person_id = id_new(c->mem);
    TRY(person_add(c, *person_id, a->name, a->email, NO_PASSWORD));
    TRY(membership_add(c, *person_id, role));
    TRY(audit_person(
        c, *person_id, "person.joined",
        json_pack("{s:s, s:s, s:s}", "name", a->name, "email", a->email, "way", "company")));
    return mail_add(c, *person_id, "verify", a->email);
}

/* Who it is: linked before, or a member by a proven address, or new. *code names why nobody is. */
static rc_t person_of(struct ctx *c, const struct sign_in_attempt *a,
                      const struct sign_in *settings, const char **person_id, const char **role,
                      const char **code)
{
    bool ours;

    *code = NULL;
    TRY(sign_in_domain_ours(c, a->email, &ours));
    if (!ours) {
        *code = "oidc_email_domain";
        return OK;
    }
    TRY(sign_in_link_find(c, a->issuer, a->subject, person_id, role));
    if (*person_id != NULL)
        return OK;
    TRY(sign_in_member_find(c, a->email, person_id, role));
    if (*person_id == NULL && !settings->joining) {
        *code = "oidc_not_a_member";
        return OK;
    }
    if (*person_id == NULL) {
        *role = settings->role;
        TRY(join(c, a, *role, person_id));
    }
    return sign_in_link_add(c, a->issuer, a->subject, *person_id);
}

static rc_t come_in(struct ctx *c, const struct req *rq, struct res *rs, const char *person_id)
{
    const char *token;

    c->person_id = person_id;
    TRY(session_start(c, person_id, rq->header(rq, "user-agent"), &token));
    TRY(session_by_company(c, token));
    browser_cookie(c, rs, NULL);
    TRY(welcome_with(c, rs, 200, token));
    TRY(audit_person(c, person_id, "person.logged_in",
                     json_pack("{s:s?, s:s}", "address", rq->remote, "way", "company")));
    return login_right(c, NULL, rq->remote);
}

static rc_t conclude(struct ctx *c, const struct req *rq, struct res *rs,
                     const struct sign_in_attempt *a)
{
    const char *person_id = NULL, *role = NULL, *code;
    struct sign_in settings;

    TRY(sign_in_get(c, &settings));
    if (!text_is(settings.issuer, a->issuer) || !text_is(settings.client_id, a->client_id))
        return refuse(c, a, "oidc_changed");
    TRY(person_of(c, a, &settings, &person_id, &role, &code));
    if (code != NULL)
        return refuse(c, a, code);
    TRY(sign_in_attempt_end(c, a->id));
    if (text_is(role, "admin"))
        TRY(sign_in_proven(c, a->issuer, a->client_id));
    return come_in(c, rq, rs, person_id);
}

struct waiting {
    const char *attempt_id, *job_id;
};

static rc_t look(struct ctx *c, const struct req *rq, struct res *rs, void *arg, enum wake why,
                 struct bytes news)
{
    const struct waiting *w = arg;
    struct sign_in_attempt a;

    (void)news;
    TRY(sign_in_attempt_get(c, w->attempt_id, &a));
    if (text_is(a.step, "proven"))
        return conclude(c, rq, rs, &a);
    if (text_is(a.step, "refused"))
        return refuse(c, &a, a.fault);
    if (why == WAKE_DEADLINE)
        return refuse(c, &a, "oidc_late");
    rs->look_ms = LOOK_MS;
    return OK;
}

static void ring(struct ctx *c, void *arg)
{
    const struct waiting *w = arg;

    queue_ring(c, c->tenant_id, w->job_id);
}

/* NULL: what came back can be believed so far. */
static const char *return_fault(const struct sign_in_return *in, const struct sign_in_attempt *a,
                                const struct sign_in *settings)
{
    if (!text_is(settings->issuer, a->issuer) || !text_is(settings->client_id, a->client_id))
        return "oidc_changed";
    /* RFC 9207: a provider that names itself does so always, and by its one name. */
    if (in->iss != NULL ? !text_is(in->iss, a->issuer) : settings->names_itself)
        return "oidc_mixed";
    if (in->error != NULL)
        return text_is(in->error, "access_denied") ? "oidc_cancelled" : "oidc_refused";
    return in->code == NULL ? "oidc_refused" : NULL;
}

rc_t sign_in_finish(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct waiting *w = arena_take(c->mem, sizeof(*w));
    struct park *park = arena_take(c->mem, sizeof(*park));
    struct sign_in_return in;
    struct sign_in_attempt a;
    struct sign_in settings;
    const char *code;

    TRY(req_body(c, rq, &sign_in_return_shape, &in));
    TRY(sign_in_attempt_find(c, in.state, req_cookie(c, rq, BROWSER_COOKIE), &a));
    TRY(sign_in_get(c, &settings));
    code = return_fault(&in, &a, &settings);
    if (code != NULL)
        return refuse(c, &a, code);
    TRY(sign_in_attempt_ask(c, a.id, in.code, &w->job_id));
    w->attempt_id = a.id;
    *park = (struct park){.kind = PARK_LIVE,
                          .deadline_ms = WAIT_MS,
                          .state = w,
                          .resume = look,
                          .channel = live_channel(c, a.id)};
    rs->park = park;
    rs->look_ms = LOOK_MS;
    rs->committed = ring;
    rs->committed_arg = w;
    return OK;
}
