/*
 * Group commit for an event loop: statements of many requests, each in its own tenant, travel and
 * commit together. While one batch is on its way the next one gathers, so the batch grows by itself
 * with the load. Never blocks, but for the moment of connecting.
 */
#ifndef IO_DB_BATCH_H
#define IO_DB_BATCH_H

#include <stdbool.h>

#include "io/db.h"

struct db_batch;

struct db_batch_item {
    /*
     * Given by the caller; everything must live until done() was called, even when the client
     * leaves before.
     */
    const char *tenant_id;
    const struct stmt *q;
    struct arg args[12];
    int arg_count;
    void (*done)(struct db_batch_item *item, void *owner);
    void *owner;

    /*
     * The outcome: committed (OK), or E_UNAVAILABLE, E_INVALID, E_INTERNAL with the reason in
     * `why`.
     */
    rc_t rc;
    char why[160];
    int64_t rows; /* rows that the statement returned or changed */

    struct db_batch_item *next; /* own */
    bool alone;                 /* own: a batch failed with it; it gets a transaction to itself */
};

struct db_batch *db_batch_new(const char *conninfo);
void db_batch_free(struct db_batch *b);

/* Takes an item. done() may be called before this returns when the database is away. */
void db_batch_add(struct db_batch *b, struct db_batch_item *item);

/*
 * The event loop's side. fd is -1 while there is no connection; it may change whenever one of these
 * was called. Call _ready when the fd is readable (or writable, while wants_write), and _tick once
 * a second.
 */
int db_batch_fd(const struct db_batch *b);
bool db_batch_wants_write(const struct db_batch *b);
void db_batch_ready(struct db_batch *b);
void db_batch_tick(struct db_batch *b);

/* Waits until nothing is on its way: for tests and for a drain. At most wait_ms. */
void db_batch_wait(struct db_batch *b, int wait_ms);

#endif
