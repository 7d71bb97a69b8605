/*
 * Rotation of keys while everything runs. Each function works on the tenant of the context, touches
 * only what an older key sealed, and commits as it goes: killed at any point and run again, it goes
 * on where it was. Needs the keys, the new ones and the ones before them (KONSTRUCT_..._PREVIOUS).
 */
#ifndef CORE_KEY_ROTATION_H
#define CORE_KEY_ROTATION_H

#include "base/ctx.h"

/* Wraps the tenant's private keys with the new master key. */
rc_t rotate_master(struct ctx *c, int64_t *done) MUST;

/*
 * Makes a new key pair for the tenant, unless an earlier rotation is not through, and seals
 * everything of the tenant to it. Keys replaced more than a day ago are destroyed.
 */
rc_t rotate_tenant(struct ctx *c, int64_t *done) MUST;

/* Seals with the new web key what the web process must read. */
rc_t rotate_web(struct ctx *c, int64_t *done) MUST;

#endif
