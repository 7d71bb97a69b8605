/*
 * Between the right password and the code of the second factor: a token that opens the second step
 * and nothing else, known by its hash. It is over after some minutes, after some tries, with
 * another password, in another kind of browser, and when it was used.
 */
#ifndef CORE_LOGIN_STEP_H
#define CORE_LOGIN_STEP_H

#include "base/ctx.h"

#define LOGIN_STEP_SECONDS 300
#define LOGIN_STEP_TRIES 5

struct login_step {
    const char *person_id, *role;
};

/* For this person in the tenant of the context; *token is shown once. */
rc_t login_step_add(struct ctx *c, const char *person_id, const char *user_agent,
                    const char **token) MUST;

/*
 * Becomes the tenant and counts a try, which stands once the transaction is committed: before the
 * code is tested. E_UNAUTH "step_over".
 */
rc_t login_step_try(struct ctx *c, const char *token, const char *user_agent,
                    struct login_step *out) MUST;

/* Uses it up; E_UNAUTH "step_over" when somebody was quicker. */
rc_t login_step_end(struct ctx *c, const char *token) MUST;

#endif
