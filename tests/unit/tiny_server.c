/* See tiny_server.h: one thread a connection. */
#include "tiny_server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUESTS_MAX 1000
#define REQUEST_MAX (4 << 20)

struct tiny {
    pthread_t thread;
    pthread_mutex_t lock;
    int listener;
    char url[64];
    const struct tiny_step *steps;
    size_t step_count;
    char *requests[REQUESTS_MAX];
    size_t request_count, connection_count;
    pthread_t workers[REQUESTS_MAX];
    int sockets[REQUESTS_MAX];
};

struct job {
    struct tiny *tiny;
    int socket;
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    abort();
}

/* Reads one request; NULL when the other side closed. */
static char *read_request(int s)
{
    size_t room = 1 << 16, len = 0;
    char *text = malloc(room);

    must(text != NULL, "malloc");
    for (;;) {
        if (len + 1 == room) {
            room *= 2;
            must(room <= REQUEST_MAX && (text = realloc(text, room)) != NULL, "request");
        }

        ssize_t got = recv(s, text + len, room - len - 1, 0);

        if (got <= 0)
            break;
        len += (size_t)got;
        text[len] = '\0';

        const char *end = strstr(text, "\r\n\r\n"),
                   *length = strcasestr(text, "\r\ncontent-length:");

        if (end == NULL)
            continue;

        size_t body = length == NULL || length > end ? 0 : strtoul(length + 17, NULL, 10);

        if (len >= (size_t)(end + 4 - text) + body)
            return text;
    }
    free(text);
    return NULL;
}

static const struct tiny_step *remember(struct tiny *t, char *request)
{
    pthread_mutex_lock(&t->lock);
    must(t->request_count < REQUESTS_MAX, "too many requests");

    size_t i = t->request_count++;

    t->requests[i] = request;
    pthread_mutex_unlock(&t->lock);
    return &t->steps[i < t->step_count ? i : t->step_count - 1];
}

static void *serve(void *arg)
{
    struct job job = *(struct job *)arg;
    char *request, rest[256];

    free(arg);
    while ((request = read_request(job.socket)) != NULL) {
        const struct tiny_step *step = remember(job.tiny, request);
        size_t len = step->bytes == NULL ? 0 : step->len > 0 ? step->len : strlen(step->bytes);

        for (size_t sent = 0; sent < len;) {
            ssize_t more = send(job.socket, step->bytes + sent, len - sent, MSG_NOSIGNAL);

            if (more <= 0)
                break;
            sent += (size_t)more;
        }
        if (step->then == TINY_HANG)
            while (recv(job.socket, rest, sizeof(rest), 0) > 0)
                continue;
        if (step->then == TINY_RESET)
            setsockopt(job.socket, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0},
                       sizeof(struct linger));
        if (step->then != TINY_KEEP)
            break;
    }
    if (request != NULL) {
        pthread_mutex_lock(&job.tiny->lock);
        for (size_t i = 0; i < job.tiny->connection_count; i++)
            if (job.tiny->sockets[i] == job.socket)
                job.tiny->sockets[i] = -1;
        close(job.socket);
        pthread_mutex_unlock(&job.tiny->lock);
    }
    return NULL;
}

static void *accept_all(void *arg)
{
    struct tiny *t = arg;

    for (;;) {
        int s = accept(t->listener, NULL, NULL);

        if (s < 0)
            return NULL;
        pthread_mutex_lock(&t->lock);
        must(t->connection_count < REQUESTS_MAX, "too many connections");

        struct job *job = malloc(sizeof(*job));
        size_t i = t->connection_count++;

        must(job != NULL, "malloc");
        *job = (struct job){t, s};
        t->sockets[i] = s;
        must(pthread_create(&t->workers[i], NULL, serve, job) == 0, "thread");
        pthread_mutex_unlock(&t->lock);
    }
}

struct tiny *tiny_start(const struct tiny_step *steps, size_t count)
{
    struct tiny *t = calloc(1, sizeof(*t));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    must(t != NULL, "malloc");
    pthread_mutex_init(&t->lock, NULL);
    t->steps = steps;
    t->step_count = count;
    t->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(t->listener >= 0 && bind(t->listener, (struct sockaddr *)&address, len) == 0 &&
             listen(t->listener, 64) == 0 &&
             getsockname(t->listener, (struct sockaddr *)&address, &len) == 0,
         "listen");
    snprintf(t->url, sizeof(t->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
    must(pthread_create(&t->thread, NULL, accept_all, t) == 0, "thread");
    return t;
}

void tiny_stop(struct tiny *t)
{
    shutdown(t->listener, SHUT_RDWR);
    pthread_join(t->thread, NULL);
    close(t->listener);
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < t->connection_count; i++)
        if (t->sockets[i] >= 0)
            shutdown(t->sockets[i], SHUT_RDWR);
    pthread_mutex_unlock(&t->lock);
    for (size_t i = 0; i < t->connection_count; i++) {
        pthread_join(t->workers[i], NULL);
        if (t->sockets[i] >= 0)
            close(t->sockets[i]);
    }
    for (size_t i = 0; i < t->request_count; i++)
        free(t->requests[i]);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

const char *tiny_url(const struct tiny *t)
{
    return t->url;
}

size_t tiny_requests(struct tiny *t)
{
    pthread_mutex_lock(&t->lock);

    size_t count = t->request_count;

    pthread_mutex_unlock(&t->lock);
    return count;
}

size_t tiny_connections(struct tiny *t)
{
    pthread_mutex_lock(&t->lock);

    size_t count = t->connection_count;

    pthread_mutex_unlock(&t->lock);
    return count;
}

const char *tiny_request(struct tiny *t, size_t i)
{
    pthread_mutex_lock(&t->lock);

    const char *text = i < t->request_count ? t->requests[i] : "";

    pthread_mutex_unlock(&t->lock);
    return text;
}
