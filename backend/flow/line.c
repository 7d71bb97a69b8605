/* See line.h. */
#include "flow/line.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "base/log.h"
#include "base/slice.h"
#include "flow/v1_call.h"
#include "llm/served.h"

#define SLOTS 2048            /* calls of one web process; a power of two, as in app/web_line.c */
#define BODIES_MAX MIB(256)   /* questions that come in or are being asked */
#define CALL_MEMORY MIB(64)   /* beside five times the body, which its reader may need */
#define HELD_BACK LINE_WINDOW /* bytes that wait for credit before the model is held back */
#define PATH_MOST 108
#define HELPERS 16 /* embeddings that are asked for at once */
#define KEPT MIB(1)
#define LOOK_MS 50 /* whether all is done, once it is to stop */

struct wire;

struct call {
    uint32_t id;
    struct wire *wire;
    struct ctx *c; /* until it is started; so is the body */
    struct line_open open;
    char *body;
    size_t body_have;
    struct v1_call *v1; /* NULL: not begun, or its answer is complete */
    bool complete, held;
    size_t credit;
    char *out; /* waits for credit */
    size_t out_at, out_len, out_room;
};

/* To one web process. */
struct wire {
    struct wire *next;
    struct line *line;
    struct loop_fd fd;
    struct loop_task flush;
    bool broken;
    struct call *calls[SLOTS];
};

static struct {
    struct v1_place place;
    struct db_pool *db;
    pthread_t thread;
    char path[PATH_MOST];
    struct loop_fd listening;
    struct loop_task stop;
    struct loop_timer over, look;
    int64_t wait_ms;
    struct wire *wires;
    size_t bodies; /* bytes */
    size_t count;
} own = {.listening = {.fd = -1}};

static void flush_soon(struct wire *w)
{
    if (!w->flush.queued)
        loop_soon(own.place.loop, &w->flush);
}

static void put(struct call *call, enum line_kind kind, struct bytes payload)
{
    line_put(call->wire->line, kind, call->id, payload, BYTES(""));
    flush_soon(call->wire);
}

static void forget(struct call *call)
{
    call->wire->calls[call->id % SLOTS] = NULL;
    own.count--;
    own.bodies -= call->open.body_len;
    if (call->c != NULL)
        ctx_end(call->c);
    if (call->v1 != NULL)
        v1_call_leave(call->v1);
    free(call->body);
    free(call->out);
    free(call);
}

static void send_now(struct call *call, struct bytes data)
{
    while (data.len > 0) {
        size_t len = data.len < LINE_PAYLOAD_MAX ? data.len : LINE_PAYLOAD_MAX;

        put(call, LINE_DATA, (struct bytes){data.data, len});
        call->credit -= len;
        data = (struct bytes){data.data + len, data.len - len};
    }
}

/* What the credit does not cover waits here. */
static void keep(struct call *call, struct bytes data)
{
    if (call->out_at > 0) {
        memmove(call->out, call->out + call->out_at, call->out_len - call->out_at);
        call->out_len -= call->out_at;
        call->out_at = 0;
    }
    if (call->out_room < call->out_len + data.len) {
        size_t room = 2 * (call->out_len + data.len);
        char *larger = realloc(call->out, room);

        if (larger == NULL)
            abort();
        call->out = larger;
        call->out_room = room;
    }
    memcpy(call->out + call->out_len, data.data, data.len);
    call->out_len += data.len;
}

static void hold(struct call *call, bool yes)
{
    if (call->held == yes || call->v1 == NULL)
        return;
    call->held = yes;
    v1_call_hold(call->v1, yes);
}

static void on_head(void *arg, const struct line_head *head)
{
    put(arg, LINE_HEAD, (struct bytes){(const char *)head, sizeof(*head)});
}

static void on_data(void *arg, struct bytes piece)
{
    struct call *call = arg;
    size_t now = call->out_len > call->out_at ? 0
                 : piece.len < call->credit   ? piece.len
                                              : call->credit;

    send_now(call, (struct bytes){piece.data, now});
    if (now < piece.len)
        keep(call, (struct bytes){piece.data + now, piece.len - now});
    if (call->out_len - call->out_at > HELD_BACK)
        hold(call, true);
}

static void end_if_out(struct call *call)
{
    if (!call->complete || call->out_at < call->out_len)
        return;
    put(call, LINE_END, BYTES(""));
    forget(call);
}

static void on_end(void *arg)
{
    struct call *call = arg;

    call->v1 = NULL;
    call->complete = true;
    end_if_out(call);
}

static void on_credit(struct call *call, uint32_t more)
{
    size_t waiting, now;

    call->credit += more;
    waiting = call->out_len - call->out_at;
    now = waiting < call->credit ? waiting : call->credit;
    send_now(call, (struct bytes){call->out + call->out_at, now});
    call->out_at += now;
    if (now == waiting)
        hold(call, false);
    end_if_out(call);
}

static void start(struct call *call)
{
    const struct v1_out out = {.head = on_head, .data = on_data, .end = on_end, .arg = call};
    struct ctx *c = call->c;
    char *body = call->body;

    call->c = NULL;
    call->body = NULL;
    call->v1 = v1_call_start(&own.place, c, &call->open, body, call->body_have, &out);
}

/* An answer without a question: the body was never read. */
static void refuse_busy(struct call *call)
{
    const struct fault busy = {.rc = E_UNAVAILABLE, .code = "busy"};
    struct served_error error = served_error_of(&busy);
    struct buf body = buf_new(call->c->mem, KIB(4));

    served_error_write(&error, &body);

    const struct line_head head = {
        .status = (uint16_t)error.status, .again = LINE_AGAIN, .wait_s = 1, .length = body.len};

    on_head(call, &head);
    on_data(call, buf_bytes(&body));
    call->complete = true;
    end_if_out(call);
}

static bool on_open(struct wire *w, uint32_t id, struct bytes payload)
{
    struct call *call = calloc(1, sizeof(*call));
    struct ctx *c = ctx_new(CALL_MEMORY + 6 * (size_t)SERVED_BODY_MAX, own.db);
    size_t read = line_open_read(c->mem, payload, &call->open);

    if (read == 0 || w->calls[id % SLOTS] != NULL || call->open.body_len > SERVED_BODY_MAX ||
        call->open.body_len < payload.len - read) {
        ctx_end(c);
        free(call);
        return false;
    }
    c->tenant_id = call->open.tenant_id;
    c->reference = call->open.reference;
    call->id = id;
    call->wire = w;
    call->c = c;
    call->credit = LINE_WINDOW;
    w->calls[id % SLOTS] = call;
    own.count++;
    own.bodies += call->open.body_len;
    if (own.bodies > BODIES_MAX) {
        refuse_busy(call);
        return true;
    }
    call->body = malloc(call->open.body_len + 1);
    if (call->body == NULL)
        abort();
    call->body_have = payload.len - read;
    memcpy(call->body, payload.data + read, call->body_have);
    if (call->body_have == call->open.body_len)
        start(call);
    return true;
}

static bool on_body(struct call *call, struct bytes more)
{
    if (call->body == NULL || more.len > call->open.body_len - call->body_have)
        return false;
    memcpy(call->body + call->body_have, more.data, more.len);
    call->body_have += more.len;
    if (call->body_have == call->open.body_len)
        start(call);
    return true;
}

static bool on_frame(void *arg, enum line_kind kind, uint32_t id, struct bytes payload)
{
    struct wire *w = arg;
    struct call *call = w->calls[id % SLOTS];
    struct line_credit credit;

    if (kind == LINE_OPEN)
        return on_open(w, id, payload);
    /* It ended while this was on its way. */
    if (call == NULL || call->id != id)
        return true;
    switch (kind) {
    case LINE_BODY:
        return on_body(call, payload);
    case LINE_CREDIT:
        if (payload.len != sizeof(credit))
            return false;
        memcpy(&credit, payload.data, sizeof(credit));
        on_credit(call, credit.bytes);
        return true;
    case LINE_GONE:
        forget(call);
        return true;
    case LINE_OPEN:
    case LINE_HEAD:
    case LINE_DATA:
    case LINE_END:
    case LINE_RESTS:
        break;
    }
    return false;
}

static void drop(struct wire *w)
{
    struct wire **at = &own.wires;

    for (size_t i = 0; i < SLOTS; i++)
        if (w->calls[i] != NULL)
            forget(w->calls[i]);
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    loop_unwatch(own.place.loop, &w->fd);
    line_free(w->line);
    free(w);
}

static void on_flush(void *arg)
{
    struct wire *w = arg;

    if (w->broken || !line_flush(w->line)) {
        drop(w);
        return;
    }
    loop_watch(own.place.loop, &w->fd, line_waiting(w->line) > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* What is over is dropped by the flush, so that nobody loses the ground under his feet. */
static void on_wire(void *arg, uint32_t events)
{
    struct wire *w = arg;

    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !w->broken)
        w->broken = !line_read(w->line);
    flush_soon(w);
}

static void on_listening(void *arg, uint32_t events)
{
    int fd = line_accept(own.listening.fd);
    struct wire *w;

    (void)arg;
    (void)events;
    if (fd < 0)
        return;
    w = calloc(1, sizeof(*w));
    if (w == NULL)
        abort();
    w->line = line_new(fd, on_frame, w);
    w->fd = (struct loop_fd){.fd = fd, .fn = on_wire, .arg = w};
    w->flush = (struct loop_task){.fn = on_flush, .arg = w};
    w->next = own.wires;
    own.wires = w;
    loop_watch(own.place.loop, &w->fd, EPOLLIN);
}

/* Their time is over: the web processes tell their clients. */
static void on_over(void *arg)
{
    (void)arg;
    for (struct wire *w = own.wires; w != NULL; w = w->next) {
        w->broken = true;
        flush_soon(w);
    }
}

static bool all_sent(void)
{
    for (const struct wire *w = own.wires; w != NULL; w = w->next)
        if (!w->broken && line_waiting(w->line) > 0)
            return false;
    return true;
}

/* Questions whose callers have gone may still be read to their end. */
static void on_look(void *arg)
{
    (void)arg;
    if (own.count == 0 && all_sent() && pool_loop_count(own.place.pool) == 0)
        loop_stop(own.place.loop);
    else
        loop_timer_set(own.place.loop, &own.look, LOOK_MS);
}

static void on_stop(void *arg)
{
    (void)arg;
    unlink(own.path);
    loop_unwatch(own.place.loop, &own.listening);
    close(own.listening.fd);
    own.listening.fd = -1;
    for (struct wire *w = own.wires; w != NULL; w = w->next) {
        line_put(w->line, LINE_RESTS, 0, BYTES(""), BYTES(""));
        flush_soon(w);
    }
    loop_timer_set(own.place.loop, &own.over, own.wait_ms);
    on_look(NULL);
}

static void *run(void *arg)
{
    (void)arg;
    slice_short();
    arena_keep(KEPT);
    loop_run(own.place.loop);
    while (own.wires != NULL)
        drop(own.wires);
    helpers_free(own.place.helpers);
    pool_loop_free(own.place.pool);
    loop_free(own.place.loop);
    return NULL;
}

bool line_start(const char *dir, struct db_pool *db)
{
    struct ctx *c = ctx_new(KIB(64), NULL);

    line_sweep(dir);
    snprintf(own.path, sizeof(own.path), "%s/%.8s%s", dir, id_new(c->mem) + ID_LEN - 8,
             LINE_ENDING);
    ctx_end(c);
    own.listening = (struct loop_fd){.fd = line_listen(own.path), .fn = on_listening};
    if (own.listening.fd < 0) {
        log_error("line_not_open", "path", own.path, "why", strerror(errno), NULL);
        return false;
    }
    own.db = db;
    own.place.loop = loop_new();
    own.place.pool = pool_loop_new(own.place.loop, db);
    own.place.helpers = helpers_new(own.place.loop, HELPERS);
    own.stop = (struct loop_task){.fn = on_stop};
    own.over = (struct loop_timer){.fn = on_over};
    own.look = (struct loop_timer){.fn = on_look};
    loop_watch(own.place.loop, &own.listening, EPOLLIN);
    if (pthread_create(&own.thread, NULL, run, NULL) != 0)
        abort();
    return true;
}

void line_stop(int64_t wait_ms)
{
    if (own.place.loop == NULL)
        return;
    own.wait_ms = wait_ms;
    loop_post(own.place.loop, &own.stop);
}

void line_join(void)
{
    if (own.place.loop == NULL)
        return;
    pthread_join(own.thread, NULL);
    own.place.loop = NULL;
}
