/* What a new password must be like. */
#ifndef CORE_PASSWORD_H
#define CORE_PASSWORD_H

#include "base/ctx.h"

#define PASSWORD_LEAST 12 /* bytes */

/*
 * E_INVALID with the field named: "password_short", or "password_common" for one of the 10,000 that
 * people use most, in whatever case, which are what is tried first.
 */
rc_t password_check(struct ctx *c, const char *field, const char *password) MUST;

#endif
