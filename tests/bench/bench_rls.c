/*
 * What row-level security costs: the processor time of the database's process for the same read of
 * the same rows, once from a table under our policy and once from a twin without one, where the
 * tenant is a parameter as in a program that trusts its statements. The ways take turns in small
 * batches, each batch in another tenant, so that whatever else the machine does meets all alike.
 *   bench_rls ROWS TENANTS BATCHES      prints one JSON object a line
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"

#define PER_BATCH 100
#define PAGE_ROWS 50
#define COLUMNS "id, seq, text, extract(epoch FROM created_at)::bigint AS created"
#define POINT(table, tenant) \
    "SELECT " COLUMNS " FROM " table " WHERE tenant_id = " tenant " AND id = $1"
#define PAGE(table, tenant)                                                       \
    "SELECT " COLUMNS " FROM " table " WHERE tenant_id = " tenant " AND seq > $1" \
    " ORDER BY seq LIMIT 50"

struct way {
    const char *read, *way, *sql;
    bool page;
    bool transaction; /* BEGIN, the tenant, the read and COMMIT in two round trips, as we send it */
    bool by_policy;
};

static const struct way ways[] = {
    {"point", "without", POINT("bench_open", "$2"), false, false, false},
    {"point", "with", POINT("bench_sealed", "tenant_now()"), false, false, true},
    /* The policy without the filter that our statements name besides it. */
    {"point by the policy alone", "without", POINT("bench_open", "$2"), false, false, false},
    {"point by the policy alone", "with", "SELECT " COLUMNS " FROM bench_sealed WHERE id = $1",
     false, false, true},
    {"page", "without", PAGE("bench_open", "$2"), true, false, false},
    {"page", "with", PAGE("bench_sealed", "tenant_now()"), true, false, true},
    {"point, whole transaction", "without", POINT("bench_open", "$2"), false, true, false},
    {"point, whole transaction", "with", POINT("bench_sealed", "tenant_now()"), false, true, true},
    {"page, whole transaction", "without", PAGE("bench_open", "$2"), true, true, false},
    {"page, whole transaction", "with", PAGE("bench_sealed", "tenant_now()"), true, true, true},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static void must(PGconn *pg, PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_PIPELINE_SYNC) {
        fprintf(stderr, "%s\n", PQerrorMessage(pg));
        exit(1);
    }
    PQclear(r);
}

static PGconn *open_as(enum conf address)
{
    PGconn *pg = PQconnectdb(conf_text(address));

    if (PQstatus(pg) != CONNECTION_OK) {
        fprintf(stderr, "%s\n", PQerrorMessage(pg));
        exit(1);
    }
    return pg;
}

/* Rows of the tenants lie between each other, as they do when all tenants work at once. */
static void fill(PGconn *owner, long rows, long tenants)
{
    char sql[1200];

    must(owner, PQexec(owner, "DROP TABLE IF EXISTS bench_sealed, bench_open;"
                              "CREATE TABLE bench_open (tenant_id uuid NOT NULL, id uuid NOT NULL, "
                              "seq bigint NOT NULL, text text NOT NULL, created_at timestamptz NOT "
                              "NULL DEFAULT now(), PRIMARY KEY (tenant_id, id));"
                              "CREATE UNIQUE INDEX ON bench_open (tenant_id, seq);"
                              "CREATE TABLE bench_sealed (LIKE bench_open INCLUDING ALL);"));
    for (int sealed = 0; sealed < 2; sealed++) {
        snprintf(
            sql, sizeof(sql),
            "INSERT INTO %s (tenant_id, id, seq, text) SELECT "
            "(lpad(to_hex(t), 8, '0') || '-0000-4000-8000-000000000000')::uuid,"
            "(lpad(to_hex(t), 8, '0') || '-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,"
            " n, repeat('words ', 10) FROM generate_series(1, %ld) n, generate_series(0, %ld) t",
            sealed ? "bench_sealed" : "bench_open", rows / tenants, tenants - 1);
        must(owner, PQexec(owner, sql));
    }
    must(owner, PQexec(owner, "SELECT tenant_table('bench_sealed')"));
    must(owner, PQexec(owner, "GRANT SELECT ON bench_sealed, bench_open TO konstruct_web"));
    must(owner, PQexec(owner, "VACUUM ANALYZE bench_sealed"));
    must(owner, PQexec(owner, "VACUUM ANALYZE bench_open"));
}

/* Nanoseconds that the process of this connection has run. */
static unsigned long long ran(PGconn *pg)
{
    unsigned long long ns = 0;
    char path[64];
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/schedstat", PQbackendPID(pg));
    f = fopen(path, "r");
    if (f == NULL || fscanf(f, "%llu", &ns) != 1) {
        fprintf(stderr, "%s can't be read\n", path);
        exit(1);
    }
    fclose(f);
    return ns;
}

static void read_rows(PGconn *pg, const struct way *way, PGresult *r)
{
    if (PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) != (way->page ? PAGE_ROWS : 1)) {
        fprintf(stderr, "%s %s: %d rows: %s\n", way->read, way->way, PQntuples(r),
                PQerrorMessage(pg));
        exit(1);
    }
    PQclear(r);
}

static void read_alone(PGconn *pg, const struct way *way, const char *name,
                       const char *const args[2])
{
    read_rows(pg, way, PQexecPrepared(pg, name, way->by_policy ? 1 : 2, args, NULL, NULL, 0));
}

/* Takes results up to the end of a round trip; the last one with rows is the read's. */
static void drain(PGconn *pg, const struct way *way, bool reads)
{
    PGresult *rows = NULL;

    for (int silent = 0; silent < 2;) {
        PGresult *r = PQgetResult(pg);

        if (r == NULL) {
            silent++;
            continue;
        }
        silent = 0;
        if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
            PQclear(r);
            break;
        }
        if (PQresultStatus(r) == PGRES_TUPLES_OK) {
            PQclear(rows);
            rows = r;
        } else {
            must(pg, r);
        }
    }
    if (reads)
        read_rows(pg, way, rows);
    else
        PQclear(rows);
}

static void read_in_transaction(PGconn *pg, const struct way *way, const char *name,
                                const char *const args[2])
{
    const char *scope[] = {args[1]};

    PQsendQueryPrepared(pg, "begin", 0, NULL, NULL, NULL, 0);
    if (way->by_policy)
        PQsendQueryPrepared(pg, "scope", 1, scope, NULL, NULL, 0);
    PQsendQueryPrepared(pg, name, way->by_policy ? 1 : 2, args, NULL, NULL, 0);
    PQpipelineSync(pg);
    drain(pg, way, true);
    PQsendQueryPrepared(pg, "commit", 0, NULL, NULL, NULL, 0);
    PQpipelineSync(pg);
    drain(pg, way, false);
}

struct taken {
    double cpu_us, wall_us;
};

/* One batch of one way in one tenant: microseconds a read. */
static struct taken batch(PGconn *pg, size_t i, long tenant, long rows_each, unsigned *seed)
{
    const struct way *way = &ways[i];
    char name[8], tenant_id[40], key[40];
    const char *args[2] = {key, tenant_id};
    const char *scope[] = {tenant_id};

    snprintf(name, sizeof(name), "w%zu", i);
    snprintf(tenant_id, sizeof(tenant_id), "%08lx-0000-4000-8000-000000000000", tenant);
    must(pg, PQexecParams(pg, "SELECT set_config('app.tenant_id', $1, false)", 1, NULL, scope, NULL,
                          NULL, 0));
    if (way->transaction)
        PQenterPipelineMode(pg);

    unsigned long long before = ran(pg);
    int64_t began = clock_mono_us();

    for (int k = 0; k < PER_BATCH; k++) {
        long n = 1 + rand_r(seed) % (way->page ? rows_each - PAGE_ROWS : rows_each);

        if (way->page)
            snprintf(key, sizeof(key), "%ld", n - 1);
        else
            snprintf(key, sizeof(key), "%08lx-0000-4000-8000-%012lx", tenant, n);
        if (way->transaction)
            read_in_transaction(pg, way, name, args);
        else
            read_alone(pg, way, name, args);
    }

    struct taken t = {(double)(ran(pg) - before) / 1000 / PER_BATCH,
                      (double)(clock_mono_us() - began) / PER_BATCH};

    if (way->transaction)
        PQexitPipelineMode(pg);
    return t;
}

static PGconn *prepared(void)
{
    PGconn *pg = open_as(CONF_db_web);
    char name[8];

    /* Else one way may be planned anew at each read, and planning is what is measured. */
    must(pg, PQexec(pg, "SET plan_cache_mode = force_generic_plan"));
    must(pg, PQprepare(pg, "begin", "BEGIN", 0, NULL));
    must(pg, PQprepare(pg, "commit", "COMMIT", 0, NULL));
    must(pg, PQprepare(pg, "scope", "SELECT set_config('app.tenant_id', $1, true)", 1, NULL));
    for (size_t i = 0; i < WAYS; i++) {
        snprintf(name, sizeof(name), "w%zu", i);
        must(pg, PQprepare(pg, name, ways[i].sql, 0, NULL));
    }
    return pg;
}

int main(int argc, char **argv)
{
    long rows = argc > 1 ? strtol(argv[1], NULL, 10) : 0,
         tenants = argc > 2 ? strtol(argv[2], NULL, 10) : 0,
         batches = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    unsigned seed = 1;

    if (rows <= 0 || tenants <= 0 || batches <= 0 || rows / tenants <= PAGE_ROWS ||
        conf_load(0) != OK) {
        fprintf(stderr, "bench_rls ROWS TENANTS BATCHES, more than %d rows a tenant\n", PAGE_ROWS);
        return 2;
    }

    PGconn *owner = open_as(CONF_db_owner);

    fill(owner, rows, tenants);

    PGconn *pg = prepared();

    for (long b = -5; b < batches; b++) /* the first few fill caches and settle plans */
        for (size_t i = 0; i < WAYS; i++) {
            struct taken t = batch(pg, i, rand_r(&seed) % tenants, rows / tenants, &seed);

            if (b >= 0)
                printf("{\"read\":\"%s\",\"way\":\"%s\",\"cpu_us\":%.3f,\"wall_us\":%.3f}\n",
                       ways[i].read, ways[i].way, t.cpu_us, t.wall_us);
        }
    must(owner, PQexec(owner, "DROP TABLE bench_sealed, bench_open"));
    PQfinish(pg);
    PQfinish(owner);
    return 0;
}
