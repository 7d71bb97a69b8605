/*
 * What the files of `konstruct up` share: the run as a whole, its folders, and its child processes.
 * `up` is one thread; signals are blocked and taken where it waits (up_pause), so nothing happens
 * in between.
 */
#ifndef APP_CLI_UP_H
#define APP_CLI_UP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/ctx.h"

/*
 * In the order they are started; they are stopped from the first row of stop_order in cli_up_proc.c
 * on.
 */
enum up_child { UP_POSTGRES, UP_REDIS, UP_WORKER, UP_WEB, UP_CHILDREN };

struct child {
    pid_t pid; /* 0: not running */
    int64_t since_ms, restart_at_ms;
    int quick_deaths; /* in a row, each soon after its start */
};

struct up {
    struct ctx *c;
    const char *run; /* absolute path of .run */
    /* what the service user owns lies below: run itself, or a folder it can reach */
    const char *home;
    const char *sock; /* folder of the unix sockets */
    const char *bin;  /* folder of our own programs */
    const char *user; /* whom PostgreSQL and Redis run as */
    uid_t uid;
    gid_t gid;
    bool quiet;      /* no progress lines */
    bool only_data;  /* PostgreSQL and Redis, no web and worker */
    bool throw_away; /* nobody minds losing the data: no fsync */
    const char *dir_wanted, *port_wanted;
    const char *const *then; /* run this command once all is ready, and end with it */
    int lock;
    bool stop, hurry; /* asked to stop once, twice */
    bool own_postgres, own_redis;
    const char *superuser_db; /* conninfo of the private cluster's superuser */
    int64_t began_ms;
    struct child children[UP_CHILDREN];
    pid_t step; /* what up_run waits for; 0: nothing */
};

/* cli_up.c */
bool up_step_begin(const struct up *u, const char *text);
void up_step_end(const struct up *u, int64_t began_ms, bool good);

/* cli_up_dir.c: folders and files, and the lock. */
rc_t up_folders(struct up *u) MUST;
rc_t up_file_fail(struct up *u, const char *doing, const char *path) MUST; /* errno as a sentence */
rc_t up_write(struct up *u, const char *path, const char *text, mode_t mode) MUST;
char *up_read(struct up *u, const char *path); /* NULL when it can't be read; at most 64 KiB */
void up_note_address(struct up *u);

/* cli_up_left.c */
void up_note_children(struct up *u);
rc_t up_leftovers(struct up *u) MUST;

/* cli_up_keys.c: secrets, certificate, settings. */
rc_t up_keys(struct up *u) MUST;
rc_t up_certificate(struct up *u) MUST;
rc_t up_settings(struct up *u) MUST;
/*
 * The environment of a child: every setting it may know, and nothing of ours besides. NULL-ended.
 */
enum up_for { UP_FOR_WEB, UP_FOR_WORKER, UP_FOR_COMMAND };
char **up_environment(struct up *u, enum up_for whom);

/* cli_up_data.c: PostgreSQL and Redis. */
rc_t up_postgres_make(struct up *u) MUST;
rc_t up_postgres_start(struct up *u) MUST;
rc_t up_postgres_roles(struct up *u) MUST;
rc_t up_redis_start(struct up *u) MUST;
bool up_postgres_is_made(struct up *u);

/* cli_up_port.c */
rc_t up_port(struct up *u) MUST;

/* cli_up_serve.c: our own programs. */
rc_t up_migrate(struct up *u) MUST;
rc_t up_seed(struct up *u) MUST;
rc_t up_serve(struct up *u) MUST;
rc_t up_ready(struct up *u) MUST;
int up_watch(struct up *u); /* until asked to stop; the exit code */

/* cli_up_proc.c: child processes. */
struct command {
    const char *name;        /* its log is log/NAME.log */
    const char *const *argv; /* NULL-ended */
    char *const *env;        /* NULL: ours */
    bool as_service_user;    /* otherwise as we are */
    bool foreground;         /* keeps our terminal and our process group */
    int end_signal;          /* sent by the kernel when we die */
};

int64_t up_now_ms(void);
/* Sleeps up to ms, or until a child ends or somebody asks us to stop (then u->stop). */
void up_pause(struct up *u, int ms);
rc_t up_spawn(struct up *u, const struct command *cmd, pid_t *pid) MUST;
/* Runs to its end; a bad end is a fault with the last lines of its log. */
rc_t up_run(struct up *u, const struct command *cmd) MUST;
rc_t up_start_child(struct up *u, enum up_child which, const struct command *cmd) MUST;
/* True when it is not running any more; then status is what waitpid said. */
bool up_child_ended(struct up *u, enum up_child which, int *status);
void up_stop_all(struct up *u);
const char *up_child_name(enum up_child which);
int up_child_signal(enum up_child which);
char *up_log_tail(struct up *u, const char *name);
const char *up_log_path(struct up *u, const char *name);
/* How a process ended, in words. */
const char *up_ending(struct up *u, int status);
/* Each start has logs of its own; those of the start before stay as NAME.log.1. */
void up_logs_turn(struct up *u);
/* Cuts logs that have grown past their bound. */
void up_logs_bound(struct up *u);

#endif
