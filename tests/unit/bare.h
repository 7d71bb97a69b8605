/* A context without tenant and database, for tests of what needs memory and a place for faults. */
#ifndef TESTS_UNIT_BARE_H
#define TESTS_UNIT_BARE_H

#include "base/ctx.h"

/* Of the test that runs. */
extern struct ctx *ctx;

/* For cmocka: a fresh one before each test, gone behind it. */
int bare_setup(void **state);
int bare_teardown(void **state);

#endif
