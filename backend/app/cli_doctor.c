/*
 * konstruct doctor: looks at everything that must be right, and says what to do about what is not.
 */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/conf.h"
#include "core/job.h"
#include "core/migration.h"
#include "flow/embed_built_in.h"
#include "io/db.h"
#include "io/http.h"
#include "io/redis.h"

#define OLDEST_READY_S 60
#define DISK_LEAST_MIB 500

static int faults;

static void good(const char *what, const char *detail)
{
    printf("  ok     %-22s %s\n", what, detail);
}

static void bad(const char *what, const char *detail, const char *todo)
{
    faults++;
    printf("  FAULT  %-22s %s\n         %-22s -> %s\n", what, detail, "", todo);
}

static void check_role(const char *what, const char *conninfo, const char *env, bool must_be_weak)
{
    struct ctx *c;

    if (conninfo == NULL) {
        bad(what, "not set", env);
        return;
    }
    c = ctx_new(MIB(1), db_pool_new(conninfo, 1));

    rc_t rc = db_check_role(c);

    if (rc == OK || (!must_be_weak && rc == E_FORBIDDEN))
        good(what, "reachable, role as it should be");
    else
        bad(what, c->fault.detail,
            rc == E_FORBIDDEN ? "connect as the role named in docs/operators.md"
                              : "is PostgreSQL running, and the address right?");
    cli_end(c);
}

static void check_schema(void)
{
    struct ctx *c;
    bool current = false;

    if (conf_text(CONF_db_worker) == NULL)
        return;
    c = ctx_new(MIB(1), db_pool_new(conf_text(CONF_db_worker), 1));
    if (migration_current(c, &current) == OK && current)
        good("schema", "up to date");
    else
        bad("schema", "migrations are missing, or the database is newer than this program",
            "run: konstruct migrate");
    cli_end(c);
}

static void check_redis(void)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct redis *r = redis_new(conf_text(CONF_redis_url));

    if (redis_do(c, r, REDIS_WORDS(BYTES("PING")), NULL, NULL) == OK)
        good("Redis", "answers");
    else
        bad("Redis", c->fault.detail,
            "start it, or mend REDIS_URL; without it everything works, only slower");
    redis_free(r);
    ctx_end(c);
}

static void check_file(const char *what, const char *path)
{
    if (path != NULL && access(path, R_OK) == 0)
        good(what, path);
    else
        bad(what, path == NULL ? "not set" : path,
            "name a file in PEM form that the web process can read");
}

static void check_web(void)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    const char *url = conf_text(CONF_public_url);
    struct http_ask ask = {.method = "GET",
                           .url = text_printf(c->mem, "https://%s/readyz", conf_text(CONF_listen)),
                           .ca_file = conf_text(CONF_tls_cert),
                           .total_ms = 5000};
    struct http_answer answer;

    if (http_call(c, &ask, &answer) != OK)
        bad("web process", c->fault.detail, "start konstruct-web (make run starts everything)");
    else if (answer.status == 200)
        good("web process", url == NULL ? conf_text(CONF_listen) : url);
    else
        bad("web process",
            text_printf(c->mem, "not ready (%d): %s", answer.status, answer.body.data),
            "mend what it names; it recovers by itself");
    ctx_end(c);
}

static const struct stmt q_oldest = {
    "doctor_oldest",
    "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(run_at))::bigint, 0)"
    " FROM job WHERE state = 'ready' AND run_at <= clock_timestamp()"};

static void check_worker(void)
{
    struct ctx *c;
    struct db_rows rows;

    if (conf_text(CONF_db_dispatch) == NULL)
        return;
    c = ctx_new(MIB(1), db_pool_new(conf_text(CONF_db_dispatch), 1));
    if (db_rows(c, &q_oldest, NO_ARGS, &rows) != OK)
        bad("worker", c->fault.detail, "the database must be mended first");
    else if (db_int(&rows, 0, 1) > OLDEST_READY_S)
        bad("worker",
            text_printf(c->mem, "%lld jobs wait, the oldest for %lld s",
                        (long long)db_int(&rows, 0, 0), (long long)db_int(&rows, 0, 1)),
            "start konstruct-worker, or more of them");
    else
        good("worker", text_printf(c->mem, "%lld jobs wait", (long long)db_int(&rows, 0, 0)));
    cli_end(c);
}

static void check_model(const char *what, const char *url, const char *env)
{
    struct ctx *c;
    struct http_answer answer;

    if (url == NULL)
        return;
    c = ctx_new(MIB(4), NULL);
    struct http_ask ask = {.method = "GET", .url = url, .total_ms = 5000};

    if (http_call(c, &ask, &answer) == OK)
        good(what, url);
    else
        bad(what, c->fault.detail, text_printf(c->mem, "mend %s, or start the server there", env));
    ctx_end(c);
}

static void check_embedding(void)
{
    struct ctx *c = ctx_new(MIB(1), NULL);

    if (embed_built_in_open(c) == OK)
        good("embedding model", "built in");
    else
        bad("embedding model", c->fault.detail,
            "run scripts/install, or name its folder in KONSTRUCT_EMBED_DIR");
    ctx_end(c);
}

static void check_disk(void)
{
    struct statvfs fs;
    char text[80];

    if (statvfs(".", &fs) != 0)
        return;

    unsigned long long free_mib = (unsigned long long)fs.f_bavail * fs.f_frsize / MIB(1);

    snprintf(text, sizeof(text), "%llu MiB free", free_mib);
    if (free_mib >= DISK_LEAST_MIB)
        good("disk", text);
    else
        bad("disk", text, "make room: PostgreSQL stops when the disk is full");
}

int cmd_doctor(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    if (!cli_settings())
        return 2;
    good("settings", "well-formed");
    check_role("database as web", conf_text(CONF_db_web), "set DATABASE_URL or KONSTRUCT_DB_WEB",
               true);
    check_role("database as worker", conf_text(CONF_db_worker),
               "set DATABASE_URL or KONSTRUCT_DB_WORKER", true);
    check_role("database as dispatch", conf_text(CONF_db_dispatch),
               "set DATABASE_URL or KONSTRUCT_DB_DISPATCH", true);
    check_role("database as owner", conf_text(CONF_db_owner),
               "set DATABASE_URL or KONSTRUCT_DB_OWNER", false);
    check_schema();
    check_redis();
    check_file("TLS certificate", conf_text(CONF_tls_cert));
    check_file("TLS key", conf_text(CONF_tls_key));
    check_web();
    check_worker();
    check_model("OpenAI-style models", conf_text(CONF_openai_url), "KONSTRUCT_OPENAI_URL");
    check_model("Anthropic", conf_text(CONF_anthropic_url), "KONSTRUCT_ANTHROPIC_URL");
    check_model("Ollama", conf_text(CONF_ollama_url), "KONSTRUCT_OLLAMA_URL");
    check_embedding();
    check_disk();
    printf(faults == 0 ? "Everything is as it should be.\n"
                       : "%d faults. Mend them from the top down.\n",
           faults);
    return faults == 0 ? 0 : 1;
}
