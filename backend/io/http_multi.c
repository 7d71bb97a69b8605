/* See http_multi.h. Curl says which sockets and times it waits for; the loop tells it when. */
#include "io/http_multi.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/http_address.h"
#include "io/http_transfer.h"

#define SPARE_MAX 256        /* handles kept for the next calls */
#define CONNECTIONS_MAX 2048 /* kept open; the one that was used longest ago is closed */
#define READ_SIZE KIB(16)    /* of each call while it reads */
#define PIECE_SIZE KIB(1)    /* of one that comes in pieces: thousands may be open for long */
#define SEND_SIZE KIB(16)    /* curl's least */
/*
 * Of an answer that is held back, the kernel keeps so much twice; by itself it would go up to 32
 * MB.
 */
#define WAITS_SIZE KIB(256)

struct http_multi {
    struct loop *loop;
    struct watched **connections; /* by their descriptors; NULL: not one of ours */
    size_t connection_room;
    CURLM *multi;
    struct loop_timer curl_timer, look_timer;
    struct loop_task ended; /* to take what ended where nobody could be told */
    struct http_flight *flights;
    int flight_count;
    CURL *spare[SPARE_MAX];
    size_t spare_count;
};

struct http_flight {
    struct http_transfer k;
    struct http_multi *m;
    struct ctx *c;
    struct http_answer *out;
    void (*done)(void *arg, rc_t rc);
    void *arg;
    struct loop_task act; /* goes on reading, or gives up */
    struct http_flight *next, **here;
};

static void give_up_late(struct http_multi *m);
static void take_ended(struct http_multi *m);

static void turn(struct http_multi *m, curl_socket_t fd, int what)
{
    int running;

    if (curl_multi_socket_action(m->multi, fd, what, &running) != CURLM_OK)
        abort();
    take_ended(m);
}

/*
 * A socket of curl's: it asks to be told of it, and says so when it does not any more. A connection
 * stays in epoll between two calls, which saves each of them two calls of the kernel.
 */
struct watched {
    struct loop_fd fd;
    struct http_multi *m;
    bool is_connection; /* else one of curl's own making, which it closes without a word */
    bool wanted;
};

static void on_ready(void *arg, uint32_t events)
{
    struct watched *w = arg;
    int what = 0;

    /* Nobody has it in use, and the other side has hung up: epoll would go on telling. */
    if (!w->wanted) {
        loop_unwatch(w->m->loop, &w->fd);
        return;
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP))
        what |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        what |= CURL_CSELECT_OUT;
    if (events & EPOLLERR)
        what |= CURL_CSELECT_ERR;
    turn(w->m, w->fd.fd, what);
}

static struct watched *watched_new(struct http_multi *m, curl_socket_t fd)
{
    struct watched *w = calloc(1, sizeof(*w));

    if (w == NULL)
        abort();
    *w = (struct watched){.fd = {.fd = fd, .fn = on_ready, .arg = w}, .m = m};
    return w;
}

static void watched_free(struct watched *w)
{
    if (w != NULL)
        loop_unwatch(w->m->loop, &w->fd);
    free(w);
}

static struct watched *connection_of(const struct http_multi *m, curl_socket_t fd)
{
    return (size_t)fd < m->connection_room ? m->connections[fd] : NULL;
}

static void connection_add(struct http_multi *m, curl_socket_t fd)
{
    const size_t old = m->connection_room;

    if ((size_t)fd >= old) {
        m->connection_room = (size_t)fd < 128 ? 256 : (size_t)fd * 2;
        m->connections = reallocarray(m->connections, m->connection_room, sizeof(struct watched *));
        if (m->connections == NULL)
            abort();
        for (size_t i = old; i < m->connection_room; i++)
            m->connections[i] = NULL;
    }
    watched_free(m->connections[fd]);
    m->connections[fd] = watched_new(m, fd);
    m->connections[fd]->is_connection = true;
}

/* The name was resolved by now; what is checked here is what is connected to. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct http_flight *f = arg;
    const int waits = WAITS_SIZE;
    int fd;

    (void)purpose;
    if (f->k.ask->public_only && !address_public(&to->addr)) {
        f->k.inside = true;
        return CURL_SOCKET_BAD;
    }
    fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    /* A wish: without it only memory is lost. */
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &waits, sizeof(waits));
    connection_add(f->m, fd);
    return fd;
}

static int on_close(void *arg, curl_socket_t fd)
{
    struct http_multi *m = arg;

    if (connection_of(m, fd) != NULL) {
        watched_free(m->connections[fd]);
        m->connections[fd] = NULL;
    }
    return close(fd);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
    struct http_multi *m = arg;
    struct watched *w = known != NULL ? known : connection_of(m, fd);
    uint32_t events;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w != NULL && w->is_connection)
            w->wanted = false;
        else
            watched_free(w);
        return 0;
    }
    if (w == NULL) {
        w = watched_new(m, fd);
        curl_multi_assign(m->multi, fd, w);
    }
    events = ((what & CURL_POLL_IN) ? (uint32_t)EPOLLIN : 0) |
             ((what & CURL_POLL_OUT) ? (uint32_t)EPOLLOUT : 0);
    w->wanted = events != 0;
    /* Of one that nobody waits for, epoll would go on telling that it was hung up. */
    if (events == 0)
        loop_unwatch(m->loop, &w->fd);
    else
        loop_watch(m->loop, &w->fd, events);
    return 0;
}

static void on_curl_time(void *arg)
{
    turn(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
    struct http_multi *m = arg;

    (void)multi;
    if (ms < 0)
        loop_timer_stop(m->loop, &m->curl_timer);
    else
        loop_timer_set(m->loop, &m->curl_timer, ms);
    return 0;
}

static void on_ended(void *arg)
{
    take_ended(arg);
}

static void on_look(void *arg)
{
    give_up_late(arg);
}

struct http_multi *http_multi_new(struct loop *loop)
{
    struct http_multi *m = calloc(1, sizeof(*m));

    if (m == NULL)
        abort();
    m->loop = loop;
    m->multi = curl_multi_init();
    if (m->multi == NULL)
        abort();
    m->curl_timer = (struct loop_timer){.fn = on_curl_time, .arg = m};
    m->look_timer = (struct loop_timer){.fn = on_look, .arg = m};
    m->ended = (struct loop_task){.fn = on_ended, .arg = m};
    curl_multi_setopt(m->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(m->multi, CURLMOPT_SOCKETDATA, m);
    curl_multi_setopt(m->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(m->multi, CURLMOPT_TIMERDATA, m);
    curl_multi_setopt(m->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
    return m;
}

void http_multi_free(struct http_multi *m)
{
    assert(m->flights == NULL);
    while (m->ended.queued)
        loop_turn(m->loop, 0);
    while (m->spare_count > 0)
        curl_easy_cleanup(m->spare[--m->spare_count]);
    curl_multi_cleanup(m->multi);
    loop_timer_stop(m->loop, &m->curl_timer);
    loop_timer_stop(m->loop, &m->look_timer);
    free(m->connections);
    free(m);
}

static CURL *easy_take(struct http_multi *m)
{
    CURL *easy = m->spare_count > 0 ? m->spare[--m->spare_count] : curl_easy_init();

    if (easy == NULL)
        abort();
    return easy;
}

static void easy_put(struct http_multi *m, CURL *easy)
{
    if (m->spare_count == SPARE_MAX) {
        curl_easy_cleanup(easy);
        return;
    }
    curl_easy_reset(easy);
    m->spare[m->spare_count++] = easy;
}

static void end(struct http_flight *f, CURLcode result)
{
    struct http_multi *m = f->m;
    CURL *easy = f->k.easy;
    rc_t rc = http_transfer_end(f->c, &f->k, result, f->out);

    curl_multi_remove_handle(m->multi, easy);
    easy_put(m, easy);
    m->flight_count--;
    *f->here = f->next;
    if (f->next != NULL)
        f->next->here = f->here;
    if (f->act.queued) {
        /* The task is on its way already, and it is part of the flight. */
        f->k.easy = NULL;
        f->done(f->arg, rc);
        return;
    }
    f->done(f->arg, rc);
    free(f);
}

static void take_ended(struct http_multi *m)
{
    CURLMsg *note;
    int left;

    while ((note = curl_multi_info_read(m->multi, &left)) != NULL) {
        struct http_flight *f = NULL;

        if (note->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(note->easy_handle, CURLINFO_PRIVATE, (char **)&f);
        end(f, note->data.result);
    }
}

static void give_up_late(struct http_multi *m)
{
    int wait = HTTP_WAKE_MS;

    for (struct http_flight *f = m->flights, *next; f != NULL; f = next) {
        int own = http_transfer_look(&f->k);

        next = f->next;
        if (own < wait)
            wait = own;
        if (f->k.end != RUNNING)
            end(f, CURLE_ABORTED_BY_CALLBACK);
    }
    if (m->flights != NULL)
        loop_timer_set(m->loop, &m->look_timer, wait < 1 ? 1 : wait);
}

static void act(void *arg)
{
    struct http_flight *f = arg;

    if (f->k.easy == NULL)
        free(f);
    else if (f->k.end == CANCELLED)
        end(f, CURLE_ABORTED_BY_CALLBACK);
    else if (!f->k.held)
        curl_easy_pause(f->k.easy, CURLPAUSE_CONT);
}

static void act_soon(struct http_flight *f)
{
    if (!f->act.queued)
        loop_soon(f->m->loop, &f->act);
}

/*
 * What was added leaves at once, not in the loop's next turn. One that fails in the same moment is
 * taken in that turn all the same: nobody is told before http_multi_begin has returned.
 */
static void leave_now(struct http_multi *m)
{
    int running;

    if (curl_multi_socket_action(m->multi, CURL_SOCKET_TIMEOUT, 0, &running) != CURLM_OK)
        abort();
    if (running < m->flight_count && !m->ended.queued)
        loop_soon(m->loop, &m->ended);
}

rc_t http_multi_begin(struct http_multi *m, struct ctx *c, const struct http_ask *ask,
                      struct http_answer *out, void (*done)(void *arg, rc_t rc), void *arg,
                      struct http_flight **flight)
{
    struct http_flight *f = calloc(1, sizeof(*f));
    char origin[HTTP_ORIGIN_MAX];
    rc_t rc;

    if (f == NULL)
        abort();
    *out = (struct http_answer){.retry_after_ms = -1};
    rc = http_transfer_new(c, ask, &f->k, origin);
    if (rc != OK) {
        free(f);
        return rc;
    }
    f->m = m;
    f->c = c;
    f->out = out;
    f->done = done;
    f->arg = arg;
    f->act = (struct loop_task){.fn = act, .arg = f};
    http_transfer_begin(&f->k, easy_take(m));
    curl_easy_setopt(f->k.easy, CURLOPT_PRIVATE, f);
    curl_easy_setopt(f->k.easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(f->k.easy, CURLOPT_OPENSOCKETDATA, f);
    curl_easy_setopt(f->k.easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(f->k.easy, CURLOPT_CLOSESOCKETDATA, m);
    curl_easy_setopt(f->k.easy, CURLOPT_BUFFERSIZE,
                     (long)(ask->on_piece == NULL ? READ_SIZE : PIECE_SIZE));
    curl_easy_setopt(f->k.easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_SIZE);
    if (curl_multi_add_handle(m->multi, f->k.easy) != CURLM_OK)
        abort();
    f->here = &m->flights;
    f->next = m->flights;
    if (f->next != NULL)
        f->next->here = &f->next;
    m->flights = f;
    m->flight_count++;
    if (m->look_timer.place == 0)
        loop_timer_set(m->loop, &m->look_timer, HTTP_WAKE_MS);
    *flight = f;
    leave_now(m);
    return OK;
}

void http_flight_hold(struct http_flight *f, bool hold)
{
    if (f->k.held == hold || f->k.end == CANCELLED)
        return;
    f->k.held = hold;
    if (hold) {
        curl_easy_pause(f->k.easy, CURLPAUSE_RECV);
        return;
    }
    if (f->k.last_ms > 0)
        f->k.last_ms = loop_now_ms(f->m->loop);
    act_soon(f);
}

void http_flight_cancel(struct http_flight *f)
{
    f->k.end = CANCELLED;
    act_soon(f);
}
