/*
 * The walk over the catalogue: what a role can see of two tenants in every table that has a tenant.
 * It runs on a superuser's connection that becomes each role, so that it can look at a schema with
 * holes which nobody else has to see.
 */
#ifndef TESTS_DB_WALK_H
#define TESTS_DB_WALK_H

#include "lib/pg.h"

/* Two tenants with a row in every table, in the open transaction of `super`. */
struct pair {
    const char *a, *b;
};
struct pair walk_fill(struct arena *mem, PGconn *super);

/*
 * Each hole is one line of `out`; nothing when all is well. Roles: those of the programs and the
 * owner.
 */
void walk(struct arena *mem, PGconn *super, struct pair tenants, struct buf *out);

/*
 * What is seen across tenants by design: ids and states of jobs and how tenants share by the
 * dispatcher; what the look-up functions see by the owner, who must be a member of their role to
 * hand them over, and whom no program uses.
 */
bool walk_sees_all(enum pg_role role, const char *table);

/* What isolation/gate.sql finds, a line each. */
void gate(struct arena *mem, PGconn *super, struct buf *out);

/* A file of the repository as text. */
const char *file_text(struct arena *mem, const char *path);

#endif
