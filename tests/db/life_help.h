/* What the tests of a tenant's export and end share: two companies with a row in every table. */
#ifndef TESTS_DB_LIFE_H
#define TESTS_DB_LIFE_H

#include "audit_help.h"
#include "flow/runner.h"

/* As audit_help_start, with a folder for files; the teardown removes what is left in it. */
int life_start(void **state);
int life_stop(void **state);

/*
 * A company with a row in every table, committed; each text that may be anything holds the mark.
 * Its audit begins with a true entry.
 */
const char *life_fill(struct arena *mem, PGconn *super, const char *mark);

/* Every table with a tenant, by name. */
const char **life_tables(struct arena *mem, PGconn *super, int *count);

/* Runs the tenant's next ready job of this kind, due or not; its id, or NULL. */
const char *life_run(struct arena *mem, PGconn *super, const char *tenant_id, const char *kind);

#endif
