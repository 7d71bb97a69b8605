/*
 * The private PostgreSQL and Redis of `konstruct up`. The cluster is made in data.new and renamed
 * to data when it is whole: a data.new is always the rest of a broken-off attempt and may go, a
 * data never is.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/cli_up.h"
#include "base/conf.h"
#include "base/embedded.h"
#include "io/db.h"

#define PG_OLDEST 15
#define PG_NEWEST 30
#define START_LIMIT_MS 60000
#define REST_LIMIT_MS 5000

static const char *data_folder(struct up *u)
{
    return text_printf(u->c->mem, "%s/pg/data", u->home);
}

bool up_postgres_is_made(struct up *u)
{
    return access(text_printf(u->c->mem, "%s/PG_VERSION", data_folder(u)), F_OK) == 0;
}

/*
 * A program of the server: Debian keeps them out of the PATH, one folder a version. The data's own
 * version is a must.
 */
static rc_t find_program(struct up *u, const char *name, const char **out)
{
    char *made_by = up_read(u, text_printf(u->c->mem, "%s/PG_VERSION", data_folder(u)));
    int64_t version = 0;

    if (made_by != NULL && text_int(text_trim(u->c->mem, made_by), &version) != OK)
        version = 0;
    for (int v = PG_NEWEST; v >= PG_OLDEST; v--) {
        *out = text_printf(u->c->mem, "/usr/lib/postgresql/%d/bin/%s", v, name);
        if ((version == 0 || version == v) && access(*out, X_OK) == 0)
            return OK;
    }
    if (version != 0)
        return ctx_fail(u->c, E_INVALID, "up_pg_version",
                        "the data in %s was made by PostgreSQL %lld, which is not installed; "
                        "install postgresql-%lld",
                        data_folder(u), (long long)version, (long long)version);
    return ctx_fail(u->c, E_INVALID, "up_tool",
                    "PostgreSQL %d or later is not installed; run scripts/install, or: "
                    "apt-get install postgresql",
                    PG_OLDEST);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

/* Processes of the broken-off attempt may still be on their way out, and write. */
static rc_t remove_rest(struct up *u, const char *folder)
{
    int64_t limit = up_now_ms() + REST_LIMIT_MS;

    while (access(folder, F_OK) == 0 && nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        if (up_now_ms() > limit || (errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT))
            return up_file_fail(u, "remove the rest of a broken-off start,", folder);
        up_pause(u, 50);
    }
    return OK;
}

/*
 * The password goes through a file that only the service user reads: on a command line everybody
 * could.
 */
static rc_t write_password(struct up *u, const char *path)
{
    const char *secret = up_read(u, text_printf(u->c->mem, "%s/keys/db-superuser", u->run));

    if (secret == NULL)
        return up_file_fail(u, "read", "keys/db-superuser");
    TRY(up_write(u, path, secret, 0600));
    if (chown(path, u->uid, u->gid) != 0)
        return up_file_fail(u, "hand over", path);
    return OK;
}

rc_t up_postgres_make(struct up *u)
{
    const char *initdb, *password = text_printf(u->c->mem, "%s/pg/password", u->home);
    const char *fresh = text_printf(u->c->mem, "%s.new", data_folder(u));
    const char *pwfile = text_printf(u->c->mem, "--pwfile=%s", password);

    TRY(find_program(u, "initdb", &initdb));

    const char *const argv[] = {initdb,
                                "-D",
                                fresh,
                                "--username=postgres",
                                "--auth=scram-sha-256",
                                pwfile,
                                "--encoding=UTF8",
                                "--locale=C.UTF-8",
                                "--data-checksums",
                                "--no-instructions",
                                u->throw_away ? "--no-sync" : NULL,
                                NULL};

    TRY(remove_rest(u, fresh));
    TRY(write_password(u, password));
    rc_t rc = up_run(
        u, &(struct command){
               .name = "initdb", .argv = argv, .as_service_user = true, .end_signal = SIGTERM});
    unlink(password);
    TRY(rc);
    if (rename(fresh, data_folder(u)) != 0)
        return up_file_fail(u, "finish", data_folder(u));

    int folder = open(text_printf(u->c->mem, "%s/pg", u->home), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder < 0 || fsync(folder) != 0)
        return up_file_fail(u, "write", u->home);
    close(folder);
    return OK;
}

/*
 * The eighth line of postmaster.pid is where the server says how it is; pg_ctl reads it, too. The
 * first is its pid: after a power cut the file of an earlier server is still there, and says that
 * all is well.
 */
static bool postgres_ready(struct up *u)
{
    char *text = up_read(u, text_printf(u->c->mem, "%s/postmaster.pid", data_folder(u)));

    if (text == NULL || strtol(text, NULL, 10) != (long)u->children[UP_POSTGRES].pid)
        return false;
    for (int line = 1; line < 8 && text != NULL; line++) {
        text = strchr(text, '\n');
        text = text != NULL ? text + 1 : NULL;
    }
    return text != NULL && text_starts(text, "ready");
}

static bool redis_ready(struct up *u)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = 1};
    char answer[8] = "";
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return false;
    snprintf(to.sun_path, sizeof(to.sun_path), "%s/redis.sock", u->sock);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));

    bool ready = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
                 write(fd, "PING\r\n", 6) == 6 && read(fd, answer, sizeof(answer) - 1) > 0 &&
                 text_starts(answer, "+PONG");

    close(fd);
    return ready;
}

static rc_t wait_ready(struct up *u, enum up_child which, bool (*ready)(struct up *))
{
    int64_t limit = up_now_ms() + START_LIMIT_MS;
    int status;

    while (!ready(u)) {
        if (u->stop)
            return ctx_fail(u->c, E_TIMEOUT, "up_stopped", "stopped before it was ready");
        if (up_child_ended(u, which, &status) || up_now_ms() > limit) {
            const char *tail = up_log_tail(u, up_child_name(which));

            return ctx_fail(
                u->c, E_INTERNAL, "up_service", "%s %s; the end of %s:%s", up_child_name(which),
                u->children[which].pid == 0 ? up_ending(u, status) : "is not ready after a minute",
                up_log_path(u, up_child_name(which)), tail != NULL ? tail : " empty");
        }
        up_pause(u, 10);
    }
    return OK;
}

/*
 * A small server: its memory is a good part of all that Konstruct takes on a small machine. Nobody
 * reaches it over the network. What was committed stays (fsync, synchronous_commit), except where
 * the data is to be thrown away anyway.
 */
static const char *const settings[] = {
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "shared_buffers=48MB",
    "max_connections=120",
    "max_wal_size=512MB",
    "max_parallel_workers_per_gather=0",
    "autovacuum_max_workers=2",
    "autovacuum_naptime=20s",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_checkpoints=off",
    "log_line_prefix=%m [%p] %u ",
};
static const char *const lasting[] = {"fsync=on", "synchronous_commit=on", "full_page_writes=on"};
static const char *const throw_away[] = {"fsync=off", "synchronous_commit=off",
                                         "full_page_writes=off"};

static const char **add_settings(const char **argv, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        *argv++ = "-c";
        *argv++ = list[i];
    }
    return argv;
}

rc_t up_postgres_start(struct up *u)
{
    const char *argv[4 + 2 * (COUNT_OF(settings) + COUNT_OF(lasting) + 1)], **at = argv;
    const char *sockets = text_printf(u->c->mem, "unix_socket_directories=%s", u->sock);

    TRY(find_program(u, "postgres", at++));
    *at++ = "-D";
    *at++ = data_folder(u);
    at = add_settings(at, &sockets, 1);
    at = add_settings(at, settings, COUNT_OF(settings));
    at = add_settings(at, u->throw_away ? throw_away : lasting, COUNT_OF(lasting));
    *at = NULL;
    TRY(up_start_child(
        u, UP_POSTGRES,
        &(struct command){
            .name = "postgres", .argv = argv, .as_service_user = true, .end_signal = SIGINT}));
    return wait_ready(u, UP_POSTGRES, postgres_ready);
}

static const struct stmt q_has_database = {"has_database",
                                           "SELECT 1 FROM pg_database WHERE datname = 'konstruct'"};

static rc_t make_database(struct up *u)
{
    struct db_rows rows;

    TRY(db_rows(u->c, &q_has_database, NO_ARGS, &rows));
    TRY(db_commit(u->c));
    if (rows.count == 0)
        return db_script(u->c, "CREATE DATABASE konstruct");
    return OK;
}

/* The role's own password, taken from its connection; it has the URL-safe base64 alphabet only. */
static void add_password(struct buf *out, const char *role, const char *conninfo)
{
    const char *password = strstr(conninfo, "password=");

    buf_printf(out, "ALTER ROLE %s PASSWORD '%s';\n", role, password + sizeof("password=") - 1);
}

static rc_t make_roles(struct up *u)
{
    struct buf passwords = buf_new(u->c->mem, KIB(4));

    TRY(db_script(u->c, embedded_bootstrap[0].start));
    add_password(&passwords, "konstruct_owner", conf_text(CONF_db_owner));
    add_password(&passwords, "konstruct_web", conf_text(CONF_db_web));
    add_password(&passwords, "konstruct_worker", conf_text(CONF_db_worker));
    add_password(&passwords, "konstruct_dispatch", conf_text(CONF_db_dispatch));
    return db_script(u->c, buf_str(&passwords));
}

static rc_t as_superuser(struct up *u, const char *conninfo, rc_t (*work)(struct up *))
{
    struct db_pool *pool = db_pool_new(conninfo, 1);

    u->c->db = pool;
    rc_t rc = work(u);
    u->c->db = NULL;
    db_pool_free(pool);
    return rc;
}

/* Both are harmless when done again, so a start that broke off in between heals here. */
rc_t up_postgres_roles(struct up *u)
{
    TRY(as_superuser(u, text_printf(u->c->mem, "%s dbname=postgres", u->superuser_db),
                     make_database));
    return as_superuser(u, u->superuser_db, make_roles);
}

/*
 * No files: nothing in Redis is the only copy. When its memory is full it refuses to write (and the
 * programs go the way without Redis) rather than forget a rate limit in silence.
 */
rc_t up_redis_start(struct up *u)
{
    const char *path = text_printf(u->c->mem, "%s/redis.sock", u->sock);
    const char *const argv[] = {"redis-server",
                                "--port",
                                "0",
                                "--unixsocket",
                                path,
                                "--unixsocketperm",
                                "700",
                                "--save",
                                "",
                                "--appendonly",
                                "no",
                                "--maxmemory",
                                "128mb",
                                "--maxmemory-policy",
                                "noeviction",
                                "--dir",
                                text_printf(u->c->mem, "%s/redis", u->home),
                                "--daemonize",
                                "no",
                                "--loglevel",
                                "notice",
                                NULL};

    TRY(up_start_child(
        u, UP_REDIS,
        &(struct command){
            .name = "redis", .argv = argv, .as_service_user = true, .end_signal = SIGTERM}));
    TRY(wait_ready(u, UP_REDIS, redis_ready));
    conf_set(CONF_redis_url, text_printf(u->c->mem, "unix://%s", path));
    return OK;
}
