/*
 * Folders and files of `konstruct up`: .run itself, its lock, and where things lie when it can't
 * hold them.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/cli_up.h"
#include "base/conf.h"

#define SHARED_HOME "/var/lib/konstruct"
#define ROOM_FIRST_MB 400
#define ROOM_LATER_MB 50
#define LONGEST_SOCKET "/.s.PGSQL.5432.lock"

rc_t up_file_fail(struct up *u, const char *doing, const char *path)
{
    int why = errno;
    const char *advice = "";

    if (why == ENOSPC || why == EDQUOT)
        advice = ": the disk is full; make room and start again";
    else if (why == EACCES || why == EPERM)
        advice = "; make the folder yours (chown), or start this as its owner";
    else if (why == EROFS)
        advice = "; choose a folder that can be written with --dir";
    return ctx_fail(u->c, E_INTERNAL, "up_file", "can't %s %s: %s%s", doing, path, strerror(why),
                    advice);
}

rc_t up_write(struct up *u, const char *path, const char *text, mode_t mode)
{
    const char *fresh = text_printf(u->c->mem, "%s.new", path);
    size_t len = strlen(text);

    unlink(fresh);

    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd < 0)
        return up_file_fail(u, "write", fresh);

    bool good = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;

    if (close(fd) != 0 || !good || rename(fresh, path) != 0)
        return up_file_fail(u, "write", path);
    return OK;
}

char *up_read(struct up *u, const char *path)
{
    FILE *file = fopen(path, "re");
    struct stat st;

    if (file == NULL)
        return NULL;

    char *text = arena_take(u->c->mem, KIB(64));

    /* Of a longer file, which only a log can be, the end. */
    if (fstat(fileno(file), &st) == 0 && st.st_size >= (off_t)KIB(64))
        fseek(file, -(long)KIB(64) + 1, SEEK_END);

    size_t len = fread(text, 1, KIB(64) - 1, file);

    fclose(file);
    text[len] = '\0';
    return text;
}

static rc_t make_folder(struct up *u, const char *path, mode_t mode, bool for_service)
{
    struct stat st;

    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return up_file_fail(u, "make the folder", path);
    if (stat(path, &st) != 0)
        return up_file_fail(u, "use", path);
    if (!S_ISDIR(st.st_mode))
        return ctx_fail(u->c, E_INTERNAL, "up_file",
                        "%s is in the way: it should be a folder; move it away", path);
    if (for_service && st.st_uid != u->uid && chown(path, u->uid, u->gid) != 0)
        return up_file_fail(u, "hand over", path);
    if ((st.st_mode & 07777) != mode && chmod(path, mode) != 0)
        return up_file_fail(u, "set the permissions of", path);
    return OK;
}

/* PostgreSQL refuses to run as root, so there the services get a user of their own. */
static rc_t find_user(struct up *u)
{
    const char *wanted = conf_text(CONF_user) != NULL ? conf_text(CONF_user) : "konstruct";

    u->uid = geteuid();
    u->gid = getegid();
    if (u->uid != 0)
        return OK;

    struct passwd *pw = getpwnam(wanted);

    if (pw == NULL || pw->pw_uid == 0)
        return ctx_fail(
            u->c, E_INVALID, "up_user",
            "as root the services run as the user '%s', which does not exist here; make it with "
            "scripts/install, or start this as a normal user",
            wanted);
    u->user = text_dup(u->c->mem, pw->pw_name);
    u->uid = pw->pw_uid;
    u->gid = pw->pw_gid;
    conf_set(CONF_user, u->user);
    return OK;
}

static rc_t check_owner(struct up *u)
{
    struct stat st;
    struct passwd *pw;

    if (stat(u->run, &st) != 0)
        return up_file_fail(u, "use", u->run);
    if (st.st_uid == geteuid())
        return OK;
    pw = getpwuid(st.st_uid);
    return ctx_fail(u->c, E_INVALID, "up_owner",
                    "%s belongs to the user %s, who started Konstruct here before; start it as "
                    "that user, or clone "
                    "into a folder of your own",
                    u->run,
                    pw != NULL ? pw->pw_name : text_printf(u->c->mem, "%u", (unsigned)st.st_uid));
}

/* Asked of the kernel, as the service user: every folder above counts. */
static bool service_reaches(const struct up *u, const char *path)
{
    int status = 1;
    pid_t pid = fork();

    if (pid == 0) {
        bool inside = setgroups(0, NULL) == 0 && setgid(u->gid) == 0 && setuid(u->uid) == 0 &&
                      chdir(path) == 0;

        _exit(inside ? 0 : 1);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return false;
    return status == 0;
}

/* A short name for this .run that stays the same from start to start. */
static const char *short_name(struct up *u)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */

    for (const char *p = u->run; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * 1099511628211u;
    return text_printf(u->c->mem, "%016llx", (unsigned long long)hash);
}

/* Leaves a link in .run, so that `make clean-run` finds what lies elsewhere. */
static rc_t leave_link(struct up *u, const char *name, const char *target)
{
    const char *link = text_printf(u->c->mem, "%s/%s", u->run, name);

    unlink(link);
    if (symlink(target, link) != 0)
        return up_file_fail(u, "make the link", link);
    return OK;
}

static rc_t find_home(struct up *u)
{
    const char *link = text_printf(u->c->mem, "%s/elsewhere", u->run);
    char target[256];
    ssize_t len = readlink(link, target, sizeof(target) - 1);

    u->home = u->run;
    if (len > 0 && access(link, F_OK) == 0) {
        /* stays where it is, also when .run was moved */
        u->home = text_copy(u->c->mem, target, (size_t)len);
        return OK;
    }
    if (geteuid() != 0 || service_reaches(u, u->run))
        return OK;
    if (access(text_printf(u->c->mem, "%s/pg/data", u->run), F_OK) == 0)
        return ctx_fail(u->c, E_INVALID, "up_reach",
                        "the user %s can't reach %s any more, where its data is; let it pass again "
                        "(chmod a+x on the folders above)",
                        u->user, u->run);
    u->home = text_printf(u->c->mem, SHARED_HOME "/%s", short_name(u));
    TRY(make_folder(u, SHARED_HOME, 0755, false));
    TRY(make_folder(u, u->home, 0711, false));
    return leave_link(u, "elsewhere", u->home);
}

/* A unix socket's path has 107 bytes at most; a deep folder gets its sockets in a short one. */
static rc_t find_sockets(struct up *u)
{
    const char *own = getenv("XDG_RUNTIME_DIR");
    struct stat st;

    u->sock = text_printf(u->c->mem, "%s/sock", u->home);
    if (strlen(u->sock) + sizeof(LONGEST_SOCKET) > sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        if (own != NULL && own[0] == '/' && strlen(own) < 60 && geteuid() != 0)
            u->sock = text_printf(u->c->mem, "%s/konstruct-%s", own, short_name(u));
        else
            u->sock = text_printf(u->c->mem, "/tmp/konstruct-%u-%s", (unsigned)u->uid,
                                  short_name(u));
        TRY(leave_link(u, "sockets-elsewhere", u->sock));
    }
    /* In a folder that others write to, one of that name may be theirs. */
    if (lstat(u->sock, &st) == 0 &&
        (!S_ISDIR(st.st_mode) || (st.st_uid != u->uid && st.st_uid != geteuid())))
        return ctx_fail(u->c, E_INVALID, "up_sockets", "%s is somebody else's; have it removed",
                        u->sock);
    return make_folder(u, u->sock, 0700, true);
}

static rc_t check_room(struct up *u)
{
    struct statvfs fs;

    if (statvfs(u->home, &fs) != 0)
        return up_file_fail(u, "look at the disk of", u->home);

    uint64_t free_mb = (uint64_t)fs.f_bavail * fs.f_frsize / MIB(1);
    uint64_t needed = up_postgres_is_made(u) ? ROOM_LATER_MB : ROOM_FIRST_MB;

    if (free_mb < needed)
        return ctx_fail(u->c, E_LIMIT, "up_room",
                        "the disk of %s has %llu MB free and Konstruct needs %llu MB; make room, "
                        "or choose another "
                        "folder with --dir",
                        u->home, (unsigned long long)free_mb, (unsigned long long)needed);
    return OK;
}

/* The kernel frees the lock when its holder is gone, however it went. */
static rc_t take_lock(struct up *u)
{
    const char *path = text_printf(u->c->mem, "%s/lock", u->run);

    u->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (u->lock < 0)
        return up_file_fail(u, "open", path);
    if (flock(u->lock, LOCK_EX | LOCK_NB) == 0)
        return ftruncate(u->lock, 0) == 0 ? OK : up_file_fail(u, "write", path);

    char *who = up_read(u, path), *url = NULL;

    if (who != NULL && (url = strchr(who, '\n')) != NULL)
        *url++ = '\0';
    return ctx_fail(u->c, E_CONFLICT, "up_running",
                    "Konstruct is already running here%s%s; stop it with Ctrl-C where it was "
                    "started, or: kill %s",
                    !text_blank(url) ? " at " : "",
                    !text_blank(url) ? text_trim(u->c->mem, url) : "",
                    !text_blank(who) ? who : "its process");
}

void up_note_address(struct up *u)
{
    const char *url = conf_text(CONF_public_url);
    const char *text = text_printf(u->c->mem, "%ld\n%s\n", (long)getpid(),
                                   url != NULL && !u->only_data ? url : "");

    if (ftruncate(u->lock, 0) != 0 || pwrite(u->lock, text, strlen(text), 0) < 0)
        return; /* only makes the sentence of a second start poorer */
}

static rc_t make_run(struct up *u)
{
    mode_t mode = geteuid() == 0 ? 0711 : 0700; /* as root the service user passes through */
    char real[4096];

    if (mkdir(u->dir_wanted, mode) != 0 && errno != EEXIST)
        return up_file_fail(u, "make the folder", u->dir_wanted);
    if (realpath(u->dir_wanted, real) == NULL)
        return up_file_fail(u, "use", u->dir_wanted);
    u->run = text_dup(u->c->mem, real);
    TRY(check_owner(u));
    TRY(find_user(u));
    TRY(make_folder(u, u->run, mode, false));
    return take_lock(u);
}

static rc_t make_folders(struct up *u, const char *in, const char *const *names, bool for_service)
{
    for (; *names != NULL; names++)
        TRY(make_folder(u, text_printf(u->c->mem, "%s/%s", in, *names), 0700, for_service));
    return OK;
}

/* Without a mail server, mails become files that a person can open. */
static rc_t make_mail_folder(struct up *u)
{
    const char *folder = text_printf(u->c->mem, "%s/mail", u->home);

    if (conf_text(CONF_smtp_url) != NULL || conf_text(CONF_mail_dir) != NULL)
        return OK;
    conf_set(CONF_mail_dir, folder);
    TRY(make_folder(u, folder, 0700, true));
    return text_is(u->home, u->run) ? OK : leave_link(u, "mail", folder);
}

/* Where archives lie. */
static rc_t make_files_folder(struct up *u)
{
    const char *folder = text_printf(u->c->mem, "%s/files", u->home);

    if (conf_text(CONF_files_dir) != NULL)
        return OK;
    conf_set(CONF_files_dir, folder);
    TRY(make_folder(u, folder, 0700, true));
    return text_is(u->home, u->run) ? OK : leave_link(u, "files", folder);
}

rc_t up_folders(struct up *u)
{
    static const char *const own[] = {"keys", "tls", "log", NULL};
    static const char *const services[] = {"pg", "redis", NULL};

    TRY(make_run(u));
    up_note_address(u);
    TRY(make_folders(u, u->run, own, false));
    up_logs_turn(u);
    TRY(find_home(u));
    TRY(make_folders(u, u->home, services, true));
    TRY(find_sockets(u));
    if (conf_text(CONF_line_dir) == NULL)
        conf_set(CONF_line_dir, u->sock);
    TRY(make_mail_folder(u));
    TRY(make_files_folder(u));
    return check_room(u);
}
