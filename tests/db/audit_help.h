/* What the tests of the audit share: keys, entries, arenas. */
#ifndef TESTS_DB_AUDIT_HELP_H
#define TESTS_DB_AUDIT_HELP_H

#include "lib/pg.h"

/* The group setup: like pg_start, with a master key and a web key. */
int audit_help_start(void **state);
/* *state is an arena for the test. */
int audit_help_setup(void **state);
int audit_help_teardown(void **state);

#define AUDIT_TEST(name) \
    cmocka_unit_test_setup_teardown(name, audit_help_setup, audit_help_teardown)

/* An entry, and many, as the web process adds them. */
void add(const char *tenant_id, const char *actor, const char *action, const char *object,
         const char *body);
void add_many(const char *tenant_id, int count);

#endif
