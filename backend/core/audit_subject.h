/*
 * Personal text in audit entries: sealed with a key of its subject, which is destroyed when the
 * subject is erased. The chain is over the sealed text, so it stays whole.
 */
#ifndef CORE_AUDIT_SUBJECT_H
#define CORE_AUDIT_SUBJECT_H

#include "base/ctx.h"

/*
 * The body of an entry that carries this text: {"subject":id,"sealed":box}, or for an erased
 * subject {"subject":id,"erased":true}. Makes the subject's key when there is none.
 */
rc_t audit_seal(struct ctx *c, const char *subject_id, const char *personal, const char **body)
    MUST;

/* What such a body says; *personal is NULL when it carries nothing, or its subject is erased. */
rc_t audit_unseal(struct ctx *c, const char *body, const char **personal, bool *erased) MUST;

/* Whether something in the chain is about this subject, and whether that was erased. */
rc_t audit_subject_find(struct ctx *c, const char *subject_id, bool *known, bool *erased) MUST;

/*
 * Destroys the subject's key and adds an entry that says so. Repeating it changes nothing. Only the
 * worker's role may.
 */
rc_t audit_erase(struct ctx *c, const char *actor, const char *subject_id) MUST;

#endif
