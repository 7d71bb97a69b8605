/*
 * Signing up, logging in and out. Passwords are hashed on the helper thread, never on the event
 * loop.
 */
#include <string.h>

#include "api/handlers.h"
#include "base/id.h"
#include "base/metric.h"
#include "core/audit.h"
#include "core/person.h"
#include "core/session.h"
#include "core/tenant.h"
#include "io/crypto.h"
#include "io/db.h"

#define HASHING_MS 30000 /* waiting for the helper thread; a full queue is answered at once */

/* What travels to the helper thread and back. */
struct hashing {
    struct ctx *c; /* the parked request's own context: its memory */
    struct sign_up up;
    struct login_record known; /* login: whose password it must be; hash NULL: nobody's */
    const char *password, *hash;
    bool fits;
    rc_t rc;
};

static struct park *park_cpu(struct ctx *c, struct hashing *h, void (*work)(void *),
                             rc_t (*resume)(struct ctx *, const struct req *, struct res *, void *,
                                            enum wake, struct bytes))
{
    struct park *park = arena_take(c->mem, sizeof(*park));

    h->c = c;
    *park = (struct park){
        .kind = PARK_CPU, .deadline_ms = HASHING_MS, .state = h, .work = work, .resume = resume};
    return park;
}

static rc_t welcome(struct ctx *c, struct res *rs, int status, const char *person_id,
                    const char *role)
{
    const char *token;
    struct me me;

    c->person_id = person_id;
    TRY(session_start(c, person_id, &token));
    TRY(me_get(c, role, &me));
    res_session(c, rs, token);
    return res_one(c, rs, status, &me_shape, &me);
}

static rc_t too_slow(struct ctx *c)
{
    return ctx_fail(c, E_UNAVAILABLE, "busy", "the helper thread did not come to it in time");
}

static void signup_work(void *state)
{
    struct hashing *h = state;
    char *hash = NULL;

    h->rc = password_hash(h->c, h->password, &hash);
    h->hash = hash;
}

static rc_t signup_finish(struct ctx *c, const struct req *rq, struct res *rs, void *state,
                          enum wake why, struct bytes news)
{
    struct hashing *h = state;
    const char *tenant_id = id_new(c->mem), *person_id = id_new(c->mem);

    (void)rq;
    (void)news;
    if (why == WAKE_DEADLINE)
        return too_slow(c);
    if (h->rc != OK)
        return ctx_fail(c, h->rc, "no_memory", "a password could not be hashed");
    TRY(person_add(c, person_id, h->up.name, h->up.email, h->hash));
    TRY(tenant_add(c, tenant_id, h->up.company));
    TRY(membership_add(c, person_id, "admin"));
    TRY(audit_add(c, text_printf(c->mem, "person:%s", person_id), "person.signed_up", person_id,
                  "{}"));
    return welcome(c, rs, 201, person_id, "admin");
}

rc_t signup_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct hashing *h = arena_take(c->mem, sizeof(*h));

    TRY(req_body(c, rq, &sign_up_shape, &h->up));
    TRY(sign_up_check(c, &h->up));
    h->password = h->up.password;
    rs->park = park_cpu(c, h, signup_work, signup_finish);
    return OK;
}

/*
 * Somebody unknown costs as much time as a wrong password, so that nobody learns which addresses
 * have accounts.
 */
static void login_work(void *state)
{
    struct hashing *h = state;
    char *hash = NULL;

    if (h->known.hash == NULL)
        h->rc = password_hash(h->c, h->password, &hash);
    else
        h->fits = password_fits(h->known.hash, h->password);
}

static rc_t login_finish(struct ctx *c, const struct req *rq, struct res *rs, void *state,
                         enum wake why, struct bytes news)
{
    struct hashing *h = state;

    (void)rq;
    (void)news;
    if (why == WAKE_DEADLINE)
        return too_slow(c);
    if (!h->fits) {
        metric_add(METRIC_login_refused, 1);
        return ctx_fail(c, E_UNAUTH, "login_wrong", "The e-mail address or the password is wrong.");
    }
    TRY(db_tenant(c, h->known.tenant_id));
    TRY(audit_add(c, text_printf(c->mem, "person:%s", h->known.person_id), "person.logged_in",
                  h->known.person_id, "{}"));
    return welcome(c, rs, 200, h->known.person_id, h->known.role);
}

rc_t login_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct hashing *h = arena_take(c->mem, sizeof(*h));
    struct login in;

    TRY(req_body(c, rq, &login_shape, &in));
    TRY(person_for_login(c, text_trim(c->mem, in.email), &h->known));
    h->password = in.password;
    rs->park = park_cpu(c, h, login_work, login_finish);
    return OK;
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

    TRY(me_get(c, rq->role, &me));
    return res_one(c, rs, 200, &me_shape, &me);
}
