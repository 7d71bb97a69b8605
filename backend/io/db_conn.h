/* What db.c, db_page.c, db_pool.c and db_batch.c share; nobody else includes it. */
#ifndef IO_DB_CONN_H
#define IO_DB_CONN_H

#include <libpq-fe.h>

#include "io/db.h"

#define DB_PREPARED_MAX 256

struct db_conn {
    PGconn *pg;
    struct db_pool *pool;
    struct db_conn *next;
    const struct stmt *prepared[DB_PREPARED_MAX]; /* open addressing by address */
    bool broken;
};

/*
 * A connection, new or used, that is idle. Waits at most 5 s for one: E_UNAVAILABLE db_busy,
 * db_away.
 */
rc_t db_take(struct ctx *c, struct db_conn **out) MUST;
/* Gives it back; one that is not idle is closed. */
void db_give(struct db_conn *conn);

/* Opens a connection with our session settings; NULL with the reason in why (arena). */
PGconn *db_connect(struct arena *mem, const char *conninfo, const char **why);
const char *db_pool_conninfo(const struct db_pool *pool);

/* True when q was prepared on this connection before; else marks it as prepared from now on. */
bool db_prepared(struct db_conn *conn, const struct stmt *q);

/* The wire form of arguments. */
#define DB_ARGS_MAX 28
struct db_wire {
    const char *values[DB_ARGS_MAX];
    int lengths[DB_ARGS_MAX], formats[DB_ARGS_MAX], count;
};
void db_wire(struct arena *mem, struct args args, struct db_wire *out);

/* The first `columns` of a row as a struct. */
rc_t db_row(struct ctx *c, const PGresult *r, int row, int columns, const struct shape *shape,
            void *out) MUST;

/* The fault that a failed result means. */
rc_t db_fault(struct ctx *c, const struct stmt *q, const PGresult *result, PGconn *pg);

#endif
