/* See model.h. */
#include "model.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/loop.h"

#define ROOM 16384
#define BACKLOG 4096
#define SEND_ROOM 65536 /* so that it notices a reader who stops */

struct own {
    struct model m;
    struct loop *loop;
    pthread_t thread;
    struct loop_fd listening;
    struct conn *conns;
    struct loop_task stop;
    char url[64];
};

struct conn {
    struct own *o;
    struct conn *next, **here;
    struct loop_fd fd;
    struct loop_timer timer;
    char in[ROOM + 1], *out;
    size_t in_len, out_len, out_at, out_room;
    bool streams, answering;
    int sent; /* pieces */
    int64_t input;
};

static void conn_end(struct conn *n)
{
    if (n->answering)
        n->o->m.left++;
    n->o->m.open--;
    loop_timer_stop(n->o->loop, &n->timer);
    loop_unwatch(n->o->loop, &n->fd);
    close(n->fd.fd);
    *n->here = n->next;
    if (n->next != NULL)
        n->next->here = n->here;
    free(n->out);
    free(n);
}

/* False: the connection is gone. */
static bool flush(struct conn *n)
{
    while (n->out_at < n->out_len) {
        ssize_t sent = send(n->fd.fd, n->out + n->out_at, n->out_len - n->out_at, MSG_NOSIGNAL);

        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            loop_watch(n->o->loop, &n->fd, EPOLLIN | EPOLLOUT);
            return true;
        }
        if (sent < 0) {
            conn_end(n);
            return false;
        }
        n->out_at += (size_t)sent;
    }
    n->out_at = n->out_len = 0;
    loop_watch(n->o->loop, &n->fd, EPOLLIN);
    /* The next piece, once this one is taken. */
    if (n->answering && n->timer.place == 0)
        loop_timer_set(n->o->loop, &n->timer, n->o->m.way.piece_ms);
    return true;
}

static void say(struct conn *n, const char *text, size_t len)
{
    if (n->out_len + len > n->out_room) {
        n->out_room = 2 * (n->out_len + len);
        n->out = realloc(n->out, n->out_room);
        if (n->out == NULL)
            abort();
    }
    memcpy(n->out + n->out_len, text, len);
    n->out_len += len;
}

static void say_chunk(struct conn *n, const char *text)
{
    char head[16];

    say(n, head, (size_t)snprintf(head, sizeof(head), "%zx\r\n", strlen(text)));
    say(n, text, strlen(text));
    say(n, "\r\n", 2);
}

static void done(struct conn *n)
{
    n->answering = false;
    n->o->m.answered++;
}

static void say_end(struct conn *n)
{
    char text[300];

    say_chunk(n, "data: {\"model\":\"real\",\"choices\":[{\"index\":0,\"delta\":{},"
                 "\"finish_reason\":\"stop\"}]}\n\n");
    snprintf(
        text, sizeof(text),
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":%lld,\"completion_tokens\":%d}}\n\n",
        (long long)n->input, n->sent);
    say_chunk(n, text);
    say_chunk(n, "data: [DONE]\n\n");
    say(n, "0\r\n\r\n", 5);
    done(n);
}

static void say_whole(struct conn *n)
{
    char body[400], head[200];
    int len;

    n->o->m.output_tokens += n->o->m.way.pieces;
    len = snprintf(body, sizeof(body),
                   "{\"model\":\"real\",\"choices\":[{\"message\":{\"role\":\"assistant\","
                   "\"content\":\"Hello.\"},\"finish_reason\":\"stop\"}],\"usage\":"
                   "{\"prompt_tokens\":%lld,\"completion_tokens\":%d}}",
                   (long long)n->input, n->o->m.way.pieces);
    say(n, head,
        (size_t)snprintf(head, sizeof(head),
                         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                         "Content-Length: %d\r\n\r\n",
                         len));
    say(n, body, (size_t)len);
    done(n);
}

static void say_error(struct conn *n)
{
    char head[200];

    say(n, head,
        (size_t)snprintf(head, sizeof(head), "HTTP/1.1 %d No\r\nContent-Length: 2\r\n\r\n{}",
                         n->o->m.way.status));
    done(n);
}

static void on_time(void *arg)
{
    static const char begin[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n";
    struct conn *n = arg;
    const struct model_way *way = &n->o->m.way;

    if (way->status != 0) {
        say_error(n);
    } else if (!n->streams) {
        say_whole(n);
    } else if (way->breaks > 0 && n->sent == way->breaks) {
        done(n);
        conn_end(n);
        return;
    } else if (n->sent == way->pieces) {
        say_end(n);
    } else {
        if (n->sent == 0)
            say(n, begin, sizeof(begin) - 1);
        n->sent++;
        n->o->m.output_tokens++;
        say_chunk(n, "data: {\"model\":\"real\",\"choices\":[{\"index\":0,\"delta\":"
                     "{\"content\":\"word \"}}]}\n\n");
    }
    flush(n);
}

/* A whole request lies here: its answer begins in a while. */
static void take_request(struct conn *n)
{
    const char *end, *length;
    size_t head, body;

    n->in[n->in_len] = '\0';
    end = strstr(n->in, "\r\n\r\n");
    if (end == NULL || n->answering)
        return;
    length = strcasestr(n->in, "content-length:");
    head = (size_t)(end - n->in) + 4;
    body = length == NULL || length > end ? 0 : strtoul(length + 15, NULL, 10);
    if (n->in_len < head + body)
        return;
    n->streams = strstr(end, "\"stream\":true") != NULL || strstr(end, "\"stream\": true") != NULL;
    n->answering = true;
    n->sent = 0;
    n->input = (int64_t)body / 4;
    n->o->m.asked++;
    n->o->m.input_tokens += n->input;
    memmove(n->in, n->in + head + body, n->in_len - head - body);
    n->in_len -= head + body;
    loop_timer_set(n->o->loop, &n->timer, n->o->m.way.first_ms);
}

static void on_conn(void *arg, uint32_t events)
{
    struct conn *n = arg;

    if ((events & EPOLLOUT) != 0 && !flush(n))
        return;
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
        return;

    ssize_t got = recv(n->fd.fd, n->in + n->in_len, ROOM - n->in_len, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        conn_end(n);
        return;
    }
    n->in_len += (size_t)got;
    take_request(n);
}

static void on_connect(void *arg, uint32_t events)
{
    struct own *o = arg;
    int fd, one = 1, room = SEND_ROOM;

    (void)events;
    while ((fd = accept4(o->listening.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct conn *n = calloc(1, sizeof(*n));

        if (n == NULL)
            abort();
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        *n = (struct conn){.o = o,
                           .next = o->conns,
                           .here = &o->conns,
                           .fd = {.fd = fd, .fn = on_conn, .arg = n},
                           .timer = {.fn = on_time, .arg = n}};
        if (n->next != NULL)
            n->next->here = &n->next;
        o->conns = n;
        o->m.opened++;
        if (++o->m.open > o->m.most_open)
            o->m.most_open = o->m.open;
        loop_watch(o->loop, &n->fd, EPOLLIN);
    }
}

static void on_stop(void *arg)
{
    struct own *o = arg;

    while (o->conns != NULL)
        conn_end(o->conns);
    loop_unwatch(o->loop, &o->listening);
    loop_stop(o->loop);
}

static void *run(void *arg)
{
    struct own *o = arg;

    loop_run(o->loop);
    return NULL;
}

struct model *model_start(const struct model_way *way)
{
    struct own *o = calloc(1, sizeof(*o));
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    if (o == NULL)
        abort();
    o->m.way = *way;
    o->loop = loop_new();
    o->listening = (struct loop_fd){
        .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
        .fn = on_connect,
        .arg = o};
    if (bind(o->listening.fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        listen(o->listening.fd, BACKLOG) != 0 ||
        getsockname(o->listening.fd, (struct sockaddr *)&at, &len) != 0)
        abort();
    snprintf(o->url, sizeof(o->url), "http://127.0.0.1:%d/v1", ntohs(at.sin_port));
    loop_watch(o->loop, &o->listening, EPOLLIN);
    if (pthread_create(&o->thread, NULL, run, o) != 0)
        abort();
    return &o->m;
}

void model_stop(struct model *m)
{
    struct own *o = (struct own *)m;

    o->stop = (struct loop_task){.fn = on_stop, .arg = o};
    loop_post(o->loop, &o->stop);
    pthread_join(o->thread, NULL);
    close(o->listening.fd);
    loop_free(o->loop);
    free(o);
}

const char *model_url(const struct model *m)
{
    return ((const struct own *)m)->url;
}
