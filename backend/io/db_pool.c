/*
 * Connections: a bounded pool that never hands out one with an open transaction, and backs off
 * while PostgreSQL is away.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/db_conn.h"

#define WAIT_MS 5000
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MOST_MS 5000

struct db_pool {
    char *conninfo;
    int max, open;
    struct db_conn *idle;
    pthread_mutex_t lock;
    pthread_cond_t given;
    /* after a failed connect nobody tries again before next_try_ms */
    int64_t next_try_ms, backoff_ms;
};

struct db_pool *db_pool_new(const char *conninfo, int max)
{
    struct db_pool *pool = calloc(1, sizeof(*pool));
    pthread_condattr_t attr;

    if (pool == NULL || (pool->conninfo = strdup(conninfo)) == NULL)
        abort();
    pool->max = max;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->given, &attr);
    pthread_condattr_destroy(&attr);
    return pool;
}

static void conn_close(struct db_conn *conn)
{
    PQfinish(conn->pg);
    free(conn);
}

void db_pool_free(struct db_pool *pool)
{
    if (pool == NULL)
        return;
    for (struct db_conn *conn = pool->idle, *next; conn != NULL; conn = next) {
        next = conn->next;
        conn_close(conn);
    }
    pthread_cond_destroy(&pool->given);
    pthread_mutex_destroy(&pool->lock);
    free(pool->conninfo);
    free(pool);
}

const char *db_pool_conninfo(const struct db_pool *pool)
{
    return pool->conninfo;
}

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

PGconn *db_connect(struct arena *mem, const char *conninfo, const char **why)
{
    static const char *const names[] = {
        "dbname",           "connect_timeout", "client_encoding", "application_name",
        "tcp_user_timeout", "keepalives_idle", "options",         NULL};
    const char *values[] = {
        conninfo,
        "5",
        "UTF8",
        "konstruct",
        "10000",
        "30",
        "-c statement_timeout=15s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
        " -c timezone=UTC -c jit=off",
        NULL};
    PGconn *pg = PQconnectdbParams(names, values, 1);

    if (pg == NULL)
        abort();
    if (PQstatus(pg) != CONNECTION_OK) {
        *why = text_trim(mem, PQerrorMessage(pg));
        PQfinish(pg);
        return NULL;
    }
    if (PQpass(pg) != NULL)
        log_secret_add(bytes_of(PQpass(pg)));
    PQsetNoticeReceiver(pg, ignore_notice, NULL);
    return pg;
}

/* Waits for an idle connection or the right to open one. Under the lock. */
static rc_t wait_turn(struct ctx *c, struct db_pool *pool)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WAIT_MS / 1000;
    while (pool->idle == NULL && pool->open >= pool->max)
        if (pthread_cond_timedwait(&pool->given, &pool->lock, &until) == ETIMEDOUT)
            return ctx_fail(c, E_UNAVAILABLE, "db_busy",
                            "no database connection came free within %d ms", WAIT_MS);
    return OK;
}

static void connect_failed(struct db_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->open--;
    pool->backoff_ms = pool->backoff_ms == 0 ? BACKOFF_FIRST_MS : pool->backoff_ms * 2;
    if (pool->backoff_ms > BACKOFF_MOST_MS)
        pool->backoff_ms = BACKOFF_MOST_MS;
    pool->next_try_ms = clock_mono_ms() + pool->backoff_ms;
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->lock);
}

/* Opens a connection outside the lock; `open` was raised already. */
static rc_t open_one(struct ctx *c, struct db_pool *pool, struct db_conn **out)
{
    const char *why = NULL;
    PGconn *pg = db_connect(c->mem, pool->conninfo, &why);

    if (pg == NULL) {
        connect_failed(pool);
        return ctx_fail(c, E_UNAVAILABLE, "db_away", "%s", why);
    }
    pool->backoff_ms = 0;
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        abort();
    **out = (struct db_conn){.pg = pg, .pool = pool};
    return OK;
}

/*
 * A server has nothing to say to an idle connection but that it ends: whatever is on the socket,
 * its last words or its end, is better found here than by a statement.
 */
static bool alive(const struct db_conn *conn)
{
    struct pollfd socket = {.fd = PQsocket(conn->pg), .events = POLLIN};

    return PQstatus(conn->pg) == CONNECTION_OK && poll(&socket, 1, 0) == 0;
}

rc_t db_take(struct ctx *c, struct db_conn **out)
{
    struct db_pool *pool = c->db;

    if (pool == NULL)
        return ctx_fail(c, E_INTERNAL, "db_missing", "this context has no database");
    pthread_mutex_lock(&pool->lock);
    rc_t rc = wait_turn(c, pool);
    while (rc == OK && pool->idle != NULL) {
        struct db_conn *conn = pool->idle;

        pool->idle = conn->next;
        if (alive(conn)) {
            pthread_mutex_unlock(&pool->lock);
            *out = conn;
            return OK;
        }
        conn_close(conn);
        pool->open--;
    }
    if (rc == OK && clock_mono_ms() < pool->next_try_ms)
        rc = ctx_fail(c, E_UNAVAILABLE, "db_away",
                      "the database was away a moment ago; waiting before the next try");
    if (rc == OK)
        pool->open++;
    pthread_mutex_unlock(&pool->lock);
    return rc == OK ? open_one(c, pool, out) : rc;
}

void db_give(struct db_conn *conn)
{
    struct db_pool *pool = conn->pool;
    bool keep = !conn->broken && PQstatus(conn->pg) == CONNECTION_OK &&
                PQpipelineStatus(conn->pg) == PQ_PIPELINE_OFF &&
                PQtransactionStatus(conn->pg) == PQTRANS_IDLE;

    pthread_mutex_lock(&pool->lock);
    if (keep) {
        conn->next = pool->idle;
        pool->idle = conn;
    } else {
        conn_close(conn);
        pool->open--;
    }
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->lock);
}

bool db_prepared(struct db_conn *conn, const struct stmt *q)
{
    size_t at = ((uintptr_t)q >> 4) % DB_PREPARED_MAX;

    for (size_t tries = 0; tries < DB_PREPARED_MAX; tries++, at = (at + 1) % DB_PREPARED_MAX) {
        if (conn->prepared[at] == q)
            return true;
        if (conn->prepared[at] == NULL) {
            conn->prepared[at] = q;
            return false;
        }
    }
    abort(); /* more statements than DB_PREPARED_MAX: raise it */
}
