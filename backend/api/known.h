/*
 * Programs that were let in a moment ago, so that a call of a model asks the database nothing. What
 * is known is at most KNOWN_MS old: so long a key that was revoked may still be used here when
 * nobody tells this process; with Redis there it is told at once. For /v1 only; all else is looked
 * up each time. One thread of a process uses it.
 */
#ifndef API_KNOWN_H
#define API_KNOWN_H

#include "api/http.h"

#define KNOWN_MS 5000

/* The Redis channel on which a tenant's id says that its programs are to be looked up again. */
#define KNOWN_CHANNEL "konstruct:known"

/* Becomes whoever showed this bearer not long ago, as program_enter does. False: look him up. */
bool known_enter(struct ctx *c, struct req *rq, const char *bearer);

/* Remembers whom the bearer has just turned out to be. */
void known_keep(const struct ctx *c, const struct req *rq, const char *bearer);

/* Forgets the programs of a tenant; NULL: all. */
void known_forget(const char *tenant_id);

/* Once the handler's transaction is committed: has all processes forget those of this tenant. */
void known_changed(struct res *rs);

#endif
