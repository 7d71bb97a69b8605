/* Child processes of `konstruct up`: start, wait, stop in order, and their logs. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/cli_up.h"
#include "base/conf.h"

#define LOG_MAX ((off_t)MIB(32))
#define LOG_KEPT 4096
#define TAIL_LINES 12

/*
 * Who is told to end by which signal, and how long it has, a worker besides what the settings give
 * it for its turns; the web process goes first, so that nobody is promised anything.
 */
static const struct ending {
    enum up_child which;
    const char *name;
    int gentle, quick;
    int patience_ms;
} stop_order[] = {
    {UP_WEB, "web", SIGTERM, SIGKILL, 40000},
    {UP_WORKER, "worker", SIGTERM, SIGKILL, 15000},
    {UP_REDIS, "redis", SIGTERM, SIGKILL, 10000},
    {UP_POSTGRES, "postgres", SIGINT, SIGQUIT,
     60000}, /* fast shutdown, then without a checkpoint */
};

static const struct ending *ending_of(enum up_child which)
{
    for (size_t i = 0; i < COUNT_OF(stop_order); i++)
        if (stop_order[i].which == which)
            return &stop_order[i];
    abort();
}

const char *up_child_name(enum up_child which)
{
    return ending_of(which)->name;
}

int up_child_signal(enum up_child which)
{
    return ending_of(which)->gentle;
}

int64_t up_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void up_pause(struct up *u, int ms)
{
    sigset_t set;
    struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);

    int got = sigtimedwait(&set, NULL, &limit);

    if (got == SIGINT || got == SIGTERM || got == SIGHUP) {
        u->hurry = u->stop;
        u->stop = true;
    }
}

const char *up_log_path(struct up *u, const char *name)
{
    return text_printf(u->c->mem, "%s/log/%s.log", u->run, name);
}

/* In the child, between fork and exec: only calls that are safe there. Never returns. */
static void become(const struct up *u, const struct command *cmd, char **argv, int log,
                   pid_t parent)
{
    sigset_t none;
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (!cmd->foreground) {
        setsid();
        dup2(nothing, STDIN_FILENO);
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
    }
    if (cmd->as_service_user && geteuid() == 0) {
        if (setgroups(0, NULL) != 0 || setgid(u->gid) != 0 || setuid(u->uid) != 0 ||
            chdir(u->home) != 0)
            _exit(126);
    }
    /* After the change of user, which would clear it. */
    prctl(PR_SET_PDEATHSIG, cmd->end_signal);
    if (getppid() != parent)
        _exit(126);
    /*
     * What is ignored stays so across exec: by us a broken pipe, by a shell's background job
     * Ctrl-C.
     */
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvpe(argv[0], argv, cmd->env != NULL ? cmd->env : environ);
    _exit(127);
}

/* exec wants words that it could change. */
static char **words_of(struct up *u, const char *const *words)
{
    size_t count = 0;

    while (words[count] != NULL)
        count++;

    char **copy = arena_take(u->c->mem, (count + 1) * sizeof(*copy));

    for (size_t i = 0; i < count; i++)
        copy[i] = text_dup(u->c->mem, words[i]);
    return copy;
}

rc_t up_spawn(struct up *u, const struct command *cmd, pid_t *pid)
{
    char **argv = words_of(u, cmd->argv);
    const char *path = up_log_path(u, cmd->name);
    pid_t parent = getpid();
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (log < 0)
        return up_file_fail(u, "open", path);
    fflush(NULL);
    *pid = fork();
    if (*pid == 0)
        become(u, cmd, argv, log, parent);
    close(log);
    if (*pid < 0)
        return ctx_fail(u->c, E_INTERNAL, "up_fork", "%s can't be started: %s", cmd->argv[0],
                        strerror(errno));
    return OK;
}

const char *up_ending(struct up *u, int status)
{
    if (WIFSIGNALED(status))
        return text_printf(u->c->mem, "was killed by signal %d (%s)", WTERMSIG(status),
                           strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) == 127)
        return "could not be started: its program is missing";
    return text_printf(u->c->mem, "ended with code %d", WEXITSTATUS(status));
}

char *up_log_tail(struct up *u, const char *name)
{
    char *text = up_read(u, up_log_path(u, name));
    struct buf out = buf_new(u->c->mem, MIB(1));
    int lines = 0;

    if (text == NULL || text[0] == '\0')
        return NULL;

    char *at = text + strlen(text), *rest = NULL;

    while (at > text && (at[-1] != '\n' || lines++ < TAIL_LINES))
        at--;
    for (char *line = strtok_r(at, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        buf_printf(&out, "\n    %.400s", line);
    return text_dup(u->c->mem, buf_str(&out));
}

rc_t up_run(struct up *u, const struct command *cmd)
{
    int status = 0;
    bool told = false;

    if (truncate(up_log_path(u, cmd->name), 0) != 0 && errno != ENOENT)
        return up_file_fail(u, "empty", up_log_path(u, cmd->name));
    TRY(up_spawn(u, cmd, &u->step));
    up_note_children(u);
    while (waitpid(u->step, &status, WNOHANG) == 0) {
        up_pause(u, 1000);
        if (u->stop && !told)
            kill(u->step, SIGTERM);
        told = u->stop;
    }
    u->step = 0;
    up_note_children(u);
    if (u->stop)
        return ctx_fail(u->c, E_TIMEOUT, "up_stopped", "stopped before it was ready");
    if (status != 0) {
        const char *tail = up_log_tail(u, cmd->name);

        return ctx_fail(u->c, E_INTERNAL, "up_child", "%s %s.%s", cmd->argv[0],
                        up_ending(u, status), tail != NULL ? tail : " It said nothing.");
    }
    return OK;
}

rc_t up_start_child(struct up *u, enum up_child which, const struct command *cmd)
{
    struct child *child = &u->children[which];

    TRY(up_spawn(u, cmd, &child->pid));
    child->since_ms = up_now_ms();
    up_note_children(u);
    return OK;
}

bool up_child_ended(struct up *u, enum up_child which, int *status)
{
    struct child *child = &u->children[which];

    *status = 0;
    if (child->pid == 0)
        return true;
    if (waitpid(child->pid, status, WNOHANG) != child->pid)
        return false;
    child->pid = 0;
    up_note_children(u);
    return true;
}

static int64_t own_time_s(enum up_child which)
{
    return which == UP_WORKER ? conf_number(CONF_stop_seconds) : 0;
}

static void stop_one(struct up *u, const struct ending *how)
{
    struct child *child = &u->children[how->which];
    int64_t began = up_now_ms();
    int64_t limit = began + how->patience_ms + own_time_s(how->which) * 1000;
    bool quick = false;
    int status;

    kill(child->pid, how->gentle);
    while (!up_child_ended(u, how->which, &status)) {
        up_pause(u, 200);
        if (!quick && (u->hurry || up_now_ms() > limit)) {
            kill(child->pid, how->quick);
            quick = true;
            limit = up_now_ms() + 5000;
        } else if (quick && up_now_ms() > limit) {
            kill(child->pid, SIGKILL);
        }
    }
    up_step_end(u, began, true);
}

void up_stop_all(struct up *u)
{
    for (size_t i = 0; i < COUNT_OF(stop_order); i++) {
        if (u->children[stop_order[i].which].pid == 0)
            continue;

        const int64_t own_s = own_time_s(stop_order[i].which);

        const char *turns = text_printf(u->c->mem, " (%lld s for its turns)", (long long)own_s);

        up_step_begin(
            u, text_printf(u->c->mem, "stopping %s%s", stop_order[i].name, own_s > 0 ? turns : ""));
        stop_one(u, &stop_order[i]);
    }
}

/*
 * The children append to their files, so a file can be emptied under them; what it held is kept
 * once.
 */
static void bound(struct up *u, const char *name)
{
    const char *path = up_log_path(u, name);
    struct stat st;

    if (stat(path, &st) != 0 || st.st_size <= LOG_MAX)
        return;

    FILE *from = fopen(path, "re");
    FILE *to = fopen(text_printf(u->c->mem, "%s.1", path), "we");
    char piece[LOG_KEPT];
    size_t got;

    while (from != NULL && to != NULL && (got = fread(piece, 1, sizeof(piece), from)) > 0)
        if (fwrite(piece, 1, got, to) != got)
            break;
    if (from != NULL)
        fclose(from);
    if (to != NULL)
        fclose(to);
    if (truncate(path, 0) != 0)
        return;
}

void up_logs_turn(struct up *u)
{
    for (size_t i = 0; i < COUNT_OF(stop_order); i++) {
        const char *path = up_log_path(u, stop_order[i].name);

        /* An older log that stays where it is does no harm. */
        if (rename(path, text_printf(u->c->mem, "%s.1", path)) != 0)
            continue;
    }
}

void up_logs_bound(struct up *u)
{
    for (size_t i = 0; i < COUNT_OF(stop_order); i++)
        bound(u, stop_order[i].name);
}
