/*
 * The schema: numbered forward-only SQL files that the programs carry inside themselves, and the
 * seed.
 */
#ifndef CORE_MIGRATION_H
#define CORE_MIGRATION_H

#include <stdbool.h>

#include "base/ctx.h"

/*
 * Applies what is missing, each file in a transaction of its own, under an advisory lock, so that
 * two at once are safe. Refuses (E_CONFLICT) when a file that was applied has changed since, or the
 * database knows files that we don't. `told` is called for each file that is applied. The context's
 * database role must be konstruct_owner.
 */
rc_t migration_run(struct ctx *c, void (*told)(const char *name), int *applied) MUST;

/* Whether the database has exactly our migrations; any role may ask. */
rc_t migration_current(struct ctx *c, bool *current) MUST;

/*
 * Fills templates and prices from the seed files; running it again updates them. Role
 * konstruct_owner.
 */
rc_t seed_run(struct ctx *c) MUST;

#endif
