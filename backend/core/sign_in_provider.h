/*
 * A company's OpenID provider as the worker sees it: with its secret, and what it says of itself.
 */
#ifndef CORE_SIGN_IN_PROVIDER_H
#define CORE_SIGN_IN_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

struct sign_in_provider {
    const char *id, *issuer, *client_id;
    const char *client_secret; /* opened */
    /* what it said when it was last asked; NULL: never */
    const char *authorize_at, *exchange_at, *keys_from, *client_auth;
    const char *userinfo_at; /* NULL as well when it has none */
    bool names_itself;
    int64_t found_age_s; /* since it was asked; -1: never */
    const char *keys;
    int64_t keys_age_s; /* since its keys were asked for; -1: never */
    const char *test_id;
};

/* Opens the secret as well. E_NOT_FOUND when there is none (any more). */
rc_t sign_in_provider_get(struct ctx *c, struct sign_in_provider *out) MUST;

/* Stores what the provider said; nothing when the settings name another one by now. */
rc_t sign_in_provider_found(struct ctx *c, const struct sign_in_provider *p) MUST;
rc_t sign_in_provider_keys(struct ctx *c, const struct sign_in_provider *p, const char *keys) MUST;

/* Ends a test: code NULL when all is well. Nothing when another test was begun meanwhile. */
rc_t sign_in_provider_tested(struct ctx *c, const char *test_id, const char *code,
                             const char *detail) MUST;

#endif
