/*
 * PostgreSQL for tests: one pool for each role as the programs have them, plain SQL beside them,
 * and fresh tenants. What must work and does not ends the test.
 */
#ifndef TESTS_LIB_PG_H
#define TESTS_LIB_PG_H

#include <libpq-fe.h>

#include "base/ctx.h"
#include "io/db.h"

enum pg_role { PG_SUPER, PG_OWNER, PG_WEB, PG_WORKER, PG_DISPATCH, PG_ROLES };

/* Reads the settings and fills the seed in: the group setup of every program. */
int pg_start(void **state);
/* Closes the pools. */
int pg_stop(void **state);

/* The connection string of a role, and the role's name. */
const char *pg_address(enum pg_role role);
const char *pg_name(enum pg_role role);

/* A context of a role in a tenant (NULL: none); ended by ctx_end. */
struct ctx *pg_ctx(enum pg_role role, const char *tenant_id);

/* Ends the test when rc is a fault, with the fault's words. */
void ok(struct ctx *c, rc_t rc);

/* The pool of a role; from now on at another address (NULL: the usual one again). */
struct db_pool *pg_pool(enum pg_role role);
void pg_use(enum pg_role role, const char *address);

/* A connection of its own, closed by PQfinish. */
PGconn *pg_open(enum pg_role role);
PGconn *pg_open_at(const char *address);

/* SQL that must succeed. */
void pg_do(PGconn *conn, const char *format, ...) PRINTF_LIKE(2, 3);
/* The first column of its first row, or NULL when there is none or it is null. */
const char *pg_get(struct arena *mem, PGconn *conn, const char *format, ...) PRINTF_LIKE(3, 4);
int64_t pg_count(PGconn *conn, const char *format, ...) PRINTF_LIKE(2, 3);
/*
 * SQL that may fail: its SQLSTATE, "00000" when it worked. The transaction that is open goes on.
 * Valid until the next call.
 */
const char *pg_try(PGconn *conn, const char *format, ...) PRINTF_LIKE(2, 3);
/* What the last failure of pg_try said. */
const char *pg_why(void);

/* A company of its own for one test. */
struct place {
    const char *tenant_id, *person_id, *employee_id;
};
struct place place_new(struct arena *mem);
/* A further person of this company. */
const char *place_person(struct arena *mem, const struct place *at, const char *role);

/* A database of its own beside the one of the tests, roles prepared, empty; and its end. */
const char *scratch_new(struct arena *mem);
void scratch_drop(const char *name);
/* The address of a role with some settings replaced, such as "dbname=x". */
const char *address_with(struct arena *mem, enum pg_role role, const char *settings);

#endif
