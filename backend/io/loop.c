/* See loop.h. Timers lie in a binary heap, whose places begin at 1. */
#include "io/loop.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

#define EVENTS_MAX 256

struct tasks {
    struct loop_task *first, **end;
};

struct loop {
    int epoll, wake;
    int64_t now_ms;
    atomic_bool over;
    struct epoll_event events[EVENTS_MAX];
    int event_count, event_at;
    struct loop_timer **heap;
    size_t timers, room;
    struct tasks soon;
    pthread_mutex_t lock;
    struct tasks posted; /* under the lock */
};

static void tasks_none(struct tasks *t)
{
    t->first = NULL;
    t->end = &t->first;
}

static void tasks_add(struct tasks *t, struct loop_task *task)
{
    task->next = NULL;
    *t->end = task;
    t->end = &task->next;
}

struct loop *loop_new(void)
{
    struct loop *l = calloc(1, sizeof(*l));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    if (l == NULL)
        abort();
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->epoll < 0 || l->wake < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &event) != 0)
        abort();
    tasks_none(&l->soon);
    tasks_none(&l->posted);
    pthread_mutex_init(&l->lock, NULL);
    l->now_ms = clock_mono_ms();
    return l;
}

void loop_free(struct loop *l)
{
    close(l->wake);
    close(l->epoll);
    pthread_mutex_destroy(&l->lock);
    free(l->heap);
    free(l);
}

int64_t loop_now_ms(const struct loop *l)
{
    return l->now_ms;
}

static void wake(struct loop *l)
{
    const uint64_t one = 1;

    while (write(l->wake, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

void loop_stop(struct loop *l)
{
    atomic_store(&l->over, true);
    wake(l);
}

void loop_watch(struct loop *l, struct loop_fd *w, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = w};

    int how = w->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (w->watched && w->events == events)
        return;
    w->events = events;
    if (epoll_ctl(l->epoll, how, w->fd, &event) != 0)
        abort();
    w->watched = true;
}

void loop_unwatch(struct loop *l, struct loop_fd *w)
{
    if (!w->watched)
        return;
    w->watched = false;
    (void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
    /* What this turn has still to tell of it is told to nobody. */
    for (int i = l->event_at; i < l->event_count; i++)
        if (l->events[i].data.ptr == w)
            l->events[i].events = 0;
}

static void put(struct loop *l, size_t place, struct loop_timer *t)
{
    l->heap[place] = t;
    t->place = place;
}

static void move_up(struct loop *l, struct loop_timer *t)
{
    size_t at = t->place;

    for (; at > 1 && l->heap[at / 2]->at_ms > t->at_ms; at /= 2)
        put(l, at, l->heap[at / 2]);
    put(l, at, t);
}

static void move_down(struct loop *l, struct loop_timer *t)
{
    size_t at = t->place;

    for (size_t child = 2 * at; child <= l->timers; child = 2 * at) {
        if (child < l->timers && l->heap[child + 1]->at_ms < l->heap[child]->at_ms)
            child++;
        if (l->heap[child]->at_ms >= t->at_ms)
            break;
        put(l, at, l->heap[child]);
        at = child;
    }
    put(l, at, t);
}

void loop_timer_stop(struct loop *l, struct loop_timer *t)
{
    size_t place = t->place;

    if (place == 0)
        return;

    struct loop_timer *last = l->heap[l->timers--];

    t->place = 0;
    if (last == t)
        return;
    put(l, place, last);
    move_up(l, last);
    move_down(l, last);
}

void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t ms)
{
    loop_timer_stop(l, t);
    if (l->timers + 2 > l->room) {
        l->room = l->room == 0 ? 64 : 2 * l->room;
        l->heap = reallocarray(l->heap, l->room, sizeof(struct loop_timer *));
        if (l->heap == NULL)
            abort();
    }
    t->at_ms = clock_mono_ms() + (ms < 0 ? 0 : ms);
    put(l, ++l->timers, t);
    move_up(l, t);
}

void loop_soon(struct loop *l, struct loop_task *t)
{
    assert(!t->queued);
    t->queued = true;
    tasks_add(&l->soon, t);
}

void loop_post(struct loop *l, struct loop_task *t)
{
    bool first;

    pthread_mutex_lock(&l->lock);
    first = l->posted.first == NULL;
    tasks_add(&l->posted, t);
    pthread_mutex_unlock(&l->lock);
    if (first)
        wake(l);
}

/* Of the tasks that they hand in themselves only the next round is told. */
static void run_tasks(struct tasks *list)
{
    struct loop_task *t = list->first;

    tasks_none(list);
    for (struct loop_task *next; t != NULL; t = next) {
        next = t->next;
        t->queued = false;
        t->fn(t->arg);
    }
}

static void run_posted(struct loop *l)
{
    struct tasks taken;
    uint64_t count;

    while (read(l->wake, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
    pthread_mutex_lock(&l->lock);
    taken = l->posted;
    tasks_none(&l->posted);
    pthread_mutex_unlock(&l->lock);
    run_tasks(&taken);
}

static void run_timers(struct loop *l)
{
    while (l->timers > 0 && l->heap[1]->at_ms <= l->now_ms) {
        struct loop_timer *t = l->heap[1];

        loop_timer_stop(l, t);
        t->fn(t->arg);
    }
}

static int wait_ms(const struct loop *l, int max_ms)
{
    int64_t left;

    if (l->soon.first != NULL)
        return 0;
    if (l->timers == 0)
        return max_ms;
    left = l->heap[1]->at_ms - clock_mono_ms();
    if (left < 0)
        left = 0;
    return max_ms >= 0 && left > max_ms ? max_ms : (int)(left > 60000 ? 60000 : left);
}

void loop_turn(struct loop *l, int max_ms)
{
    int count = epoll_wait(l->epoll, l->events, EVENTS_MAX, wait_ms(l, max_ms));

    l->now_ms = clock_mono_ms();
    l->event_count = count < 0 ? 0 : count;
    for (l->event_at = 0; l->event_at < l->event_count;) {
        const struct epoll_event event = l->events[l->event_at++];
        const struct loop_fd *w = event.data.ptr;

        if (w == NULL)
            run_posted(l);
        else if (event.events != 0)
            w->fn(w->arg, event.events);
    }
    l->event_count = 0;
    run_timers(l);
    run_tasks(&l->soon);
}

void loop_run(struct loop *l)
{
    while (!atomic_load(&l->over))
        loop_turn(l, -1);
}
