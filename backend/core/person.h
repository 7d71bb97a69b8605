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
    const char *may;        /* the permissions of the role, with blanks between */
    bool verified;          /* mail to the address has been proven to arrive */
    bool host;              /* runs this instance */
    const char *barred_why; /* what the host says of a suspended tenant, or NULL */
    const char *barred;     /* see struct session_found; "" when nothing bars */
    const char *csrf;
};
extern const struct shape me_shape;

/* What the pages behind the links of mails and the account page send. */
struct password_reset {
    const char *token, *password;
};
extern const struct shape password_reset_shape;

struct password_change {
    const char *password, *new_password;
};
extern const struct shape password_change_shape;

struct email_change {
    const char *password, *email;
};
extern const struct shape email_change_shape;

struct email_only {
    const char *email;
};
extern const struct shape email_only_shape;

/*
 * E_INVALID with the field named when the address or password can't be accepted; `email` comes back
 * trimmed.
 */
rc_t sign_up_check(struct ctx *c, struct sign_up *in) MUST;

/* The same for an address alone. */
rc_t email_check(struct ctx *c, const char **email) MUST;

/*
 * The hash of people who have no password, such as those who came in by their company's provider:
 * none fits it, and the log-in takes as long as with any other.
 */
#define NO_PASSWORD "!"

/* The address is a claim until person_prove. */
rc_t person_add(struct ctx *c, const char *id, const char *name, const char *email,
                const char *password_hash) MUST;

/*
 * Somebody who could log in with an address; all NULL for nobody. The tenant is the one that was
 * used last; it and the role are NULL for somebody who belongs to no company any more.
 */
struct login_record {
    const char *person_id, *hash, *tenant_id, *role;
};
/* First whoever has proven the address, then the newest of those who only claim it. */
#define LOGIN_RECORDS 2
rc_t person_for_login(struct ctx *c, const char *email, struct login_record out[LOGIN_RECORDS])
    MUST;

/* Where the person is who logs in with an address: for the host's commands. */
struct person_place {
    const char *person_id, *tenant_id;
};
rc_t person_places(struct ctx *c, const char *email, struct person_place **items, size_t *count)
    MUST;

/* What follows is about a person of the tenant of the context. */
struct person_record {
    const char *name, *email;
    bool verified;
};
rc_t person_find(struct ctx *c, const char *person_id, struct person_record *out) MUST;
rc_t person_password(struct ctx *c, const char *person_id, const char **hash) MUST;
rc_t person_password_set(struct ctx *c, const char *person_id, const char *hash) MUST;
/*
 * The address is this person's from now on. E_CONFLICT "email_taken": somebody else has proven it.
 */
rc_t person_prove(struct ctx *c, const char *person_id, const char *email) MUST;

/* E_FORBIDDEN "email_unverified" unless the person of the context has proven the address. */
rc_t person_proven(struct ctx *c) MUST;

rc_t membership_add(struct ctx *c, const char *person_id, const char *role) MUST;

/*
 * The person of the context in the tenant of the context; `csrf`, `host` and what is barred are
 * left to the caller.
 */
rc_t me_get(struct ctx *c, const char *role, struct me *out) MUST;

#endif
