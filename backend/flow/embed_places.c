/* See embed_places.h. */
#include "flow/embed_places.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base/text.h"

/* Companies whose last turn is remembered; of others it was long ago. */
#define KNOWN 64

struct waiting {
    const char *tenant_id;
    bool served;
    pthread_cond_t changed;
    struct waiting *next;
};

static struct {
    pthread_mutex_t lock;
    size_t left;
    struct waiting *first;
    uint64_t turn;
    struct {
        char tenant_id[40];
        uint64_t turn;
    } known[KNOWN];
} places = {.lock = PTHREAD_MUTEX_INITIALIZER};

void embed_places_set(size_t count)
{
    places.left = count;
}

static const char *name_of(const char *tenant_id)
{
    return tenant_id == NULL ? "" : tenant_id;
}

/* With the lock held; 0: not that we know. */
static uint64_t last_turn(const char *tenant_id)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (places.known[i].turn != 0 && text_is(places.known[i].tenant_id, name_of(tenant_id)))
            return places.known[i].turn;
    return 0;
}

/* With the lock held. Who is not known takes the place of whose turn was the longest time ago. */
static void note_turn(const char *tenant_id)
{
    size_t at = 0;

    for (size_t i = 0; i < KNOWN; i++) {
        if (places.known[i].turn != 0 && text_is(places.known[i].tenant_id, name_of(tenant_id))) {
            at = i;
            break;
        }
        if (places.known[i].turn < places.known[at].turn)
            at = i;
    }
    snprintf(places.known[at].tenant_id, sizeof(places.known[at].tenant_id), "%s",
             name_of(tenant_id));
    places.known[at].turn = ++places.turn;
}

/* With the lock held: gives the place that has become free to whoever is next. */
static void pass_on(void)
{
    struct waiting **best = &places.first, *w;

    if (places.first == NULL) {
        places.left++;
        return;
    }
    for (struct waiting **at = &places.first; *at != NULL; at = &(*at)->next)
        if (last_turn((*at)->tenant_id) < last_turn((*best)->tenant_id))
            best = at;
    w = *best;
    *best = w->next;
    w->served = true;
    note_turn(w->tenant_id);
    pthread_cond_signal(&w->changed);
}

static struct timespec moment_in(int64_t ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += ms % 1000 * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* With the lock held. */
static void wait_for_turn(struct waiting *w, int64_t wait_ms)
{
    const struct timespec until = moment_in(wait_ms);
    struct waiting **at = &places.first;
    pthread_condattr_t attr;
    int rc = 0;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &attr);
    pthread_condattr_destroy(&attr);
    while (*at != NULL)
        at = &(*at)->next;
    *at = w;
    while (!w->served && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&w->changed, &places.lock, &until);
    for (at = &places.first; *at != NULL && *at != w;)
        at = &(*at)->next;
    if (*at == w)
        *at = w->next;
    pthread_cond_destroy(&w->changed);
}

bool embed_place_take(const char *tenant_id, int64_t wait_ms)
{
    struct waiting w = {.tenant_id = tenant_id};

    pthread_mutex_lock(&places.lock);
    if (places.left > 0) {
        places.left--;
        note_turn(tenant_id);
        w.served = true;
    } else {
        wait_for_turn(&w, wait_ms);
    }
    pthread_mutex_unlock(&places.lock);
    return w.served;
}

void embed_place_leave(void)
{
    pthread_mutex_lock(&places.lock);
    pass_on();
    pthread_mutex_unlock(&places.lock);
}

size_t embed_places_wanted(void)
{
    size_t count = 0;

    pthread_mutex_lock(&places.lock);
    for (const struct waiting *w = places.first; w != NULL; w = w->next)
        count++;
    pthread_mutex_unlock(&places.lock);
    return count;
}
