/* Heads of the chain: where it stands, and what was signed of it. */
#ifndef CORE_AUDIT_HEAD_H
#define CORE_AUDIT_HEAD_H

#include "base/shape.h"
#include "io/crypto_audit.h"

/* How the tenant's chain stands, for people. */
struct audit_state {
    int64_t entries;
    const char *hash;       /* of the newest entry */
    int64_t signed_entries; /* 0: nothing is signed yet */
    const char *signed_hash;
    int64_t signed_at;
    const char *public_key, *signature;
};
extern const struct shape audit_state_shape;
rc_t audit_state_get(struct ctx *c, struct audit_state *out) MUST;

/*
 * The key pair that signs heads; it follows from the master key. E_FORBIDDEN "no_master_key" where
 * that is not known.
 */
rc_t audit_keys(struct ctx *c, unsigned char public_key[SIGN_PUBLIC_BYTES],
                unsigned char private_key[SIGN_PRIVATE_BYTES]) MUST;

/* Signs the chain as it stands and stores the signature; a head that is signed stays as it is. */
rc_t audit_head_sign(struct ctx *c) MUST;

/* A tenant whose chain has grown since it was signed, and when it has to be signed again. */
struct audit_due {
    const char *tenant_id;
    int64_t seq;
};
rc_t audit_due_list(struct ctx *c, int64_t hours, int64_t most, struct audit_due **out,
                    size_t *count) MUST;

/* The job that signs the head at `seq`, of the context's tenant; asking twice makes one job. */
const char *audit_sign_subject(struct ctx *c, int64_t seq);

#endif
