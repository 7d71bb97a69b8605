/*
 * A tenant's key pair. Everybody may seal to it; only who has the master key (worker, command line)
 * can open.
 */
#ifndef CORE_TENANT_KEY_H
#define CORE_TENANT_KEY_H

#include "io/crypto.h"

/* Makes the first pair of the context's tenant unless it has one. Needs the master key. */
rc_t tenant_key_make(struct ctx *c) MUST;

/* Seals to the newest key of the context's tenant; E_UNAVAILABLE "no_key_yet" while it has none. */
rc_t secret_seal(struct ctx *c, struct seal_place place, struct bytes plain, char **token) MUST;

/* Opens what was sealed to the context's tenant. Needs the master key. */
rc_t secret_open(struct ctx *c, struct seal_place place, const char *token, struct bytes *plain)
    MUST;

#endif
