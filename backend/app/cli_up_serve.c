/*
 * Our own programs under `konstruct up`: migrate, seed, web and worker; and the watch over all
 * children.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/cli_up.h"
#include "base/conf.h"
#include "io/http.h"

#define READY_LIMIT_MS 60000
#define QUICK_MS 15000
#define BACKOFF_MOST_MS 30000
#define DEATHS_TO_TELL 3
#define LOOK_AT_LOGS_MS 60000
#define COMMAND_PATIENCE_MS 10000

static const char *own_program(struct up *u, const char *name)
{
    return text_printf(u->c->mem, "%s/%s", u->bin, name);
}

static rc_t run_own(struct up *u, const char *name)
{
    const char *const argv[] = {own_program(u, "konstruct"), name, NULL};

    return up_run(u, &(struct command){.name = name,
                                       .argv = argv,
                                       .env = up_environment(u, UP_FOR_COMMAND),
                                       .end_signal = SIGTERM});
}

rc_t up_migrate(struct up *u)
{
    return run_own(u, "migrate");
}

rc_t up_seed(struct up *u)
{
    return run_own(u, "seed");
}

static rc_t start_web(struct up *u)
{
    const char *const argv[] = {own_program(u, "konstruct-web"), NULL};

    return up_start_child(u, UP_WEB,
                          &(struct command){.name = "web",
                                            .argv = argv,
                                            .env = up_environment(u, UP_FOR_WEB),
                                            .end_signal = SIGTERM});
}

static rc_t start_worker(struct up *u)
{
    const char *const argv[] = {own_program(u, "konstruct-worker"), NULL};

    return up_start_child(u, UP_WORKER,
                          &(struct command){.name = "worker",
                                            .argv = argv,
                                            .env = up_environment(u, UP_FOR_WORKER),
                                            .end_signal = SIGTERM});
}

rc_t up_serve(struct up *u)
{
    TRY(start_worker(u));
    return start_web(u);
}

static rc_t child_gone(struct up *u, enum up_child which, int status)
{
    const char *tail = up_log_tail(u, up_child_name(which));

    return ctx_fail(u->c, E_INTERNAL, "up_program", "konstruct-%s %s; the end of %s:%s",
                    up_child_name(which), up_ending(u, status),
                    up_log_path(u, up_child_name(which)), tail != NULL ? tail : " empty");
}

/* One look at /readyz; false while nobody answers or the answer is not 200. */
static bool ask_ready(struct up *u, const char **said)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    struct http_answer answer = {0};
    const char *host = conf_text(CONF_listen), *colon = strrchr(host, ':');
    struct http_ask ask = {
        .method = "GET", .ca_file = conf_text(CONF_tls_cert), .connect_ms = 1000, .total_ms = 5000};

    /*
     * The certificate of `up` names localhost; an operator's own names the host that is listened
     * on.
     */
    bool own = text_starts(ask.ca_file, u->run);

    ask.url = own ? text_printf(c->mem, "https://localhost%s/readyz", colon)
                  : text_printf(c->mem, "https://%s/readyz", host);

    bool ready = http_call(c, &ask, &answer) == OK && answer.status == 200;

    if (!ready)
        *said = text_dup(u->c->mem,
                         answer.status != 0
                             ? text_printf(c->mem, "%d %.500s", answer.status, answer.body.data)
                             : c->fault.detail);
    ctx_end(c);
    return ready;
}

rc_t up_ready(struct up *u)
{
    int64_t limit = up_now_ms() + READY_LIMIT_MS;
    const char *said = "";
    int status, wait = 10;

    while (!ask_ready(u, &said)) {
        if (u->stop)
            return ctx_fail(u->c, E_TIMEOUT, "up_stopped", "stopped before it was ready");
        for (int i = 0; i < UP_CHILDREN; i++)
            if (u->children[i].pid != 0 && up_child_ended(u, (enum up_child)i, &status))
                return child_gone(u, (enum up_child)i, status);
        if (up_now_ms() > limit)
            return ctx_fail(
                u->c, E_TIMEOUT, "up_not_ready",
                "not ready after a minute (%s); see the files in %s/log, or run konstruct doctor",
                said, u->run);
        up_pause(u, wait);
        wait = wait < 100 ? wait + 10 : wait;
    }
    return OK;
}

static rc_t start_again(struct up *u, enum up_child which)
{
    switch (which) {
    case UP_POSTGRES:
        return up_postgres_start(u);
    case UP_REDIS:
        return up_redis_start(u);
    case UP_WORKER:
        return start_worker(u);
    case UP_WEB:
        return start_web(u);
    case UP_CHILDREN:
        break;
    }
    abort();
}

/*
 * The first restart comes at once, later ones ever later; one that lived for a while begins anew.
 */
static int64_t plan_restart(struct child *child)
{
    int64_t now = up_now_ms(), wait = 0;

    child->quick_deaths = now - child->since_ms < QUICK_MS ? child->quick_deaths + 1 : 0;
    for (int i = 1; i < child->quick_deaths && wait < BACKOFF_MOST_MS; i++)
        wait = wait == 0 ? 500 : wait * 2;
    if (wait > BACKOFF_MOST_MS)
        wait = BACKOFF_MOST_MS;
    child->restart_at_ms = now + wait;
    return wait;
}

static void tell_death(struct up *u, enum up_child which, int status, int64_t wait_ms)
{
    const char *name = up_child_name(which);

    fprintf(stderr, "  %s %s; starting it again", name, up_ending(u, status));
    if (wait_ms > 0)
        fprintf(stderr, " in %.1f s", (double)wait_ms / 1000);
    fputc('\n', stderr);
    if (u->children[which].quick_deaths >= DEATHS_TO_TELL) {
        const char *tail = up_log_tail(u, name);

        fprintf(stderr, "  %s keeps ending; the last lines of %s:%s\n", name, up_log_path(u, name),
                tail != NULL ? tail : " empty");
    }
}

static void tend(struct up *u, enum up_child which)
{
    struct child *child = &u->children[which];
    int status;

    if (child->pid != 0 && up_child_ended(u, which, &status))
        tell_death(u, which, status, plan_restart(child));
    if (child->pid == 0 && child->restart_at_ms != 0 && up_now_ms() >= child->restart_at_ms) {
        child->restart_at_ms = 0;
        if (start_again(u, which) != OK && !u->stop) {
            fprintf(stderr, "  %s\n", u->c->fault.detail);
            plan_restart(child);
        }
    }
}

static void tend_all(struct up *u)
{
    /* A memory of its own each time: the watch may last for months. */
    struct ctx *whole = u->c;

    u->c = ctx_new(MIB(8), NULL);
    for (int i = 0; i < UP_CHILDREN; i++)
        tend(u, (enum up_child)i);
    ctx_end(u->c);
    u->c = whole;
}

static rc_t start_command(struct up *u, pid_t *pid)
{
    *pid = 0;
    if (u->then == NULL)
        return OK;
    return up_spawn(u,
                    &(struct command){.name = "command",
                                      .argv = u->then,
                                      .env = up_environment(u, UP_FOR_COMMAND),
                                      .foreground = true,
                                      .end_signal = SIGTERM},
                    pid);
}

/* As a shell would say it. */
static int exit_code(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int stop_command(struct up *u, pid_t pid)
{
    int64_t limit = up_now_ms() + COMMAND_PATIENCE_MS;
    int status = 0;

    kill(pid, SIGTERM);
    while (waitpid(pid, &status, WNOHANG) == 0) {
        up_pause(u, 100);
        if (u->hurry || up_now_ms() > limit)
            kill(pid, SIGKILL);
    }
    return exit_code(status);
}

int up_watch(struct up *u)
{
    int64_t logs_at = up_now_ms() + LOOK_AT_LOGS_MS;
    int status = 0;
    pid_t command;

    if (start_command(u, &command) != OK) {
        fprintf(stderr, "%s\n", u->c->fault.detail);
        return 1;
    }
    while (!u->stop) {
        if (command != 0 && waitpid(command, &status, WNOHANG) == command) {
            if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
                fprintf(stderr, "konstruct up: %s can't be started\n", u->then[0]);
            return exit_code(status);
        }
        tend_all(u);
        if (up_now_ms() > logs_at) {
            up_logs_bound(u);
            logs_at = up_now_ms() + LOOK_AT_LOGS_MS;
        }
        up_pause(u, 500);
    }
    return command != 0 ? stop_command(u, command) : 0;
}
