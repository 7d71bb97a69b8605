/*
 * A tenant's key pair. Everybody may seal to it; only who has the master key (worker, command line)
 * can open.
 */
#ifndef CORE_TENANT_KEY_H
#define CORE_TENANT_KEY_H

#include "io/crypto.h"

/* Makes the first pair of the context's tenant unless it has one. Needs the master key. */
rc_t tenant_key_make(struct ctx *c) MUST;

/* The id of the newest key; E_UNAVAILABLE "no_key_yet" while there is none. */
rc_t tenant_key_newest(struct ctx *c, int64_t *key_id) MUST;

/* Makes one pair more; it is the newest from then on. */
rc_t tenant_key_next(struct ctx *c, int64_t *key_id) MUST;

/* Marks all keys but this one as replaced, and destroys those replaced more than a day ago. */
rc_t tenant_key_retire(struct ctx *c, int64_t newest) MUST;

/* Wraps with the present master key what the one before it wrapped; adds to *done. */
rc_t tenant_key_rewrap(struct ctx *c, int64_t *done) MUST;

/*
 * The present or previous key of the instance that a token names; the present one when it names
 * neither.
 */
const char *key_master_for(struct ctx *c, const char *token);
const char *key_web_for(struct ctx *c, const char *token);

/* Seals to the newest key of the context's tenant; E_UNAVAILABLE "no_key_yet" while it has none. */
rc_t secret_seal(struct ctx *c, struct seal_place place, struct bytes plain, char **token) MUST;

/* Opens what was sealed to the context's tenant. Needs the master key. */
rc_t secret_open(struct ctx *c, struct seal_place place, const char *token, struct bytes *plain)
    MUST;

#endif
