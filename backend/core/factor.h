/*
 * The second factor of a person: a secret shared with an authenticator app, and recovery codes for
 * when that is lost. It belongs to the person in all their tenants; all functions are about a
 * person of the tenant of the context, and need the web process's key.
 */
#ifndef CORE_FACTOR_H
#define CORE_FACTOR_H

#include "base/shape.h"

#define RECOVERY_CODES 10

/* As its person sees it. */
struct factor {
    bool on;
    int64_t since;      /* 0 while it is off */
    int64_t codes_left; /* recovery codes that were not used yet */
    bool required;      /* an admin of the company asks for it */
};
extern const struct shape factor_shape;

/* What is shown once, to be put into the app. */
struct factor_setup {
    const char *secret;  /* base32 */
    const char *address; /* the otpauth: address, for a QR code */
};
extern const struct shape factor_setup_shape;

struct recovery_code {
    const char *code;
};
extern const struct shape recovery_code_shape;

/* What the account page and the log-in send. */
struct password_only {
    const char *password;
};
extern const struct shape password_only_shape;

struct factor_code {
    const char *code;
};
extern const struct shape factor_code_shape;

struct factor_proof {
    const char *password, *code;
};
extern const struct shape factor_proof_shape;

struct login_code {
    const char *step, *code;
};
extern const struct shape login_code_shape;

struct factor_rule {
    bool required;
};
extern const struct shape factor_rule_shape;

rc_t factor_find(struct ctx *c, const char *person_id, struct factor *out) MUST;

/* A new secret, which counts once it is confirmed. E_CONFLICT "factor_on" when one is in use. */
rc_t factor_begin(struct ctx *c, const char *person_id, const char *email, struct factor_setup *out)
    MUST;

/*
 * Turns it on by a first code. E_INVALID "code_wrong"; E_CONFLICT "factor_on", or
 * "factor_not_begun" when there is no secret to confirm.
 */
rc_t factor_confirm(struct ctx *c, const char *person_id, const char *code) MUST;

/* New recovery codes instead of those that were; they are shown once. */
rc_t factor_codes_make(struct ctx *c, const char *person_id, struct recovery_code **items) MUST;

/*
 * Whether this is a code of now, or a recovery code; each works once. *recovery tells which it was.
 * E_INVALID "code_wrong", or "code_used" for one of a time step that was taken already; E_CONFLICT
 * "factor_off".
 */
rc_t factor_check(struct ctx *c, const char *person_id, const char *code, bool *recovery) MUST;

/* Forgets secret and recovery codes; *was tells whether there were any. */
rc_t factor_drop(struct ctx *c, const char *person_id, bool *was) MUST;

/* Whether all people of the tenant of the context must have one. */
rc_t factor_require(struct ctx *c, bool required) MUST;

/* Where the secret is sealed to. */
struct seal_place;
struct seal_place factor_place(const char *person_id);

#endif
