/* One's own second factor: setting it up, its recovery codes, and turning it off. */
#include "core/factor.h"
#include "api/handlers.h"
#include "api/hashing.h"
#include "core/audit.h"
#include "core/login_limit.h"
#include "core/mail.h"
#include "core/person.h"

static rc_t record(struct ctx *c, const char *action)
{
    return audit_add(c, text_printf(c->mem, "person:%s", c->person_id), action, c->person_id, "{}");
}

/* What changes it is written down, and told by mail. */
static rc_t announce(struct ctx *c, const char *action, const char *kind)
{
    struct person_record person;

    TRY(record(c, action));
    TRY(person_find(c, c->person_id, &person));
    return mail_add(c, c->person_id, kind, person.email);
}

static rc_t codes_answer(struct ctx *c, struct res *rs)
{
    struct recovery_code *codes;

    TRY(factor_codes_make(c, c->person_id, &codes));
    return res_list(c, rs, &recovery_code_shape, codes, RECOVERY_CODES, NULL);
}

rc_t factor_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct factor factor;

    (void)rq;
    TRY(factor_find(c, c->person_id, &factor));
    return res_one(c, rs, 200, &factor_shape, &factor);
}

static rc_t add_done(struct ctx *c, const struct req *rq, struct res *rs, struct hashing *h)
{
    struct factor_setup setup;

    (void)rq;
    if (h->fitting < 0)
        return hashing_wrong(c);
    TRY(login_right(c, h->email, NULL));
    TRY(factor_begin(c, c->person_id, h->email, &setup));
    TRY(record(c, "person.factor_begun"));
    return res_one(c, rs, 201, &factor_setup_shape, &setup);
}

rc_t factor_add(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct hashing *h = hashing_new(c);
    struct password_only in;

    TRY(req_body(c, rq, &password_only_shape, &in));
    TRY(hashing_own(c, h, in.password));
    return hashing_park(c, rs, h, add_done);
}

rc_t factor_turn_on(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct factor_code in;

    TRY(req_body(c, rq, &factor_code_shape, &in));
    TRY(factor_confirm(c, c->person_id, in.code));
    TRY(announce(c, "person.factor_on", "factor_on"));
    return codes_answer(c, rs);
}

/* Password and code, both counted as one attempt; `state` of the hashing is the code. */
static rc_t both_right(struct ctx *c, const struct hashing *h)
{
    const char *code = h->state;
    bool recovery;

    if (h->fitting < 0)
        return hashing_wrong(c);
    TRY(factor_check(c, c->person_id, code, &recovery));
    return login_right(c, h->email, NULL);
}

static rc_t both_park(struct ctx *c, const struct req *rq, struct res *rs, hashing_done done)
{
    struct hashing *h = hashing_new(c);
    struct factor_proof in;

    TRY(req_body(c, rq, &factor_proof_shape, &in));
    TRY(hashing_own(c, h, in.password));
    h->state = text_dup(c->mem, in.code);
    return hashing_park(c, rs, h, done);
}

static rc_t codes_done(struct ctx *c, const struct req *rq, struct res *rs, struct hashing *h)
{
    (void)rq;
    TRY(both_right(c, h));
    TRY(announce(c, "person.recovery_codes_made", "factor_codes"));
    return codes_answer(c, rs);
}

rc_t factor_renew_codes(struct ctx *c, const struct req *rq, struct res *rs)
{
    return both_park(c, rq, rs, codes_done);
}

static rc_t off_done(struct ctx *c, const struct req *rq, struct res *rs, struct hashing *h)
{
    bool was;

    (void)rq;
    TRY(both_right(c, h));
    TRY(factor_drop(c, c->person_id, &was));
    TRY(announce(c, "person.factor_off", "factor_off"));
    rs->status = 204;
    return OK;
}

rc_t factor_turn_off(struct ctx *c, const struct req *rq, struct res *rs)
{
    return both_park(c, rq, rs, off_done);
}

/* Who asks others for it has it: nobody bars a company, themselves included, by mistake. */
rc_t factor_rule_set(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct factor_rule in;
    struct factor own;

    TRY(req_body(c, rq, &factor_rule_shape, &in));
    TRY(factor_find(c, c->person_id, &own));
    if (in.required && !own.on)
        return ctx_fail(c, E_CONFLICT, "factor_off", "Turn on your own second factor first.");
    TRY(factor_require(c, in.required));
    TRY(audit_add(c, text_printf(c->mem, "person:%s", c->person_id), "tenant.factor_rule_set",
                  c->tenant_id, in.required ? "{\"required\":true}" : "{\"required\":false}"));
    rs->status = 204;
    return OK;
}
