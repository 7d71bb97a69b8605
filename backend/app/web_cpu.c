/*
 * The one helper thread of a worker: what would hold up the loop for long, such as hashing a
 * password. The thread is made with the first piece of work, and tells the loop by an eventfd.
 */
#include "app/web.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define QUEUE_MAX 128

struct piece {
    struct web_parked *owner;
    void (*work)(void *state);
    void *state;
};

struct ring {
    struct piece pieces[QUEUE_MAX];
    size_t first, count;
};

static struct {
    struct kore_event event; /* first: the loop calls its handle */
    int fd;
    bool running;
    size_t under_way; /* handed in and not yet woken; bounds both rings */
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct ring todo, done;
} cpu = {.fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

static void push(struct ring *r, struct piece p)
{
    r->pieces[(r->first + r->count++) % QUEUE_MAX] = p;
}

static struct piece pop(struct ring *r)
{
    struct piece p = r->pieces[r->first];

    r->first = (r->first + 1) % QUEUE_MAX;
    r->count--;
    return p;
}

static void *run(void *unused)
{
    uint64_t one = 1;

    (void)unused;
    for (;;) {
        pthread_mutex_lock(&cpu.lock);
        while (cpu.todo.count == 0)
            pthread_cond_wait(&cpu.more, &cpu.lock);

        struct piece p = pop(&cpu.todo);

        pthread_mutex_unlock(&cpu.lock);
        p.work(p.state);
        pthread_mutex_lock(&cpu.lock);
        push(&cpu.done, p);
        pthread_mutex_unlock(&cpu.lock);
        if (write(cpu.fd, &one, sizeof(one)) != sizeof(one))
            abort();
    }
    return NULL;
}

static void finished(void *event, int error)
{
    uint64_t times;

    (void)event;
    (void)error;
    cpu.event.flags &= ~KORE_EVENT_READ;
    if (read(cpu.fd, &times, sizeof(times)) != sizeof(times))
        return;
    for (;;) {
        pthread_mutex_lock(&cpu.lock);

        bool any = cpu.done.count > 0;
        struct piece p = any ? pop(&cpu.done) : (struct piece){0};

        pthread_mutex_unlock(&cpu.lock);
        if (!any)
            return;
        cpu.under_way--;
        web_parked_wake(p.owner, WAKE_DONE, (struct bytes){0});
    }
}

/*
 * Signals belong to the loop's thread; the stack is small, because hashing takes its memory from
 * the heap.
 */
static bool start(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t every, before;

    cpu.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (cpu.fd == -1)
        return false;
    cpu.event.handle = finished;
    kore_platform_event_schedule(cpu.fd, EPOLLIN, 0, &cpu);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, KIB(256));
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);

    int rc = pthread_create(&thread, &attr, run, NULL);

    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return rc == 0;
}

bool web_cpu_add(struct web_parked *p, void (*work)(void *state), void *state)
{
    if (!cpu.running)
        cpu.running = start();
    if (!cpu.running || cpu.under_way >= QUEUE_MAX)
        return false;
    cpu.under_way++;
    pthread_mutex_lock(&cpu.lock);
    push(&cpu.todo, (struct piece){p, work, state});
    pthread_cond_signal(&cpu.more);
    pthread_mutex_unlock(&cpu.lock);
    return true;
}
