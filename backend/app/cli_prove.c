/*
 * konstruct prove isolation: makes a database of its own, migrates and fills it, proves, and drops
 * it again, whatever happened.
 */
#include "app/cli_prove.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/embedded.h"
#include "base/id.h"
#include "core/migration.h"
#include "flow/live.h"
#include "io/db.h"

#define PREFIX "konstruct_proof_"

const char *const prove_roles[PROVE_ROLES] = {"viewer", "member", "manager", "admin"};

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
    (void)number;
    stop_asked = 1;
}

rc_t prove_go_on(struct ctx *c)
{
    return stop_asked ? ctx_fail(c, E_TIMEOUT, "stopped", "Stopped before the proof was complete.")
                      : OK;
}

json_t *prove_part(struct prove *p, const char *name, const char *about)
{
    json_t *part = json_pack("{s:s, s:s, s:i, s:[]}", "name", name, "about", about, "checked", 0,
                             "findings");

    json_array_append_new(json_object_get(p->report, "parts"), part);
    return part;
}

void prove_checked(json_t *part, size_t more)
{
    json_int_t before = json_integer_value(json_object_get(part, "checked"));

    json_object_set_new(part, "checked", json_integer(before + (json_int_t)more));
}

void prove_finding(struct prove *p, json_t *part, const char *text)
{
    json_array_append_new(json_object_get(part, "findings"), json_string(text));
    p->broken = true;
}

void prove_hole(struct prove *p, const char *name, const char *by, const char *said)
{
    json_array_append_new(
        json_object_get(p->report, "holes"),
        json_pack("{s:s, s:s?, s:s?}", "hole", name, "noticed_by", by, "said", said));
    p->broken |= by == NULL;
}

/* With another database: libpq takes the later of two settings of one name. */
static const char *with_database(struct arena *mem, const char *address, const char *name)
{
    if (strstr(address, "://") == NULL)
        return text_printf(mem, "%s dbname=%s", address, name);
    return text_printf(mem, "%s%cdbname=%s", address, strchr(address, '?') == NULL ? '?' : '&',
                       name);
}

static const struct stmt q_admin = {
    "prove_admin",
    "SELECT rolsuper::int, current_setting('server_version'),"
    " pg_try_advisory_lock(7213004502)::int FROM pg_roles WHERE rolname = current_user"};
static const struct stmt q_left = {
    "prove_left", "SELECT datname FROM pg_database WHERE datname ~ '^" PREFIX "[0-9a-f]+$'"};

/* Whether this is a superuser, and nobody else is proving; what killed proofs left is dropped. */
static rc_t admin_check(struct ctx *home, const char **version)
{
    struct db_rows rows;

    TRY(db_rows(home, &q_admin, NO_ARGS, &rows));
    if (rows.count == 0 || db_int(&rows, 0, 0) == 0)
        return ctx_fail(home, E_FORBIDDEN, "not_superuser",
                        "The proof needs a superuser of PostgreSQL: it makes a database of its "
                        "own, becomes each role in it, and takes protections away one at a time. "
                        "Name one with --admin 'host=... user=postgres dbname=postgres'.");
    if (db_int(&rows, 0, 2) == 0)
        return ctx_fail(home, E_CONFLICT, "proof_runs",
                        "Another proof is running on this server; wait until it is through.");
    *version = text_dup(home->mem, db_text(&rows, 0, 1));
    TRY(db_rows(home, &q_left, NO_ARGS, &rows));
    TRY(db_commit(home));
    for (int i = 0; i < rows.count; i++)
        TRY(db_script(home, text_printf(home->mem, "DROP DATABASE IF EXISTS %s WITH (FORCE)",
                                        db_text(&rows, i, 0))));
    return OK;
}

static void untold(const char *name)
{
    (void)name;
}

/* An error of another context becomes that of the proof. */
static rc_t pass_on(struct ctx *c, struct ctx *from, rc_t rc)
{
    if (rc != OK)
        rc = ctx_fail(c, rc, from->fault.code, "%s", from->fault.detail);
    cli_end(from);
    return rc;
}

static rc_t migrate(struct ctx *c, const char *name)
{
    struct ctx *owner = ctx_new(
        MIB(64), db_pool_new(with_database(c->mem, conf_text(CONF_db_owner), name), 1));
    int applied;
    rc_t rc = migration_run(owner, untold, &applied);

    if (rc == OK)
        rc = seed_run(owner);
    return pass_on(c, owner, rc);
}

/* gate.sql is one statement, which becomes a function; the other files define functions. */
static rc_t load_functions(struct ctx *c)
{
    for (const struct embedded *file = embedded_isolation; file->name != NULL; file++) {
        const char *sql = file->start;

        if (text_is(file->name, "gate.sql"))
            sql = text_printf(c->mem,
                              "CREATE FUNCTION pg_temp.isolation_gate() RETURNS TABLE (finding "
                              "text, object text, why text) LANGUAGE sql AS $gate$\n%s\n$gate$",
                              sql);
        TRY(db_script(c, sql));
    }
    return OK;
}

/* What the handlers need of the settings; nothing here leaves this process. */
static void settings_for_proof(struct arena *mem)
{
    const char *random = text_printf(mem, "%s%s", id_new(mem), id_new(mem));

    conf_set(CONF_argon2_mib, "8");
    conf_set(CONF_argon2_passes, "1");
    conf_set(CONF_metrics_token, random);
    conf_set(CONF_web_key, random);
    live_start(NULL);
}

static rc_t prove_all(struct prove *p)
{
    TRY(load_functions(p->c));
    TRY(prove_fill(p));
    TRY(prove_catalogue(p));
    TRY(prove_rows(p));
    TRY(prove_routes(p));
    TRY(prove_export(p));
    /* Where there is a hole already, that one would be what notices the next. */
    if (p->broken)
        return OK;
    TRY(prove_holes(p));
    TRY(prove_export_hole(p));
    return prove_route_holes(p);
}

static void drop_json(void *thing)
{
    json_decref(thing);
}

static rc_t prove_in(struct ctx *home, const char *admin, const char *name, const char *version,
                     struct prove *p)
{
    const char *web = with_database(home->mem, conf_text(CONF_db_web), name);

    *p = (struct prove){
        .c = ctx_new(MIB(512), db_pool_new(with_database(home->mem, admin, name), 1)),
        .web = db_pool_new(web, 4),
        .group = db_batch_new(web)};
    p->report = json_pack("{s:s, s:i, s:I, s:s, s:[], s:[], s:[], s:[]}", "report",
                          "konstruct isolation", "format", 1, "made_at", (json_int_t)clock_s(),
                          "postgresql", version, "parts", "tables", "routes", "holes");
    arena_on_end(p->c->mem, drop_json, p->report);
    settings_for_proof(p->c->mem);
    TRY(db_script(p->c, embedded_bootstrap[0].start));
    TRY(migrate(p->c, name));
    return prove_all(p);
}

/* A database that is not migrated has no place for it, which takes nothing from the proof. */
static void keep(const struct prove *p)
{
    struct ctx *owner = cli_ctx(conf_text(CONF_db_owner), "KONSTRUCT_DB_OWNER");

    if (prove_keep(p, owner) == OK)
        printf("It can be read in the portal by each tenant's admin.\n");
    else
        printf("It was not kept for the portal: %s. Has this database been migrated?\n",
               owner->fault.detail);
    cli_end(owner);
}

static int tell(struct prove *p, rc_t rc, const char *path, int64_t began_ms)
{
    const char *page;

    if (rc != OK)
        return cli_fault(p->c);
    json_object_set_new(p->report, "seconds", json_integer((clock_mono_ms() - began_ms) / 1000));
    prove_finish(p);
    prove_say(p);
    keep(p);
    if (path != NULL && !prove_write(p, path, &page)) {
        perror(path);
        return 1;
    }
    if (path != NULL)
        printf("The report is in %s, readable in %s.\n", path, page);
    return p->broken ? 1 : 0;
}

static int prove_isolation(struct ctx *home, const char *admin, const char *path)
{
    const char *version, *name = text_printf(home->mem, PREFIX "%.8s%.4s", id_new(home->mem),
                                             id_new(home->mem) + 24);
    int64_t began_ms = clock_mono_ms();
    struct prove p;

    if (admin_check(home, &version) != OK)
        return cli_fault(home);
    if (db_script(home, text_printf(home->mem, "CREATE DATABASE %s", name)) != OK)
        return cli_fault(home);

    int code = tell(&p, prove_in(home, admin, name, version, &p), path, began_ms);

    db_batch_free(p.group);
    db_pool_free(p.web);
    cli_end(p.c);
    live_stop();
    if (db_script(home, text_printf(home->mem, "DROP DATABASE %s WITH (FORCE)", name)) != OK)
        return cli_fault(home);
    return code;
}

int cmd_prove(int argc, char **argv)
{
    const char *admin = cli_option(argc, argv, "--admin"), *what = cli_word(argc, argv, 0);
    struct sigaction stop = {.sa_handler = on_signal};

    if (!text_is(what, "isolation")) {
        fprintf(stderr, "konstruct prove isolation [--admin CONNINFO] [--report FILE.json]\n");
        return 2;
    }
    if (!cli_settings())
        return 2;
    admin = admin == NULL ? getenv("KONSTRUCT_DB_SUPER") : admin;
    if (admin == NULL || conf_text(CONF_db_owner) == NULL || conf_text(CONF_db_web) == NULL) {
        fprintf(stderr,
                "The proof needs three ways into PostgreSQL: a superuser (--admin 'host=... "
                "user=postgres dbname=postgres', or KONSTRUCT_DB_SUPER), who makes a database "
                "for it and drops it again, KONSTRUCT_DB_OWNER and KONSTRUCT_DB_WEB. Not set: "
                "%s%s%s\n",
                admin == NULL ? "--admin " : "",
                conf_text(CONF_db_owner) == NULL ? "KONSTRUCT_DB_OWNER " : "",
                conf_text(CONF_db_web) == NULL ? "KONSTRUCT_DB_WEB" : "");
        return 2;
    }
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);

    struct ctx *home = cli_ctx(admin, "--admin");
    int code = prove_isolation(home, admin, cli_option(argc, argv, "--report"));

    cli_end(home);
    return code;
}
