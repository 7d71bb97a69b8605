/*
 * The context of one request or one job: its memory, whose it is, its open transaction, and the
 * fault it ended in. It is the first argument of everything that can fail. One thread uses one
 * context at a time.
 */
#ifndef BASE_CTX_H
#define BASE_CTX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/rc.h"
#include "base/text.h"

struct db_pool; /* io/db.h */
struct db_conn;
struct db_queued;

struct fault {
    rc_t rc;
    const char *code; /* stable key for clients and portal texts, such as "email_taken" */
    /* for people: what to do; for E_INTERNAL, E_UPSTREAM and E_UNAVAILABLE for the log only */
    const char *detail;
    const char *field; /* the input field at fault, or NULL */
    /* E_LIMIT that time mends: the limit's name and how long to wait; NULL and 0 else */
    const char *limit;
    int64_t wait_s;
    const char *challenge; /* what the header WWW-Authenticate of the answer says, or NULL */
    /* what opens the second step of a log-in whose first was right, or NULL */
    const char *step;
};

struct ctx {
    struct arena *mem;
    struct db_pool *db;   /* NULL in pure code */
    struct db_conn *conn; /* the open transaction, or NULL; belongs to io/db.c */
    struct db_queued *db_queued, **db_queued_end; /* io/db.c: statements to go with the next one */
    bool db_guarded;                              /* io/db.c: a clean-up for conn is registered */
    /* io/db.c: the next transaction may be forgotten by a crash of PostgreSQL */
    bool db_relaxed;
    const char *tenant_id; /* NULL: no tenant, every tenant table looks empty */
    /* who asks: a person, or the id of the API key that a program shows; NULL: nobody */
    const char *person_id;
    const char *actor;  /* the same as the audit names it: "person:<id>", "key:<id>", "app:<id>" */
    const char *app_id; /* the app that acts for the person, or NULL */
    const char *reference; /* names this request or job in log lines and error answers */
    struct fault fault;
};

/*
 * A context over a fresh arena of at most max bytes. ctx_end rolls back nothing: io/db.c's clean-up
 * in the arena does.
 */
struct ctx *ctx_new(size_t max, struct db_pool *db);
void ctx_end(struct ctx *c);

/*
 * A context for a part of the same work, pure and with memory of its own: no tenant, no database,
 * and the reference of the whole, which outlives it.
 */
struct ctx *ctx_part(const struct ctx *whole, size_t max);

/* Records the fault where it is first known and returns rc. The first fault stays. */
rc_t ctx_fail(struct ctx *c, rc_t rc, const char *code, const char *format, ...) PRINTF_LIKE(4, 5);

/* The same for a named input field; the code is E_INVALID. */
rc_t ctx_bad(struct ctx *c, const char *field, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5);

/*
 * The same for a limit that time mends: E_LIMIT, with the limit's name and how many seconds to
 * wait, at least one.
 */
rc_t ctx_over(struct ctx *c, const char *code, const char *limit, int64_t wait_s,
              const char *format, ...) PRINTF_LIKE(5, 6);

/*
 * Forgets the fault: for callers that go on after a failure, such as the next provider in a list.
 */
void ctx_forgive(struct ctx *c);

#endif
