/* See proxy.h. One thread moves the bytes; the callers change what it does under the lock. */
#include "proxy.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define LINES_MAX 32

struct line {
    int client, server;
};

struct proxy {
    char folder[40];
    struct sockaddr_un real, own;
    int listening, line_count, made;
    bool hold, over;
    struct line lines[LINES_MAX];
    pthread_mutex_t lock;
    pthread_t thread;
};

static int connect_real(const struct proxy *p)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&p->real, sizeof(p->real)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void drop_line(struct proxy *p, int i)
{
    close(p->lines[i].client);
    close(p->lines[i].server);
    p->lines[i] = p->lines[--p->line_count];
}

static void welcome(struct proxy *p)
{
    struct line line = {.client = accept4(p->listening, NULL, NULL, SOCK_CLOEXEC)};

    if (line.client < 0)
        return;
    line.server = connect_real(p);
    if (line.server < 0 || p->line_count == LINES_MAX) {
        close(line.client);
        if (line.server >= 0)
            close(line.server);
        return;
    }
    p->lines[p->line_count++] = line;
    p->made++;
}

/* Moves what is there; false at the end of the line. */
static bool move_bytes(int from, int to)
{
    char bytes[16384];
    ssize_t got = recv(from, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (got < 0)
        return true;
    for (ssize_t sent = 0; sent < got;) {
        ssize_t n = send(to, bytes + sent, (size_t)(got - sent), MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        sent += n;
    }
    return got > 0;
}

static bool ready(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};

    return poll(&one, 1, 0) > 0;
}

static void *run(void *arg)
{
    struct proxy *p = arg;
    bool over = false;

    while (!over) {
        pthread_mutex_lock(&p->lock);
        if (p->listening >= 0 && ready(p->listening))
            welcome(p);
        for (int i = 0; i < p->line_count; i++) {
            const struct line *line = &p->lines[i];

            if ((ready(line->client) && !move_bytes(line->client, line->server)) ||
                (!p->hold && ready(line->server) && !move_bytes(line->server, line->client)))
                drop_line(p, i--);
        }
        over = p->over;
        pthread_mutex_unlock(&p->lock);
        usleep(300);
    }
    return NULL;
}

static void listen_on(struct proxy *p)
{
    p->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->listening < 0 ||
        bind(p->listening, (const struct sockaddr *)&p->own, sizeof(p->own)) != 0 ||
        listen(p->listening, 16) != 0)
        fail_msg("the proxy can't listen");
}

/* The folder of PostgreSQL's socket, from the address of the tests. */
static void find_real(struct proxy *p)
{
    PQconninfoOption *options = PQconninfoParse(pg_address(PG_SUPER), NULL);

    for (PQconninfoOption *o = options; o->keyword != NULL; o++)
        if (strcmp(o->keyword, "host") == 0 && o->val != NULL)
            snprintf(p->real.sun_path, sizeof(p->real.sun_path), "%s/.s.PGSQL.5432", o->val);
    PQconninfoFree(options);
}

struct proxy *proxy_new(void)
{
    struct proxy *p = calloc(1, sizeof(*p));

    if (p == NULL)
        abort();
    *p = (struct proxy){.folder = "/tmp/konstruct-proxy-XXXXXX",
                        .real.sun_family = AF_UNIX,
                        .own.sun_family = AF_UNIX,
                        .lock = PTHREAD_MUTEX_INITIALIZER};
    if (mkdtemp(p->folder) == NULL)
        abort();
    find_real(p);
    snprintf(p->own.sun_path, sizeof(p->own.sun_path), "%s/.s.PGSQL.5432", p->folder);
    listen_on(p);
    if (pthread_create(&p->thread, NULL, run, p) != 0)
        abort();
    return p;
}

const char *proxy_address(struct arena *mem, const struct proxy *p, enum pg_role role)
{
    return address_with(mem, role, text_printf(mem, "host='%s'", p->folder));
}

static void cut(struct proxy *p)
{
    while (p->line_count > 0)
        drop_line(p, 0);
}

void proxy_cut(struct proxy *p)
{
    pthread_mutex_lock(&p->lock);
    cut(p);
    pthread_mutex_unlock(&p->lock);
}

void proxy_down(struct proxy *p)
{
    pthread_mutex_lock(&p->lock);
    cut(p);
    close(p->listening);
    p->listening = -1;
    unlink(p->own.sun_path);
    pthread_mutex_unlock(&p->lock);
}

void proxy_up(struct proxy *p)
{
    pthread_mutex_lock(&p->lock);
    listen_on(p);
    pthread_mutex_unlock(&p->lock);
}

void proxy_hold(struct proxy *p, bool hold)
{
    pthread_mutex_lock(&p->lock);
    p->hold = hold;
    pthread_mutex_unlock(&p->lock);
}

int proxy_made(struct proxy *p)
{
    pthread_mutex_lock(&p->lock);

    int made = p->made;

    pthread_mutex_unlock(&p->lock);
    return made;
}

void proxy_free(struct proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->over = true;
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    cut(p);
    if (p->listening >= 0)
        close(p->listening);
    unlink(p->own.sun_path);
    rmdir(p->folder);
    free(p);
}
