/*
 * konstruct up: the whole of Konstruct on one machine with one command. It starts a private
 * PostgreSQL and Redis under .run/, migrates, seeds, starts web and worker, watches over them, and
 * stops them all when it is told to.
 */
#include "app/cli_up.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/conf.h"
#include "io/http.h"

#define MEMORY_MAX MIB(64)

enum when { ALWAYS, OWN_POSTGRES, POSTGRES_NEW, OWN_REDIS, PROGRAMS };

static const struct step {
    const char *text;
    enum when when;
    rc_t (*run)(struct up *u);
} steps[] = {
    {"folders", ALWAYS, up_folders},
    {"processes left by an earlier start", ALWAYS, up_leftovers},
    {"address", PROGRAMS, up_port},
    {"keys", ALWAYS, up_keys},
    {"certificate for localhost", PROGRAMS, up_certificate},
    {"PostgreSQL: making its files (once)", POSTGRES_NEW, up_postgres_make},
    {"PostgreSQL", OWN_POSTGRES, up_postgres_start},
    {"PostgreSQL: database and roles", OWN_POSTGRES, up_postgres_roles},
    {"Redis", OWN_REDIS, up_redis_start},
    {"settings for commands in this folder", ALWAYS, up_settings},
    {"migrations", ALWAYS, up_migrate},
    {"templates and prices", ALWAYS, up_seed},
    {"web and worker", PROGRAMS, up_serve},
    {"waiting until all is ready", PROGRAMS, up_ready},
};

bool up_step_begin(const struct up *u, const char *text)
{
    if (!u->quiet) {
        printf("  %-44s", text);
        fflush(stdout);
    }
    return !u->quiet;
}

void up_step_end(const struct up *u, int64_t began_ms, bool good)
{
    if (!u->quiet) {
        printf(good ? "%6.1f s\n" : " failed\n", (double)(up_now_ms() - began_ms) / 1000);
        fflush(stdout);
    }
}

static bool is_due(struct up *u, enum when when)
{
    switch (when) {
    case ALWAYS:
        return true;
    case OWN_POSTGRES:
        return u->own_postgres;
    case POSTGRES_NEW:
        return u->own_postgres && !up_postgres_is_made(u);
    case OWN_REDIS:
        return u->own_redis;
    case PROGRAMS:
        return !u->only_data;
    }
    return false;
}

static rc_t run_steps(struct up *u)
{
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        int64_t began = up_now_ms();

        if (!is_due(u, steps[i].when))
            continue;
        up_step_begin(u, steps[i].text);

        rc_t rc = steps[i].run(u);

        up_step_end(u, began, rc == OK);
        TRY(rc);
        if (u->stop)
            return ctx_fail(u->c, E_TIMEOUT, "up_stopped", "stopped before it was ready");
    }
    return OK;
}

static void greet(const struct up *u)
{
    double seconds = (double)(up_now_ms() - u->began_ms) / 1000;

    if (u->quiet || u->then != NULL)
        return;
    if (u->only_data) {
        printf("\nKonstruct is ready after %.1f s, without web and worker: %s/konstruct.conf\n",
               seconds, u->run);
        fflush(stdout);
        return;
    }
    printf("\nKonstruct is ready after %.1f s:  %s\n\n", seconds, conf_text(CONF_public_url));
    printf("  1. Open it in a browser. Its certificate was made on this machine, so the browser "
           "asks once: go on.\n"
           "  2. Sign up: that makes your company and you its administrator.\n"
           "  3. Ask Mara, your first employee. She answers without any account or key.\n\n"
           "  In another terminal:  %s/konstruct chat     talk to her there\n"
           "                        %s/konstruct doctor   checks everything, says what to do\n"
           "  Logs: %s/log          Stop: Ctrl-C\n\n",
           u->bin, u->bin, u->run);
    fflush(stdout);
}

static void take_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static rc_t find_programs(struct up *u)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (len <= 0)
        return ctx_fail(u->c, E_INTERNAL, "up_self",
                        "can't find the folder of this program; is /proc mounted?");
    path[len] = '\0';
    *strrchr(path, '/') = '\0';
    u->bin = text_dup(u->c->mem, path);
    for (size_t i = 0; i < 2 && !u->only_data; i++) {
        const char *program = text_printf(u->c->mem, "%s/konstruct-%s", u->bin,
                                          i == 0 ? "web" : "worker");

        if (access(program, X_OK) != 0)
            return ctx_fail(u->c, E_INVALID, "up_tool", "%s is missing; build it with: make build",
                            program);
    }
    return OK;
}

static int usage(void)
{
    fputs("konstruct up [--dir DIR] [--port N] [--quiet] [--data-only] [--throw-away] [-- COMMAND "
          "...]\n"
          "  --dir DIR      where everything lies (default .run)\n"
          "  --port N       instead of the port in KONSTRUCT_LISTEN; 0 takes a free one\n"
          "  --quiet        no progress lines\n"
          "  --data-only    PostgreSQL and Redis, migrated, but no web and no worker\n"
          "  --throw-away   faster, and a power cut may lose the data: for tests\n"
          "  -- COMMAND     run it once all is ready, with the instance in its environment; end "
          "with its exit code\n",
          stderr);
    return 2;
}

static bool read_options(struct up *u, int argc, char **argv)
{
    static const struct option options[] = {
        {"dir", required_argument, NULL, 'd'},  {"port", required_argument, NULL, 'p'},
        {"quiet", no_argument, NULL, 'q'},      {"data-only", no_argument, NULL, 'o'},
        {"throw-away", no_argument, NULL, 't'}, {NULL, 0, NULL, 0},
    };
    int64_t port;

    for (int got; (got = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
        switch (got) {
        case 'd':
            u->dir_wanted = optarg;
            break;
        case 'p':
            u->port_wanted = optarg;
            break;
        case 'q':
            u->quiet = true;
            break;
        case 'o':
            u->only_data = true;
            break;
        case 't':
            u->throw_away = true;
            break;
        default:
            return false;
        }
    }
    if (optind < argc)
        u->then = (const char *const *)argv + optind;
    return u->port_wanted == NULL ||
           (text_int(u->port_wanted, &port) == OK && port >= 0 && port <= 65535);
}

/* The file that an earlier start left in .run must not come back as if somebody had wished it. */
static rc_t read_settings(struct up *u)
{
    if (getenv("KONSTRUCT_CONF") == NULL)
        setenv("KONSTRUCT_CONF",
               access("konstruct.conf", F_OK) == 0 ? "konstruct.conf" : "/dev/null", 1);
    if (conf_load(0) != OK)
        return ctx_fail(u->c, E_INVALID, "up_settings",
                        "mend the settings named above and start again");
    u->own_postgres = conf_text(CONF_db_web) == NULL && conf_text(CONF_db_worker) == NULL;
    u->own_redis = conf_text(CONF_redis_url) == NULL;
    return OK;
}

static rc_t begin(struct up *u)
{
    TRY(read_settings(u));
    TRY(find_programs(u));
    if (!u->quiet)
        puts("Konstruct starts:");
    TRY(run_steps(u));
    up_note_address(u);
    return OK;
}

int cmd_up(int argc, char **argv)
{
    struct up u = {
        .c = ctx_new(MEMORY_MAX, NULL), .dir_wanted = ".run", .lock = -1, .began_ms = up_now_ms()};
    int code = 1;

    if (!read_options(&u, argc, argv))
        return usage();
    take_signals();
    http_start();
    if (begin(&u) == OK) {
        greet(&u);
        code = up_watch(&u);
    } else {
        fprintf(stderr, "\nkonstruct up: %s\n", u.c->fault.detail);
    }
    up_stop_all(&u);
    http_stop();
    ctx_end(u.c);
    return code;
}
