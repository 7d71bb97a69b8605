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
#include "flow/line_calls.h"
#include "flow/v1_call.h"

#define PATH_MOST 108
/*
 * Who opens calls at once, in a few milliseconds each; and whose texts are made into vectors at
 * once, which takes up to a minute. Of one company fewer, so that it stands in nobody's way.
 */
#define HELPERS 16
#define HELPERS_OF_TENANT 12
#define EMBEDDERS 64
#define EMBEDDERS_OF_TENANT 8
#define KEPT MIB(1)
#define LOOK_MS 50 /* whether all is done, once it is to stop */

/* To one web process. */
struct wire {
    struct wire *next;
    struct line *line;
    struct line_calls calls;
    struct loop_fd fd;
    struct loop_task flush;
    bool broken;
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
} own = {.listening = {.fd = -1}};

static void flush_soon(void *arg)
{
    struct wire *w = arg;

    if (!w->flush.queued)
        loop_soon(own.place.loop, &w->flush);
}

static bool on_frame(void *arg, enum line_kind kind, uint32_t id, struct bytes payload)
{
    struct wire *w = arg;

    return line_calls_got(&w->calls, kind, id, payload);
}

static void drop(struct wire *w)
{
    struct wire **at = &own.wires;

    line_calls_forget(&w->calls);
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
    w->calls.line = w->line;
    w->calls.place = &own.place;
    w->calls.db = own.db;
    w->calls.flush = flush_soon;
    w->calls.arg = w;
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
    if (line_calls_count() == 0 && all_sent() && pool_loop_count(own.place.pool) == 0)
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
    helpers_free(own.place.embedders);
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
    own.place.helpers = helpers_new(own.place.loop, HELPERS, HELPERS_OF_TENANT);
    own.place.embedders = helpers_new(own.place.loop, EMBEDDERS, EMBEDDERS_OF_TENANT);
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
