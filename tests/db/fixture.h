/*
 * What most tests of a tenant begin with: a company of the test's own, plain SQL beside it, and
 * the two programs' contexts in it.
 */
#ifndef TESTS_DB_FIXTURE_H
#define TESTS_DB_FIXTURE_H

#include "core/job.h"
#include "lib/pg.h"

struct fixture {
    struct arena *mem;
    PGconn *super;
    struct place at;
    struct ctx *c, *web;         /* as the worker, and as the web process */
    const char *conversation_id; /* of one that nobody has opened yet; also the lane of its jobs */
};

/* Around each test; *state is a struct fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* The same for a struct that holds one. No job is left that a sweep of another test would find. */
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);

/* A master key for the process, and the company's own key, sealed with it. */
void fixture_key(struct fixture *f);

/* Its conversation, opened in the portal. */
void fixture_conversation(struct fixture *f);

/* A running job of the company, as claimed; the only one at a time, as it has the lane. */
void fixture_job(struct fixture *f, struct job *job);

/* How many rows of a table are the company's. */
int64_t fixture_rows(struct fixture *f, const char *table);

#endif
