/*
 * The tenant's hash chain of everything that happened: gapless numbers, each entry bound to the one
 * before it.
 */
#ifndef CORE_AUDIT_H
#define CORE_AUDIT_H

#include "base/ctx.h"

/*
 * Adds an entry to the chain of the context's tenant, in the caller's transaction: what is audited
 * and its entry stand or fall together. actor: "person:<id>", "employee:<id>", "system"; action:
 * "noun.verb"; body: a JSON object without personal text or secrets.
 */
rc_t audit_add(struct ctx *c, const char *actor, const char *action, const char *object,
               const char *body) MUST;

#endif
