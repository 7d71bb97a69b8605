/* See pg.h. */
#include "pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/embedded.h"
#include "base/id.h"
#include "core/employee.h"
#include "core/migration.h"
#include "core/person.h"
#include "core/tenant.h"
#include "io/crypto.h"

#include <cmocka.h>

static const struct {
    const char *name, *variable;
} roles[PG_ROLES] = {
    [PG_SUPER] = {"postgres", "KONSTRUCT_DB_SUPER"},
    [PG_OWNER] = {"konstruct_owner", "KONSTRUCT_DB_OWNER"},
    [PG_WEB] = {"konstruct_web", "KONSTRUCT_DB_WEB"},
    [PG_WORKER] = {"konstruct_worker", "KONSTRUCT_DB_WORKER"},
    [PG_DISPATCH] = {"konstruct_dispatch", "KONSTRUCT_DB_DISPATCH"},
};
static struct db_pool *pools[PG_ROLES];

const char *pg_name(enum pg_role role)
{
    return roles[role].name;
}

const char *pg_address(enum pg_role role)
{
    const char *address = getenv(roles[role].variable);

    if (address == NULL) {
        fprintf(stderr, "%s is not set; run these tests by: make db api\n", roles[role].variable);
        exit(1);
    }
    return address;
}

struct db_pool *pg_pool(enum pg_role role)
{
    if (pools[role] == NULL)
        pools[role] = db_pool_new(pg_address(role), 8);
    return pools[role];
}

void pg_use(enum pg_role role, const char *address)
{
    db_pool_free(pools[role]);
    pools[role] = address == NULL ? NULL : db_pool_new(address, 8);
}

struct ctx *pg_ctx(enum pg_role role, const char *tenant_id)
{
    struct ctx *c = ctx_new(MIB(64), pg_pool(role));

    c->tenant_id = text_dup(c->mem, tenant_id);
    return c;
}

void ok(struct ctx *c, rc_t rc)
{
    if (rc != OK)
        fail_msg("%s: %s", c->fault.code, c->fault.detail);
}

int pg_start(void **state)
{
    (void)state;
    if (conf_load(0) != OK)
        return 1;
    /* Passwords are hashed as fast as the settings allow. */
    conf_set(CONF_argon2_mib, "8");
    conf_set(CONF_argon2_passes, "1");
    crypto_start();

    struct ctx *c = pg_ctx(PG_OWNER, NULL);
    rc_t rc = seed_run(c);

    if (rc != OK)
        fprintf(stderr, "the seed: %s\n", c->fault.detail);
    ctx_end(c);
    return rc == OK ? 0 : 1;
}

int pg_stop(void **state)
{
    (void)state;
    for (int i = 0; i < PG_ROLES; i++) {
        db_pool_free(pools[i]);
        pools[i] = NULL;
    }
    return 0;
}

static void no_notice(void *arg, const PGresult *r)
{
    (void)arg;
    (void)r;
}

PGconn *pg_open_at(const char *address)
{
    PGconn *conn = PQconnectdb(address);

    if (PQstatus(conn) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(conn));
    PQsetNoticeReceiver(conn, no_notice, NULL);
    return conn;
}

PGconn *pg_open(enum pg_role role)
{
    return pg_open_at(pg_address(role));
}

static PGresult *run(PGconn *conn, const char *format, va_list args)
{
    char *sql = NULL;

    if (vasprintf(&sql, format, args) < 0)
        abort();

    PGresult *r = PQexec(conn, sql);

    free(sql);
    return r;
}

static PGresult *must(PGconn *conn, const char *format, va_list args)
{
    PGresult *r = run(conn, format, args);

    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", format, PQerrorMessage(conn));
    return r;
}

void pg_do(PGconn *conn, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    PQclear(must(conn, format, args));
    va_end(args);
}

const char *pg_get(struct arena *mem, PGconn *conn, const char *format, ...)
{
    va_list args;

    va_start(args, format);

    PGresult *r = must(conn, format, args);
    const char *value = NULL;

    va_end(args);
    if (PQntuples(r) > 0 && !PQgetisnull(r, 0, 0))
        value = text_dup(mem, PQgetvalue(r, 0, 0));
    PQclear(r);
    return value;
}

int64_t pg_count(PGconn *conn, const char *format, ...)
{
    va_list args;
    int64_t n = -1;

    va_start(args, format);

    PGresult *r = must(conn, format, args);

    va_end(args);
    if (PQntuples(r) != 1 || text_int(PQgetvalue(r, 0, 0), &n) != OK)
        fail_msg("no number: %s", format);
    PQclear(r);
    return n;
}

static char why[500];

const char *pg_try(PGconn *conn, const char *format, ...)
{
    static char state[6];
    bool inside = PQtransactionStatus(conn) == PQTRANS_INTRANS;
    va_list args;

    if (inside)
        pg_do(conn, "SAVEPOINT trial");
    va_start(args, format);

    PGresult *r = run(conn, format, args);

    va_end(args);

    const char *found = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    snprintf(state, sizeof(state), "%s", found == NULL ? "00000" : found);
    snprintf(why, sizeof(why), "%s", PQresultErrorMessage(r));
    PQclear(r);
    if (inside)
        pg_do(conn, "ROLLBACK TO SAVEPOINT trial");
    return state;
}

const char *pg_why(void)
{
    return why;
}

static const char *person_new(struct ctx *c, const char *role)
{
    const char *id = id_new(c->mem);

    ok(c, person_add(c, id, "Somebody", text_printf(c->mem, "%s@example.org", id), "no hash"));
    ok(c, membership_add(c, id, role));
    return id;
}

struct place place_new(struct arena *mem)
{
    struct ctx *c = pg_ctx(PG_WEB, NULL);
    const char *tenant_id = id_new(mem);
    struct employee *staff;
    size_t count;

    ok(c, tenant_add(c, tenant_id, text_printf(mem, "Company %.13s", tenant_id)));

    const char *person_id = person_new(c, "admin");

    ok(c, employee_list(c, NULL, &(struct page){.most = 10}, &staff, &count));
    assert_true(count > 0);
    ok(c, db_commit(c));

    struct place at = {tenant_id, text_dup(mem, person_id), text_dup(mem, staff[0].id)};

    ctx_end(c);
    return at;
}

const char *place_person(struct arena *mem, const struct place *at, const char *role)
{
    struct ctx *c = pg_ctx(PG_WEB, at->tenant_id);
    const char *id = text_dup(mem, person_new(c, role));

    ok(c, db_commit(c));
    ctx_end(c);
    return id;
}

const char *address_with(struct arena *mem, enum pg_role role, const char *settings)
{
    /* libpq takes the later of two settings of one name */
    return text_printf(mem, "%s %s", pg_address(role), settings);
}

const char *scratch_new(struct arena *mem)
{
    static int number;
    const char *name = text_printf(mem, "scratch_%d_%d", (int)getpid(), ++number);
    PGconn *super = pg_open(PG_SUPER);

    pg_do(super, "CREATE DATABASE %s", name);
    PQfinish(super);
    super = pg_open_at(address_with(mem, PG_SUPER, text_printf(mem, "dbname=%s", name)));
    pg_do(super, "%s", embedded_bootstrap[0].start);
    PQfinish(super);
    return name;
}

void scratch_drop(const char *name)
{
    PGconn *super = pg_open(PG_SUPER);

    pg_do(super, "DROP DATABASE %s WITH (FORCE)", name);
    PQfinish(super);
}
