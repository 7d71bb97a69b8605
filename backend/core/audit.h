/*
 * The tenant's hash chain of everything that happened: gapless numbers, each entry bound to the one
 * before it. What is hashed and how: docs/audit.md.
 */
#ifndef CORE_AUDIT_H
#define CORE_AUDIT_H

#include "base/ctx.h"

/*
 * Adds an entry to the chain of the context's tenant, in the caller's transaction: what is audited
 * and its entry stand or fall together. actor: that of the context, "employee:<id>", "system";
 * action: "noun.verb"; body: a JSON object without personal text or secrets.
 */
rc_t audit_add(struct ctx *c, const char *actor, const char *action, const char *object,
               const char *body) MUST;

/*
 * The same with personal text about a subject (names, addresses; a JSON object), which is sealed
 * with the subject's key: the chain is over the sealed text, and erasing the subject destroys the
 * key. Of an erased subject nothing is kept. Needs the web process's key.
 */
rc_t audit_add_personal(struct ctx *c, const char *actor, const char *action, const char *object,
                        const char *subject_id, const char *personal) MUST;

#endif
