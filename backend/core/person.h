/*
 * A person: one human with one login. People may belong to several tenants, so they are reached
 * through narrow functions.
 */
#ifndef CORE_PERSON_H
#define CORE_PERSON_H

#include "base/shape.h"

/* What signing up asks for. */
struct sign_up {
    const char *company, *name, *email, *password;
};
extern const struct shape sign_up_shape;

struct login {
    const char *email, *password;
};
extern const struct shape login_shape;

/* Who is logged in, and where. */
struct me {
    const char *person_id, *name, *email, *tenant_id, *tenant_name, *role;
};
extern const struct shape me_shape;

/*
 * E_INVALID with the field named when the address or password can't be accepted; `email` comes back
 * trimmed.
 */
rc_t sign_up_check(struct ctx *c, struct sign_up *in) MUST;

/* E_CONFLICT "email_taken" when somebody has this address already. */
rc_t person_add(struct ctx *c, const char *id, const char *name, const char *email,
                const char *password_hash) MUST;

/* What a login needs; all NULL when nobody has this address. */
struct login_record {
    const char *person_id, *hash, *tenant_id, *role;
};
rc_t person_for_login(struct ctx *c, const char *email, struct login_record *out) MUST;

rc_t membership_add(struct ctx *c, const char *person_id, const char *role) MUST;

/* The person of the context in the tenant of the context. */
rc_t me_get(struct ctx *c, const char *role, struct me *out) MUST;

#endif
