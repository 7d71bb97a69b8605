/* See helpers.h. */
#include "flow/helpers.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/rc.h"

#define STACK_BYTES KIB(256)

struct helpers {
    struct loop *loop;
    size_t most, count, idle, waiting;
    struct errand *first, **end;
    bool over;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

struct helpers *helpers_new(struct loop *loop, size_t most)
{
    struct helpers *h = calloc(1, sizeof(*h));

    if (h == NULL)
        abort();
    h->loop = loop;
    h->most = most;
    h->end = &h->first;
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, NULL);
    return h;
}

/* NULL once there will be none any more. With the lock held. */
static struct errand *next_errand(struct helpers *h)
{
    struct errand *e;

    h->idle++;
    while (h->first == NULL && !h->over)
        pthread_cond_wait(&h->changed, &h->lock);
    h->idle--;
    e = h->over ? NULL : h->first;
    if (e == NULL)
        return NULL;
    h->waiting--;
    h->first = e->next;
    if (h->first == NULL)
        h->end = &h->first;
    return e;
}

static void *run(void *arg)
{
    struct helpers *h = arg;
    struct errand *e;

    pthread_mutex_lock(&h->lock);
    while ((e = next_errand(h)) != NULL) {
        pthread_mutex_unlock(&h->lock);
        e->work(e->arg);
        loop_post(h->loop, &e->done);
        pthread_mutex_lock(&h->lock);
    }
    h->count--;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

static void add_thread(struct helpers *h)
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    if (pthread_create(&thread, &attr, run, h) == 0)
        h->count++;
    else
        log_warn("thread_refused", NULL);
    pthread_attr_destroy(&attr);
}

void helpers_send(struct helpers *h, struct errand *e)
{
    pthread_mutex_lock(&h->lock);
    e->next = NULL;
    *h->end = e;
    h->end = &e->next;
    h->waiting++;
    if (h->waiting > h->idle && h->count < h->most)
        add_thread(h);
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

void helpers_free(struct helpers *h)
{
    pthread_mutex_lock(&h->lock);
    h->over = true;
    pthread_cond_broadcast(&h->changed);
    while (h->count > 0)
        pthread_cond_wait(&h->changed, &h->lock);
    pthread_mutex_unlock(&h->lock);
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
    free(h);
}
