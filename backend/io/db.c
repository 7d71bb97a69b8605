/*
 * See db.h. BEGIN, the tenant and the first statement travel in one round trip (libpq's pipeline
 * mode).
 */
#include "io/db.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/db_conn.h"

void db_wire(struct arena *mem, struct args args, struct db_wire *out)
{
    if (args.count > (int)COUNT_OF(out->values))
        abort();
    *out = (struct db_wire){.count = args.count};
    for (int i = 0; i < args.count; i++) {
        const struct arg *a = &args.list[i];

        switch (a->kind) {
        case ARG_NULL:
            break;
        case ARG_TEXT:
            out->values[i] = a->text;
            break;
        case ARG_INT:
            out->values[i] = text_printf(mem, "%lld", (long long)a->n);
            break;
        case ARG_BOOL:
            out->values[i] = a->n ? "t" : "f";
            break;
        case ARG_BYTES:
            out->values[i] = a->raw.data;
            out->lengths[i] = (int)a->raw.len;
            out->formats[i] = 1;
            break;
        }
    }
}

/* SQLSTATE by its beginning to what it means for the caller; the first row that fits wins. */
static const struct {
    const char *state;
    rc_t rc;
    const char *code;
} meanings[] = {
    {"23505", E_CONFLICT, "duplicate"},       {"23503", E_NOT_FOUND, "not_found"},
    {"23", E_INVALID, "constraint"},          {"22", E_INVALID, "bad_value"},
    {"40", E_UNAVAILABLE, "db_retry"},        {"55P03", E_UNAVAILABLE, "db_locked"},
    {"57014", E_TIMEOUT, "db_slow"},          {"57P", E_UNAVAILABLE, "db_away"},
    {"08", E_UNAVAILABLE, "db_away"},         {"53", E_UNAVAILABLE, "db_full"},
    {"25006", E_UNAVAILABLE, "db_read_only"}, {"25P03", E_UNAVAILABLE, "db_away"},
};

rc_t db_fault(struct ctx *c, const struct stmt *q, const PGresult *result, PGconn *pg)
{
    const char *state = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = result == NULL ? NULL
                                         : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *constraint = result == NULL ? NULL
                                            : PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

    if (state == NULL || PQstatus(pg) != CONNECTION_OK)
        return ctx_fail(c, E_UNAVAILABLE, "db_away", "%s: %s", q->name,
                        text_trim(c->mem, PQerrorMessage(pg)));
    for (size_t i = 0; i < COUNT_OF(meanings); i++)
        if (text_starts(state, meanings[i].state))
            return ctx_fail(c, meanings[i].rc, meanings[i].code, "%s: %s%s%s", q->name, message,
                            constraint != NULL ? " " : "", constraint != NULL ? constraint : "");
    return ctx_fail(c, E_INTERNAL, "db_error", "%s: %s %s", q->name, state, message);
}

static void drop_result(void *thing)
{
    PQclear(thing);
}

static void guard(void *thing)
{
    db_rollback(thing);
}

static bool good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static const struct stmt q_begin = {"begin", "BEGIN"};
static const struct stmt q_scope = {"scope", "SELECT set_config('app.tenant_id', $1, true), "
                                             "set_config('synchronous_commit', $2, true)"};
static const struct stmt q_tenant = {"tenant", "SELECT set_config('app.tenant_id', $1, true)"};
static const struct stmt q_commit = {"commit", "COMMIT"};
static const struct stmt q_rollback = {"rollback", "ROLLBACK"};

/* A statement that waits for the next one of its transaction. */
struct db_queued {
    struct db_queued *next;
    const struct stmt *q;
    struct db_wire wire;
};

static int send(struct db_conn *conn, const struct stmt *q, const struct db_wire *w)
{
    if (!db_prepared(conn, q) && !PQsendPrepare(conn->pg, q->name, q->sql, 0, NULL))
        return 0;
    return PQsendQueryPrepared(conn->pg, q->name, w->count, w->values, w->lengths, w->formats, 0);
}

/*
 * Reads all results of a pipeline up to its sync: the first failure, else the last result with rows
 * or a command tag: results of statements before the asked one are only looked at for failures.
 */
static PGresult *drain(struct db_conn *conn)
{
    PGresult *last = NULL;
    int silent = 0;

    for (;;) {
        PGresult *r = PQgetResult(conn->pg);

        if (r == NULL) { /* the end of one statement; two in a row: the connection is gone */
            if (++silent > 1)
                break;
            continue;
        }
        silent = 0;
        if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
            PQclear(r);
            break;
        }
        if (PQresultStatus(r) == PGRES_PIPELINE_ABORTED || (last != NULL && !good(last))) {
            PQclear(r);
            continue;
        }
        PQclear(last);
        last = r;
    }
    return last;
}

static void forget_queued(struct ctx *c)
{
    c->db_queued = NULL;
    c->db_queued_end = &c->db_queued;
}

/*
 * Sends one statement in one round trip, with what goes before it: the transaction's opening when
 * `opening`, and the statements that wait.
 */
static PGresult *round_trip(struct ctx *c, const struct stmt *q, struct args args, bool opening)
{
    struct db_conn *conn = c->conn;
    struct db_wire w, scope;
    static const struct db_wire nothing;

    db_wire(c->mem, args, &w);
    db_wire(c->mem,
            ARGS(A(c->tenant_id == NULL ? "" : c->tenant_id), A(c->db_relaxed ? "off" : "on")),
            &scope);

    int sent = PQenterPipelineMode(conn->pg);

    if (opening)
        sent = sent && send(conn, &q_begin, &nothing) && send(conn, &q_scope, &scope);
    for (const struct db_queued *before = c->db_queued; before != NULL; before = before->next)
        sent = sent && send(conn, before->q, &before->wire);
    forget_queued(c);
    sent = sent && send(conn, q, &w) && PQpipelineSync(conn->pg);

    PGresult *result = sent ? drain(conn) : NULL;

    if (PQexitPipelineMode(conn->pg) != 1)
        conn->broken = true;
    return result;
}

/*
 * Prepared marks are set before the server agreed; after a failed statement nobody knows which
 * hold, so start anew.
 */
static void forget_prepared(struct db_conn *conn)
{
    PGresult *r = PQexec(conn->pg, "DEALLOCATE ALL");

    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        conn->broken = true;
    PQclear(r);
    memset(conn->prepared, 0, sizeof(conn->prepared));
}

/* The result is the caller's: what he has taken out of it are copies, so that it can go at once. */
static rc_t run(struct ctx *c, const struct stmt *q, struct args args, PGresult **out)
{
    bool opening = c->conn == NULL;

    if (opening) {
        TRY(db_take(c, &c->conn));
        if (!c->db_guarded)
            arena_on_end(c->mem, guard, c);
        c->db_guarded = true;
    }

    PGresult *result = round_trip(c, q, args, opening);

    c->db_relaxed = opening ? false : c->db_relaxed;
    if (result == NULL || !good(result)) {
        rc_t rc = db_fault(c, q, result, c->conn->pg);

        PQclear(result);
        return rc;
    }
    *out = result;
    return OK;
}

rc_t db_exec(struct ctx *c, const struct stmt *q, struct args args, int64_t *affected)
{
    PGresult *r;

    TRY(run(c, q, args, &r));
    if (affected != NULL && text_int(PQcmdTuples(r), affected) != OK)
        *affected = PQntuples(r);
    PQclear(r);
    return OK;
}

rc_t db_later(struct ctx *c, const struct stmt *q, struct args args)
{
    struct db_queued *last;

    if (c->conn == NULL)
        return db_exec(c, q, args, NULL);
    last = arena_take(c->mem, sizeof(*last));
    last->q = q;
    db_wire(c->mem, args, &last->wire);
    *(c->db_queued == NULL ? &c->db_queued : c->db_queued_end) = last;
    c->db_queued_end = &last->next;
    return OK;
}

rc_t db_rows(struct ctx *c, const struct stmt *q, struct args args, struct db_rows *out)
{
    PGresult *r;

    TRY(run(c, q, args, &r));
    arena_on_end(c->mem, drop_result, r);
    *out = (struct db_rows){.count = PQntuples(r), .native = r};
    return OK;
}

const char *db_text(const struct db_rows *rows, int row, int column)
{
    return PQgetisnull(rows->native, row, column) ? NULL : PQgetvalue(rows->native, row, column);
}

int64_t db_int(const struct db_rows *rows, int row, int column)
{
    const char *text = db_text(rows, row, column);

    return text == NULL ? 0 : strtoll(text, NULL, 10);
}

rc_t db_raw(struct ctx *c, const struct db_rows *rows, int row, int column, struct bytes *out)
{
    const char *text = db_text(rows, row, column);

    *out = (struct bytes){NULL, 0};
    if (text == NULL)
        return OK;
    if (text[0] != '\\' || text[1] != 'x' || text_unhex(c->mem, bytes_of(text + 2), out) != OK)
        return ctx_fail(c, E_INTERNAL, "db_bad_bytes", "column %d is no bytea", column);
    return OK;
}

rc_t db_row(struct ctx *c, const PGresult *r, int row, int columns, const struct shape *shape,
            void *out)
{
    memset(out, 0, shape->size);
    for (int column = 0; column < columns; column++) {
        const struct field *f = shape_field(shape, PQfname(r, column));

        if (f == NULL)
            return ctx_fail(c, E_INTERNAL, "db_bad_column", "%s has no field %s", shape->name,
                            PQfname(r, column));
        TRY(shape_set(c, f, out, PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column)));
    }
    return OK;
}

rc_t db_one(struct ctx *c, const struct stmt *q, struct args args, const struct shape *shape,
            void *out)
{
    PGresult *r;

    TRY(run(c, q, args, &r));

    rc_t rc = PQntuples(r) == 0
                  ? ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such thing here.")
                  : db_row(c, r, 0, PQnfields(r), shape, out);

    PQclear(r);
    return rc;
}

rc_t db_list(struct ctx *c, const struct stmt *q, struct args args, const struct shape *shape,
             void **items, size_t *count)
{
    PGresult *r;

    TRY(run(c, q, args, &r));
    *count = (size_t)PQntuples(r);
    *items = arena_take(c->mem, *count * shape->size + 1);

    rc_t rc = OK;

    for (size_t i = 0; rc == OK && i < *count; i++)
        rc = db_row(c, r, (int)i, PQnfields(r), shape, (char *)*items + i * shape->size);
    PQclear(r);
    return rc;
}

/* Gives the connection back, whatever state it is in. */
static void release(struct ctx *c)
{
    db_give(c->conn);
    c->conn = NULL;
}

rc_t db_commit(struct ctx *c)
{
    if (c->conn == NULL)
        return OK;

    PGresult *r = round_trip(c, &q_commit, NO_ARGS, false);
    bool committed = r != NULL && text_is(PQcmdStatus(r), "COMMIT");
    rc_t rc = OK;

    if (!committed)
        rc = r != NULL && good(r)
                 ? ctx_fail(c, E_INTERNAL, "db_rolled_back", "a failed transaction was committed")
                 : db_fault(c, &q_commit, r, c->conn->pg);
    PQclear(r);
    /* Which statements it has prepared is not known any more. */
    c->conn->broken |= !committed;
    release(c);
    return rc;
}

void db_rollback(struct ctx *c)
{
    forget_queued(c);
    if (c->conn == NULL)
        return;
    if (PQstatus(c->conn->pg) == CONNECTION_OK) {
        bool failed = PQtransactionStatus(c->conn->pg) == PQTRANS_INERROR;

        PQclear(round_trip(c, &q_rollback, NO_ARGS, false));
        if (failed)
            forget_prepared(c->conn);
    }
    release(c);
}

void db_relaxed(struct ctx *c)
{
    c->db_relaxed = c->conn == NULL;
}

/* A commit that has something to write waits for all of the log before it. */
static const struct stmt q_flush = {"flush", "SELECT pg_logical_emit_message(true, 'flush', '')"};

rc_t db_flush(struct ctx *c)
{
    assert(c->conn == NULL);
    TRY(db_exec(c, &q_flush, NO_ARGS, NULL));
    return db_commit(c);
}

rc_t db_tenant(struct ctx *c, const char *tenant_id)
{
    c->tenant_id = tenant_id;
    if (c->conn == NULL)
        return OK;
    return db_later(c, &q_tenant, ARGS(A(tenant_id == NULL ? "" : tenant_id)));
}

rc_t db_script(struct ctx *c, const char *sql)
{
    static const struct stmt script = {"script", ""};
    struct db_conn *conn;

    TRY(db_take(c, &conn));

    PGresult *r = PQexec(conn->pg, sql);
    rc_t rc = good(r) || PQresultStatus(r) == PGRES_EMPTY_QUERY ? OK
                                                                : db_fault(c, &script, r, conn->pg);

    if (rc != OK && PQtransactionStatus(conn->pg) != PQTRANS_IDLE)
        PQclear(PQexec(conn->pg, "ROLLBACK"));
    PQclear(r);
    db_give(conn);
    return rc;
}
