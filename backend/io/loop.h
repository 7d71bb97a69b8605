/*
 * One thread's event loop: file descriptors (epoll), timers, and tasks that other threads hand in.
 * Everything but loop_post and loop_stop is called from the loop's own thread. The structs belong
 * to the callers, who keep them in place until they are ended, fired or run: nothing is allocated
 * for an event.
 */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop;

struct loop *loop_new(void);
/* Nothing is watched, timed or handed in any more. */
void loop_free(struct loop *l);

/* Turns until loop_stop is called, from any thread. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* One turn: waits for something to happen, at most max_ms (-1: without end), and does it. */
void loop_turn(struct loop *l, int max_ms);
/* clock_mono_ms as it was when this turn began. */
int64_t loop_now_ms(const struct loop *l);

/* A descriptor that is watched. `fn` is told what epoll said (EPOLLIN, EPOLLOUT, EPOLLHUP ...). */
struct loop_fd {
    int fd;
    void (*fn)(void *arg, uint32_t events);
    void *arg;
    uint32_t events; /* own: what it is watched for */
    bool watched;    /* own */
};
/* Begins to watch, or changes the events. It may be called for the same descriptor again. */
void loop_watch(struct loop *l, struct loop_fd *w, uint32_t events);
/* Before the descriptor is closed. Without effect when it is not watched. */
void loop_unwatch(struct loop *l, struct loop_fd *w);

/* Fires once. Zeroed: not set. */
struct loop_timer {
    void (*fn)(void *arg);
    void *arg;
    int64_t at_ms;
    size_t place; /* own: in the heap, from 1; 0: not set */
};
/* So many milliseconds from now; one that is set already is set anew. */
void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t ms);
void loop_timer_stop(struct loop *l, struct loop_timer *t);

/* Something to be done in a while: before the loop waits again. */
struct loop_task {
    void (*fn)(void *arg);
    void *arg;
    struct loop_task *next; /* own */
    bool queued;            /* own */
};
/* From the loop's thread, at most once until it has run. */
void loop_soon(struct loop *l, struct loop_task *t);
/* From any thread. The caller does not touch the task before it has run. */
void loop_post(struct loop *l, struct loop_task *t);

#endif
