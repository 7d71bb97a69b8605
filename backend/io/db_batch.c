/* See db_batch.h. */
#include "io/db_batch.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "io/db_conn.h"

#define BATCH_MOST 64
#define ANSWER_MS 10000 /* a batch that takes longer is given up: its requests are answered 503 */
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MOST_MS 5000

struct list {
    struct db_batch_item *first, **end;
    int count;
};

struct db_batch {
    char *conninfo;
    struct db_conn conn; /* pg is NULL while there is no connection */
    struct list waiting, flying;
    struct db_batch_item *at; /* the flying item whose result comes next */
    int before_at;            /* results to come that belong to no item: BEGIN, scopes, prepares */
    bool failed, rolling_back, unsent;
    int64_t sent_ms, next_try_ms, backoff_ms;
    char why[160];
};

/* What is acknowledged has to be there after a crash, however the server is set up. */
static const struct stmt q_scope = {"batch_scope", "SELECT set_config('app.tenant_id', $1, true), "
                                                   "set_config('synchronous_commit', 'on', true)"};

static void list_clear(struct list *l)
{
    *l = (struct list){.first = NULL};
    l->end = &l->first;
}

static void list_add(struct list *l, struct db_batch_item *item)
{
    item->next = NULL;
    *l->end = item;
    l->end = &item->next;
    l->count++;
}

static struct db_batch_item *list_take(struct list *l)
{
    struct db_batch_item *item = l->first;

    if (item == NULL)
        return NULL;
    l->first = item->next;
    if (l->first == NULL)
        l->end = &l->first;
    l->count--;
    item->next = NULL;
    return item;
}

struct db_batch *db_batch_new(const char *conninfo)
{
    struct db_batch *b = calloc(1, sizeof(*b));

    if (b == NULL || (b->conninfo = strdup(conninfo)) == NULL)
        abort();
    list_clear(&b->waiting);
    list_clear(&b->flying);
    return b;
}

static void finish(struct db_batch_item *item, rc_t rc, const char *why)
{
    item->rc = rc;
    snprintf(item->why, sizeof(item->why), "%s", why);
    item->done(item, item->owner);
}

/*
 * Everything on its way or waiting gets the same end: nobody knows, so the sender is asked to
 * repeat himself.
 */
static void fail_all(struct db_batch *b, const char *why)
{
    struct list both[2] = {b->flying, b->waiting};
    struct db_batch_item *item, *next;

    list_clear(&b->flying);
    list_clear(&b->waiting);
    for (int i = 0; i < 2; i++) {
        for (item = both[i].first; item != NULL; item = next) {
            next = item->next;
            finish(item, E_UNAVAILABLE, why);
        }
    }
}

static void disconnect(struct db_batch *b)
{
    char why[160];

    snprintf(why, sizeof(why), "%.*s", (int)sizeof(why) - 1,
             b->conn.pg == NULL ? "the database is away" : PQerrorMessage(b->conn.pg));
    if (b->conn.pg != NULL)
        PQfinish(b->conn.pg);
    b->conn = (struct db_conn){.pg = NULL};
    b->rolling_back = b->unsent = false;
    fail_all(b, why);
}

void db_batch_free(struct db_batch *b)
{
    if (b == NULL)
        return;
    disconnect(b);
    free(b->conninfo);
    free(b);
}

static bool connected(struct db_batch *b)
{
    if (b->conn.pg != NULL)
        return true;
    if (clock_mono_ms() < b->next_try_ms)
        return false;

    struct arena *mem = arena_new(KIB(64));
    const char *why = "";

    b->conn.pg = db_connect(mem, b->conninfo, &why);
    snprintf(b->why, sizeof(b->why), "%s", why);
    arena_free(mem);
    if (b->conn.pg == NULL) {
        b->backoff_ms = b->backoff_ms == 0 ? BACKOFF_FIRST_MS : b->backoff_ms * 2;
        if (b->backoff_ms > BACKOFF_MOST_MS)
            b->backoff_ms = BACKOFF_MOST_MS;
        b->next_try_ms = clock_mono_ms() + b->backoff_ms;
        return false;
    }
    b->backoff_ms = 0;
    PQsetnonblocking(b->conn.pg, 1);
    if (PQenterPipelineMode(b->conn.pg) != 1)
        abort();
    return true;
}

/* Queues one statement; returns how many results it will bring, 0 when it could not be queued. */
static int send(struct db_batch *b, const struct stmt *q, const struct db_wire *w)
{
    int results = 1;

    if (!db_prepared(&b->conn, q)) {
        if (!PQsendPrepare(b->conn.pg, q->name, q->sql, 0, NULL))
            return 0;
        results = 2;
    }
    return PQsendQueryPrepared(b->conn.pg, q->name, w->count, w->values, w->lengths, w->formats, 0)
               ? results
               : 0;
}

static bool plain(struct db_batch *b, const char *sql)
{
    return PQsendQueryParams(b->conn.pg, sql, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

/*
 * Sends an item and, when its tenant is another than before, the scope. `lead` counts results
 * before the item's own.
 */
static bool send_item(struct db_batch *b, struct arena *mem, struct db_batch_item *item,
                      const char *tenant_before)
{
    struct db_wire w;
    int results;

    item->rows = 0; /* until the result is there it counts the results that come before it */
    if (!text_is(item->tenant_id, tenant_before)) {
        db_wire(mem, ARGS(A(item->tenant_id)), &w);
        results = send(b, &q_scope, &w);
        if (results == 0)
            return false;
        item->rows += results;
    }
    db_wire(mem, (struct args){item->args, item->arg_count}, &w);
    results = send(b, item->q, &w);
    item->rows += results - 1;
    return results > 0;
}

static void flush(struct db_batch *b)
{
    int left = PQflush(b->conn.pg);

    b->unsent = left == 1;
    if (left < 0)
        disconnect(b);
}

/* Starts a batch of what waits, when nothing is on its way. */
static void start(struct db_batch *b)
{
    if (b->flying.first != NULL || b->rolling_back || b->waiting.first == NULL)
        return;
    if (!connected(b)) {
        fail_all(b, b->why[0] == '\0' ? "the database was away a moment ago" : b->why);
        return;
    }

    struct arena *mem = arena_new(MIB(8));
    const char *tenant = NULL;
    bool sent = plain(b, "BEGIN");

    while (sent && b->flying.count < BATCH_MOST && b->waiting.first != NULL) {
        if (b->waiting.first->alone && b->flying.count > 0)
            break;

        struct db_batch_item *item = list_take(&b->waiting);

        list_add(&b->flying, item);
        sent = send_item(b, mem, item, tenant);
        tenant = item->tenant_id;
        if (item->alone)
            break;
    }
    sent = sent && plain(b, "COMMIT") && PQpipelineSync(b->conn.pg) == 1;
    arena_free(mem);
    b->failed = false;
    b->at = b->flying.first;
    b->before_at = 1 + (b->at == NULL ? 0 : (int)b->at->rows);
    b->sent_ms = clock_mono_ms();
    if (!sent)
        disconnect(b);
    else
        flush(b);
}

void db_batch_add(struct db_batch *b, struct db_batch_item *item)
{
    item->alone = false;
    list_add(&b->waiting, item);
    start(b);
}

/* One more result of the flying batch: it belongs to BEGIN or a scope, to an item, or to COMMIT. */
static void take_result(struct db_batch *b, PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

    if (!good && !b->failed) {
        const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

        b->failed = true;
        snprintf(b->why, sizeof(b->why), "%s", message == NULL ? "the statement failed" : message);
    }
    if (b->before_at > 0) {
        b->before_at--;
        return;
    }
    if (b->at == NULL)
        return;

    const char *tuples = PQcmdTuples(r);

    b->at->rows = status == PGRES_TUPLES_OK ? PQntuples(r)
                                            : strtoll(tuples[0] == '\0' ? "0" : tuples, NULL, 10);
    b->at = b->at->next;
    b->before_at = b->at == NULL ? 0 : (int)b->at->rows;
}

/*
 * The batch failed and nothing of it is there: each item tries again by itself, so that one bad one
 * stops no other.
 */
static void retry_alone(struct db_batch *b)
{
    struct list again = b->flying;
    struct db_batch_item *item, *next;
    bool single = again.count == 1;

    list_clear(&b->flying);
    for (item = again.first; item != NULL; item = next) {
        next = item->next;
        item->alone = true;
        if (single)
            finish(item, E_INTERNAL, b->why);
        else
            list_add(&b->waiting, item);
    }
}

static void batch_over(struct db_batch *b)
{
    struct list over = b->flying;
    struct db_batch_item *item, *next;

    if (b->rolling_back) {
        b->rolling_back = false;
        retry_alone(b);
        return;
    }
    if (b->failed) {
        /*
         * What was marked as prepared in an aborted pipeline may not be; forget it all with the
         * transaction.
         */
        b->rolling_back = plain(b, "ROLLBACK") && plain(b, "DEALLOCATE ALL") &&
                          PQpipelineSync(b->conn.pg) == 1;
        memset(b->conn.prepared, 0, sizeof(b->conn.prepared));
        if (b->rolling_back)
            flush(b);
        else
            disconnect(b);
        return;
    }
    list_clear(&b->flying);
    for (item = over.first; item != NULL; item = next) {
        next = item->next;
        finish(item, OK, "");
    }
}

void db_batch_ready(struct db_batch *b)
{
    if (b->conn.pg == NULL)
        return;
    if (PQconsumeInput(b->conn.pg) != 1) {
        disconnect(b);
        return;
    }
    if (b->unsent)
        flush(b);
    while (b->conn.pg != NULL && (b->flying.first != NULL || b->rolling_back) &&
           !PQisBusy(b->conn.pg)) {
        PGresult *r = PQgetResult(b->conn.pg);

        if (r == NULL) {
            if (PQstatus(b->conn.pg) != CONNECTION_OK)
                disconnect(b);
            continue;
        }

        bool over = PQresultStatus(r) == PGRES_PIPELINE_SYNC;

        if (!over && !b->rolling_back)
            take_result(b, r);
        PQclear(r);
        if (over)
            batch_over(b);
    }
    if (b->conn.pg != NULL)
        start(b);
}

void db_batch_tick(struct db_batch *b)
{
    if ((b->flying.first != NULL || b->rolling_back) && clock_mono_ms() - b->sent_ms > ANSWER_MS)
        disconnect(b);
    start(b);
}

int db_batch_fd(const struct db_batch *b)
{
    return b->conn.pg == NULL ? -1 : PQsocket(b->conn.pg);
}

bool db_batch_wants_write(const struct db_batch *b)
{
    return b->unsent;
}

void db_batch_wait(struct db_batch *b, int wait_ms)
{
    int64_t until = clock_mono_ms() + wait_ms;

    while ((b->flying.first != NULL || b->rolling_back) && clock_mono_ms() < until) {
        struct pollfd pfd = {.fd = db_batch_fd(b),
                             .events = (short)(POLLIN | (b->unsent ? POLLOUT : 0))};

        if (poll(&pfd, 1, (int)(until - clock_mono_ms())) > 0)
            db_batch_ready(b);
    }
}
