/* See sign_in.h. */
#include "flow/sign_in.h"

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "core/audit.h"
#include "core/id_token.h"
#include "core/sign_in_attempt.h"
#include "core/sign_in_provider.h"
#include "flow/live.h"
#include "flow/oidc.h"
#include "io/db.h"

#define ASK_AGAIN_S 3600 /* how long a provider's description is taken for true */

/* Ours is what is in the table of faults; anything else is a fault of ours, and tried again. */
static bool is_finding(const struct ctx *c)
{
    return c->fault.code != NULL && sign_in_sentence(c->fault.code) != NULL;
}

static rc_t keys_renew(struct ctx *c, struct sign_in_provider *p)
{
    TRY(oidc_keys(c, p, &p->keys));
    TRY(sign_in_provider_keys(c, p, p->keys));
    return db_commit(c);
}

static rc_t discover(struct ctx *c, struct sign_in_provider *p)
{
    TRY(oidc_discover(c, p));
    TRY(sign_in_provider_found(c, p));
    return db_commit(c);
}

static rc_t test(struct ctx *c, struct sign_in_provider *p)
{
    struct sign_in_provider fresh = *p;

    TRY(oidc_discover(c, &fresh));
    TRY(oidc_keys(c, &fresh, &fresh.keys));
    TRY(oidc_client_check(c, &fresh));
    TRY(sign_in_provider_found(c, &fresh));
    TRY(sign_in_provider_keys(c, &fresh, fresh.keys));
    return db_commit(c);
}

static rc_t test_end(struct ctx *c, const struct run *run, const char *code, const char *detail)
{
    TRY(job_guard(c, &run->job));
    TRY(sign_in_provider_tested(c, run->job.subject_id, code, detail));
    TRY(audit_add(c, "system", "sign_in.tested", c->tenant_id,
                  text_printf(c->mem, "{\"result\":\"%s\"}", code == NULL ? "fine" : code)));
    TRY(job_done(c, &run->job));
    TRY(db_commit(c));
    live_message(c, run->job.subject_id, run->job.id, 0);
    return OK;
}

rc_t sign_in_test_run(struct ctx *c, struct run *run)
{
    struct sign_in_provider p;
    const char *code, *detail;
    rc_t rc;

    TRY(sign_in_provider_get(c, &p));
    TRY(db_commit(c));
    rc = test(c, &p);
    if (rc == OK)
        return test_end(c, run, NULL, NULL);
    if (!is_finding(c))
        return rc;
    code = c->fault.code;
    detail = c->fault.detail;
    db_rollback(c);
    ctx_forgive(c);
    return test_end(c, run, code, detail);
}

rc_t sign_in_test_bury(struct ctx *c, struct run *run)
{
    return sign_in_provider_tested(c, run->job.subject_id, "oidc_slow", NULL);
}

/*
 * An unknown key may be a new one: the keys are asked for again, but not more often than the
 * settings say, or anybody with made-up tokens could make us ask without end.
 */
static rc_t verify(struct ctx *c, struct sign_in_provider *p, const struct jwt *token)
{
    bool fresh = p->keys == NULL;

    if (fresh)
        TRY(keys_renew(c, p));

    rc_t rc = jwt_verify(c, token, bytes_of(p->keys));

    if (rc != E_NOT_FOUND || fresh || p->keys_age_s < conf_number(CONF_oidc_keys_seconds))
        return rc;
    ctx_forgive(c);
    TRY(keys_renew(c, p));
    return jwt_verify(c, token, bytes_of(p->keys));
}

/* An old description is better than none; only what was never found stops here. */
static rc_t description_renew(struct ctx *c, struct sign_in_provider *p)
{
    struct sign_in_provider fresh = *p;

    if (p->found_age_s >= 0 && p->found_age_s < ASK_AGAIN_S)
        return OK;

    rc_t rc = discover(c, &fresh);

    if (rc == OK) {
        *p = fresh;
        return OK;
    }
    if (p->exchange_at == NULL || !is_finding(c))
        return rc;
    ctx_forgive(c);
    return OK;
}

/*
 * A provider may keep the address out of the token and tell it to whoever comes with the access
 * token (OpenID Connect Core 5.4).
 */
static rc_t person_read(struct ctx *c, const struct sign_in_provider *p, const struct jwt *token,
                        const char *access_token, struct id_token_person *who)
{
    json_t *claims = token->claims;

    if (json_object_get(claims, "email") == NULL && p->userinfo_at != NULL && access_token != NULL)
        TRY(oidc_userinfo(c, p, access_token, json_str(token->claims, "sub"), &claims));
    return id_token_person(c, claims, p->issuer, who);
}

static rc_t find_out(struct ctx *c, const struct sign_in_question *q, struct id_token_person *who)
{
    struct sign_in_provider p;
    struct oidc_answer answer = {NULL, NULL};
    struct jwt token;

    rc_t rc = sign_in_provider_get(c, &p);

    if (rc == E_NOT_FOUND) {
        ctx_forgive(c);
        return sign_in_fail(c, "oidc_changed");
    }
    TRY(rc);
    TRY(db_commit(c));
    if (!text_is(p.issuer, q->issuer) || !text_is(p.client_id, q->client_id))
        return sign_in_fail(c, "oidc_changed");
    TRY(description_renew(c, &p));
    TRY(oidc_exchange(c, &p, q->code, q->verifier, &answer));
    TRY(jwt_read(c, bytes_of(answer.id_token), &token));
    TRY(verify(c, &p, &token));

    const struct id_token_wish wish = {.issuer = q->issuer,
                                       .client_id = q->client_id,
                                       .nonce_hash = q->nonce_hash,
                                       .access_token = answer.access_token,
                                       .now_s = clock_s()};

    TRY(id_token_check(c, &token, &wish));
    return person_read(c, &p, &token, answer.access_token, who);
}

static rc_t end(struct ctx *c, const struct run *run)
{
    TRY(job_done(c, &run->job));
    TRY(db_commit(c));
    live_message(c, run->job.subject_id, run->job.id, 0);
    return OK;
}

static rc_t end_refused(struct ctx *c, const struct run *run, const struct sign_in_question *q)
{
    const char *code = c->fault.code;

    log_warn("sign_in_refused", "reference", q->reference, "code", code, "why", c->fault.detail,
             NULL);
    db_rollback(c);
    ctx_forgive(c);
    TRY(job_guard(c, &run->job));
    TRY(sign_in_attempt_refused(c, run->job.subject_id, code));
    return end(c, run);
}

rc_t sign_in_run(struct ctx *c, struct run *run)
{
    struct sign_in_question q;
    struct id_token_person who;
    rc_t rc;

    TRY(sign_in_question_get(c, run->job.subject_id, &q));
    TRY(db_commit(c));
    /*
     * Whoever waits has gone, or it was found out already by a worker that died before it said so.
     */
    if (!text_is(q.step, "asked")) {
        TRY(job_guard(c, &run->job));
        return end(c, run);
    }
    rc = find_out(c, &q, &who);
    if (rc == OK) {
        TRY(job_guard(c, &run->job));
        TRY(sign_in_attempt_proven(c, run->job.subject_id, &who));
        return end(c, run);
    }
    return is_finding(c) ? end_refused(c, run, &q) : rc;
}

rc_t sign_in_bury(struct ctx *c, struct run *run)
{
    return sign_in_attempt_refused(c, run->job.subject_id, "oidc_late");
}
