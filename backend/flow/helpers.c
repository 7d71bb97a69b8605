/* See helpers.h. */
#include "flow/helpers.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/rc.h"
#include "base/text.h"

#define STACK_BYTES KIB(256)

struct helpers {
    struct loop *loop;
    size_t most, most_of_lane, count, idle, waiting;
    struct errand *first, **end;
    const char **lanes; /* of those at work */
    size_t working;
    bool over;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

struct helpers *helpers_new(struct loop *loop, size_t most, size_t most_of_lane)
{
    struct helpers *h = calloc(1, sizeof(*h));

    if (h == NULL)
        abort();
    h->loop = loop;
    h->most = most;
    h->most_of_lane = most_of_lane;
    h->lanes = calloc(most, sizeof(*h->lanes));
    if (h->lanes == NULL)
        abort();
    h->end = &h->first;
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, NULL);
    return h;
}

static size_t at_work(const struct helpers *h, const char *lane)
{
    size_t count = 0;

    for (size_t i = 0; i < h->working; i++)
        count += text_is(h->lanes[i], lane);
    return count;
}

/* Where in the list the errand hangs whose turn it is; NULL: nobody's. With the lock held. */
static struct errand **whose_turn(struct helpers *h)
{
    struct errand **best = NULL;
    size_t fewest = h->most_of_lane;

    for (struct errand **at = &h->first; *at != NULL && fewest > 0; at = &(*at)->next) {
        size_t count = at_work(h, (*at)->lane);

        if (count < fewest) {
            fewest = count;
            best = at;
        }
    }
    return best;
}

/* NULL once there will be none any more. With the lock held. */
static struct errand *next_errand(struct helpers *h)
{
    struct errand **at, *e;

    h->idle++;
    while (!h->over && (at = whose_turn(h)) == NULL)
        pthread_cond_wait(&h->changed, &h->lock);
    h->idle--;
    if (h->over)
        return NULL;
    e = *at;
    h->waiting--;
    *at = e->next;
    if (h->end == &e->next)
        h->end = at;
    h->lanes[h->working++] = e->lane;
    return e;
}

/* With the lock held. */
static void leave_lane(struct helpers *h, const char *lane)
{
    size_t i = 0;

    while (h->lanes[i] != lane)
        i++;
    h->lanes[i] = h->lanes[--h->working];
}

static void *run(void *arg)
{
    struct helpers *h = arg;
    struct errand *e;

    pthread_mutex_lock(&h->lock);
    while ((e = next_errand(h)) != NULL) {
        pthread_mutex_unlock(&h->lock);
        e->work(e->arg);
        pthread_mutex_lock(&h->lock);
        leave_lane(h, e->lane);
        pthread_mutex_unlock(&h->lock);
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
    free(h->lanes);
    free(h);
}
