/*
 * PostgreSQL. Statements are constants, so text glued together at run time has nowhere to go. A
 * transaction opens with the first statement of a context and ends with db_commit; the tenant is
 * set for it here, from the context, and nowhere else. Without a tenant every tenant table looks
 * empty.
 */
#ifndef IO_DB_H
#define IO_DB_H

#include "base/ctx.h"
#include "base/shape.h"

/* A statement; the name must be unique, each connection prepares it once under that name. */
struct stmt {
    const char *name, *sql;
};

struct arg {
    enum { ARG_NULL, ARG_TEXT, ARG_INT, ARG_BOOL, ARG_BYTES } kind;
    const char *text;
    int64_t n;
    struct bytes raw;
};

static inline struct arg arg_text(const char *text)
{
    return (struct arg){.kind = text == NULL ? ARG_NULL : ARG_TEXT, .text = text};
}
static inline struct arg arg_int(int64_t n)
{
    return (struct arg){.kind = ARG_INT, .n = n};
}
static inline struct arg arg_bool(bool yes)
{
    return (struct arg){.kind = ARG_BOOL, .n = yes};
}
/* Sent as bytea; data NULL is SQL NULL. */
static inline struct arg arg_bytes(struct bytes raw)
{
    return (struct arg){.kind = raw.data == NULL ? ARG_NULL : ARG_BYTES, .raw = raw};
}

#define A(v) \
    _Generic((v), char *: arg_text, const char *: arg_text, bool: arg_bool, int: arg_int,          \
             int64_t: arg_int, struct bytes: arg_bytes)(v)

struct args {
    const struct arg *list;
    int count;
};
#define ARGS(...)                                     \
    ((struct args){(const struct arg[]){__VA_ARGS__}, \
                   (int)(sizeof((const struct arg[]){__VA_ARGS__}) / sizeof(struct arg))})
#define NO_ARGS ((struct args){NULL, 0})

/* The rows of one answer; borrowed from the context's arena. */
struct db_rows {
    int count;
    void *native;
};

/*
 * A pool of at most max connections to one address as one role. Nothing is connected yet. Lives as
 * long as the process.
 */
struct db_pool *db_pool_new(const char *conninfo, int max);
void db_pool_free(struct db_pool *pool);

/*
 * E_FORBIDDEN with a sentence when the role could bypass row-level security: superuser, BYPASSRLS,
 * owner of a table or schema, member of such a role. The programs refuse to start on it.
 */
rc_t db_check_role(struct ctx *c) MUST;

/* Runs a statement; affected may be NULL. */
rc_t db_exec(struct ctx *c, const struct stmt *q, struct args args, int64_t *affected) MUST;
/*
 * Runs a statement whose outcome nobody needs at once: it travels with the next statement of this
 * transaction, at the latest with the commit, and its failure is theirs. What the arguments point
 * to must live as long as the context.
 */
rc_t db_later(struct ctx *c, const struct stmt *q, struct args args) MUST;
/* Exactly the first row into a struct; E_NOT_FOUND "not_found" when there is none. */
rc_t db_one(struct ctx *c, const struct stmt *q, struct args args, const struct shape *shape,
            void *out) MUST;
/* All rows as an array of structs. */
rc_t db_list(struct ctx *c, const struct stmt *q, struct args args, const struct shape *shape,
             void **items, size_t *count) MUST;

/*
 * One page of a list. Pages go by the key of the last row, never by a count of rows: so nothing is
 * skipped or told twice while rows come and go, as long as a row's own key stays.
 */
#define PAGE_USUAL 50 /* items */
#define PAGE_MOST 200
struct page {
    int64_t most;
    const char *sort; /* one of the route's choices; NULL: the list has one order only */
    /* the row to go on behind, in the database's text form; NULL: from the beginning */
    const char *key, *id;
    bool more; /* there is another page, behind key and id */
};
/*
 * Runs a statement that gives a page: its $1, $2 and $3 are key, id and how many rows, `args`
 * follow from $4 on; its last two columns are page_key and page_id, by which it is ordered.
 * Whichever direction, the beginning is written with coalesce, so that the index is used:
 *   ... AND (created_at, id) > (coalesce($1::timestamptz, '-infinity'), coalesce($2::uuid,
 *   '0...0'))
 *   ORDER BY created_at, id LIMIT $3
 * Fills more, key and id.
 */
rc_t db_page(struct ctx *c, const struct stmt *q, struct page *page, struct args args,
             const struct shape *shape, void **items, size_t *count) MUST;

/* All rows, raw: for what has no shape. */
rc_t db_rows(struct ctx *c, const struct stmt *q, struct args args, struct db_rows *out) MUST;
/* A column by position, as text, or NULL for SQL NULL. */
const char *db_text(const struct db_rows *rows, int row, int column);
int64_t db_int(const struct db_rows *rows, int row, int column);
/* A bytea column. */
rc_t db_raw(struct ctx *c, const struct db_rows *rows, int row, int column, struct bytes *out) MUST;

/*
 * Ends the transaction. E_UNAVAILABLE when the outcome is not known: the caller answers 503 and the
 * sender repeats himself. Without an open transaction both do nothing.
 */
rc_t db_commit(struct ctx *c) MUST;
void db_rollback(struct ctx *c);

/*
 * The next transaction of this context need not be on disk when db_commit returns: for what a sweep
 * finds again.
 */
void db_relaxed(struct ctx *c);

/*
 * Waits until what was committed in relaxed transactions is on disk: for many that need not wait
 * for it one by one. Outside of a transaction; it makes and ends one.
 */
rc_t db_flush(struct ctx *c) MUST;

/*
 * Becomes this tenant (NULL: none), also in the middle of a transaction: for logins and webhooks,
 * which learn it late, and for what writes for many. It travels with the next statement; the id
 * must live as long as the context.
 */
rc_t db_tenant(struct ctx *c, const char *tenant_id) MUST;

/*
 * For sweeps, after what was done for one of many ended in rc: a failure is logged under `event`,
 * undone and forgotten, so that it stands in nobody else's way. False: the database is away, and
 * the others would fail as well.
 */
bool db_goes_on(struct ctx *c, rc_t rc, const char *event);

/*
 * Runs SQL text of any number of statements: for migrations only. Not inside a context's
 * transaction.
 */
rc_t db_script(struct ctx *c, const char *sql) MUST;

#endif
