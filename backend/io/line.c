/* See line.h. */
#include "io/line.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ROOM_LEAST KIB(16)
#define ROOM_KEPT KIB(256) /* a queue that was longer gives its memory back once it is empty */
#define READS_AT_ONCE 4    /* of a full buffer each, so that one line does not hold up the loop */
#define BACKLOG 128

struct frame {
    uint32_t len, call;
    uint32_t kind;
};

struct line {
    int fd;
    line_got got;
    void *arg;
    size_t held; /* bytes in `in` */
    char in[sizeof(struct frame) + 2 * LINE_PAYLOAD_MAX];
    char *out;
    size_t out_at, out_len, out_room;
};

struct line *line_new(int fd, line_got got, void *arg)
{
    struct line *l = calloc(1, sizeof(*l));

    if (l == NULL)
        abort();
    l->fd = fd;
    l->got = got;
    l->arg = arg;
    return l;
}

void line_free(struct line *l)
{
    if (l == NULL)
        return;
    close(l->fd);
    free(l->out);
    free(l);
}

int line_fd(const struct line *l)
{
    return l->fd;
}

/* Hands on the whole frames that are held; false for nonsense. */
static bool cut(struct line *l)
{
    size_t at = 0;
    bool good = true;

    while (good && l->held - at >= sizeof(struct frame)) {
        struct frame f;

        memcpy(&f, l->in + at, sizeof(f));
        good = f.len <= LINE_PAYLOAD_MAX;
        if (!good || l->held - at - sizeof(f) < f.len)
            break;
        good = l->got(l->arg, (enum line_kind)f.kind, f.call,
                      (struct bytes){l->in + at + sizeof(f), f.len});
        at += sizeof(f) + f.len;
    }
    memmove(l->in, l->in + at, l->held - at);
    l->held -= at;
    return good;
}

bool line_read(struct line *l)
{
    for (int i = 0; i < READS_AT_ONCE; i++) {
        size_t room = sizeof(l->in) - l->held;
        ssize_t n = recv(l->fd, l->in + l->held, room, MSG_DONTWAIT);

        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        if (n == 0)
            return false;
        l->held += (size_t)n;
        if (!cut(l))
            return false;
        if ((size_t)n < room)
            return true;
    }
    return true;
}

static void make_room(struct line *l, size_t more)
{
    size_t room = l->out_room == 0 ? ROOM_LEAST : l->out_room;

    if (l->out_at > 0) {
        memmove(l->out, l->out + l->out_at, l->out_len - l->out_at);
        l->out_len -= l->out_at;
        l->out_at = 0;
    }
    while (room < l->out_len + more)
        room *= 2;
    if (room == l->out_room)
        return;

    char *larger = realloc(l->out, room);

    if (larger == NULL)
        abort();
    l->out = larger;
    l->out_room = room;
}

static void add(struct line *l, const void *data, size_t len)
{
    if (len == 0)
        return;
    memcpy(l->out + l->out_len, data, len);
    l->out_len += len;
}

void line_put(struct line *l, enum line_kind kind, uint32_t call, struct bytes a, struct bytes b)
{
    const struct frame f = {.len = (uint32_t)(a.len + b.len), .call = call, .kind = kind};

    if (a.len + b.len > LINE_PAYLOAD_MAX)
        abort();
    if (l->out_room - l->out_len < sizeof(f) + f.len)
        make_room(l, sizeof(f) + f.len);
    add(l, &f, sizeof(f));
    add(l, a.data, a.len);
    add(l, b.data, b.len);
}

static void emptied(struct line *l)
{
    l->out_at = l->out_len = 0;
    if (l->out_room <= ROOM_KEPT)
        return;
    free(l->out);
    l->out = NULL;
    l->out_room = 0;
}

bool line_flush(struct line *l)
{
    while (l->out_at < l->out_len) {
        ssize_t n = send(l->fd, l->out + l->out_at, l->out_len - l->out_at,
                         MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        l->out_at += (size_t)n;
    }
    if (l->out_len > 0)
        emptied(l);
    return true;
}

size_t line_waiting(const struct line *l)
{
    return l->out_len - l->out_at;
}

static bool address_of(const char *path, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(out->sun_path)) {
        errno = ENAMETOOLONG;
        return false;
    }
    snprintf(out->sun_path, sizeof(out->sun_path), "%s", path);
    return true;
}

static int given_up(int fd)
{
    int why = errno;

    close(fd);
    errno = why;
    return -1;
}

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int line_listen(const char *path)
{
    struct sockaddr_un to;
    int fd = address_of(path, &to) ? new_socket() : -1;

    if (fd < 0)
        return -1;

    mode_t before = umask(0177);
    int rc = bind(fd, (const struct sockaddr *)&to, sizeof(to));

    umask(before);
    return rc == 0 && listen(fd, BACKLOG) == 0 ? fd : given_up(fd);
}

int line_connect(const char *path)
{
    struct sockaddr_un to;
    int fd = address_of(path, &to) ? new_socket() : -1;

    if (fd < 0)
        return -1;
    return connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 ? fd : given_up(fd);
}

static bool one_of_us(int fd)
{
    struct ucred who;
    socklen_t len = sizeof(who);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
           (who.uid == geteuid() || who.uid == 0);
}

int line_accept(int listening)
{
    int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0 || one_of_us(fd))
        return fd;
    errno = EACCES;
    return given_up(fd);
}

void line_sweep(const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

    if (d == NULL)
        return;
    while ((entry = readdir(d)) != NULL) {
        size_t len = strlen(entry->d_name), end = strlen(LINE_ENDING);
        int fd;

        if (len <= end || strcmp(entry->d_name + len - end, LINE_ENDING) != 0 ||
            (size_t)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= sizeof(path))
            continue;
        fd = line_connect(path);
        if (fd >= 0)
            close(fd);
        else if (errno == ECONNREFUSED)
            unlink(path);
    }
    closedir(d);
}
