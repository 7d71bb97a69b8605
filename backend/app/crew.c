/* See crew.h. */
#include "app/crew.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "flow/queue.h"

#define STACK_BYTES KIB(256)
#define HURRY_MS 5000   /* for what was hurried to come to its end */
#define IDLE_SECONDS 20 /* a hand without work for so long goes home */

struct hand {
    char tenant_id[ID_LEN + 1], job_id[ID_LEN + 1];
    bool taken; /* holds a hint: waiting or running */
    bool running;
    struct run run;
    struct hand *next_waiting;
};

static struct db_pool *pool;
static struct hand *hands;
static size_t hand_count, taken_count, thread_count, idle_count;
static struct hand *waiting_first, **waiting_end = &waiting_first;
static bool stopping;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t offered, left;

void crew_start(struct db_pool *db, size_t most)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&offered, &attr);
    pthread_cond_init(&left, &attr);
    pthread_condattr_destroy(&attr);
    pool = db;
    hand_count = most;
    hands = calloc(most, sizeof(*hands));
    if (hands == NULL)
        abort();
}

static int64_t free_hands(void)
{
    pthread_mutex_lock(&lock);
    int64_t n = stopping ? 0 : (int64_t)(hand_count - taken_count);
    pthread_mutex_unlock(&lock);
    return n;
}

static struct timespec in_ms(int64_t ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* The next waiting hint; NULL when there was none for a while or the crew stops. Under the lock. */
static struct hand *next_waiting(void)
{
    struct timespec until = in_ms(IDLE_SECONDS * 1000);
    int waited = 0;

    idle_count++;
    while (waiting_first == NULL && !stopping && waited == 0)
        waited = pthread_cond_timedwait(&offered, &lock, &until);
    idle_count--;

    struct hand *hand = waiting_first;

    if (hand == NULL)
        return NULL;
    waiting_first = hand->next_waiting;
    if (waiting_first == NULL)
        waiting_end = &waiting_first;
    hand->running = true;
    return hand;
}

static void run_hand(struct hand *hand)
{
    const struct job_hint hint = {hand->tenant_id, hand->job_id};

    runner_run(pool, &hint, &hand->run);
}

/*
 * One picks at a time: whoever counted the free hands must be the one who fills them. A hint too
 * much would be dropped, and its job wait for the sweep.
 */
static pthread_mutex_t picking = PTHREAD_MUTEX_INITIALIZER;

size_t crew_pick(int64_t most, bool *away)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct job_hint *hints;
    size_t count = 0;
    int64_t room;

    *away = false;
    pthread_mutex_lock(&picking);
    room = free_hands();
    if (room > 0)
        queue_pick(c, room < most ? room : most, &hints, &count, away);
    for (size_t i = 0; i < count; i++)
        crew_offer(&hints[i]);
    pthread_mutex_unlock(&picking);
    ctx_end(c);
    return count;
}

static void *work(void *arg)
{
    struct hand *hand;
    bool away;

    (void)arg;
    pthread_mutex_lock(&lock);
    while ((hand = next_waiting()) != NULL) {
        pthread_mutex_unlock(&lock);
        run_hand(hand);
        pthread_mutex_lock(&lock);
        hand->taken = hand->running = false;
        taken_count--;
        if (!stopping) {
            /* The hand asks itself, so that under load nobody waits for the dispatcher. */
            pthread_mutex_unlock(&lock);
            crew_pick(1, &away);
            pthread_mutex_lock(&lock);
        }
    }
    thread_count--;
    pthread_cond_signal(&left);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void add_thread(void)
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    if (pthread_create(&thread, &attr, work, NULL) == 0)
        thread_count++;
    else
        log_warn("thread_refused", NULL);
    pthread_attr_destroy(&attr);
}

/* A free place, or NULL when the job is here already or there is none. Under the lock. */
static struct hand *place_for(const struct job_hint *hint)
{
    struct hand *place = NULL;

    for (size_t i = 0; i < hand_count; i++) {
        if (!hands[i].taken)
            place = place == NULL ? &hands[i] : place;
        else if (strcmp(hands[i].job_id, hint->job_id) == 0)
            return NULL;
    }
    return place;
}

static size_t waiting_count(void)
{
    size_t n = 0;

    for (const struct hand *h = waiting_first; h != NULL; h = h->next_waiting)
        n++;
    return n;
}

void crew_offer(const struct job_hint *hint)
{
    if (!id_valid(hint->job_id) || !id_valid(hint->tenant_id))
        return;
    pthread_mutex_lock(&lock);

    struct hand *hand = stopping ? NULL : place_for(hint);

    if (hand != NULL) {
        *hand = (struct hand){.taken = true};
        memcpy(hand->tenant_id, hint->tenant_id, ID_LEN + 1);
        memcpy(hand->job_id, hint->job_id, ID_LEN + 1);
        *waiting_end = hand;
        waiting_end = &hand->next_waiting;
        taken_count++;
        if (waiting_count() > idle_count && thread_count < hand_count)
            add_thread();
        pthread_cond_signal(&offered);
    }
    pthread_mutex_unlock(&lock);
}

/* The claimed jobs as they are at one moment; the texts are copies. */
struct claims {
    size_t count;
    struct hand **whose;
    const char **ids, **holders;
    struct job_hint *hints;
    bool *held; /* after the renewal: still ours */
};

static struct claims claims_now(struct ctx *c)
{
    struct claims now = {.count = 0,
                         .whose = arena_take(c->mem, hand_count * sizeof(struct hand *)),
                         .ids = arena_take(c->mem, hand_count * sizeof(const char *)),
                         .holders = arena_take(c->mem, hand_count * sizeof(const char *)),
                         .hints = arena_take(c->mem, hand_count * sizeof(struct job_hint)),
                         .held = arena_take(c->mem, hand_count)};

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < hand_count; i++) {
        if (!hands[i].running || !atomic_load(&hands[i].run.claimed))
            continue;
        now.whose[now.count] = &hands[i];
        now.ids[now.count] = text_dup(c->mem, hands[i].job_id);
        now.holders[now.count] = text_dup(c->mem, hands[i].run.holder);
        now.hints[now.count] = (struct job_hint){text_dup(c->mem, hands[i].tenant_id),
                                                 now.ids[now.count]};
        now.count++;
    }
    pthread_mutex_unlock(&lock);
    return now;
}

/* Whether a hand still does what it did; meanwhile it may have claimed the same job anew. */
static bool same(const struct claims *now, size_t i)
{
    const struct hand *hand = now->whose[i];

    return hand->running && atomic_load(&hand->run.claimed) &&
           strcmp(hand->run.holder, now->holders[i]) == 0;
}

bool crew_renew(struct db_pool *dispatch)
{
    struct ctx *c = ctx_new(MIB(4), dispatch);
    struct claims now = claims_now(c);
    bool renewed = now.count == 0 || job_renew(c, now.ids, now.holders, now.held, now.count) == OK;

    if (!renewed) {
        /* the database is away: the guard in each transaction decides */
        log_fault(c, "renew_failed");
    } else if (now.count > 0) {
        pthread_mutex_lock(&lock);
        for (size_t i = 0; i < now.count; i++)
            if (!now.held[i] && same(&now, i))
                atomic_store(&now.whose[i]->run.lost, true);
        pthread_mutex_unlock(&lock);
        queue_running(c, now.hints, now.count);
    }
    ctx_end(c);
    return renewed;
}

static void hurry_all(void)
{
    for (size_t i = 0; i < hand_count; i++)
        if (hands[i].running)
            atomic_store(&hands[i].run.hurry, true);
}

bool crew_stop(int64_t wait_ms)
{
    struct timespec until = in_ms(wait_ms);

    pthread_mutex_lock(&lock);
    stopping = true;
    /* What waits was not claimed: it is simply let go. */
    waiting_first = NULL;
    waiting_end = &waiting_first;
    pthread_cond_broadcast(&offered);
    while (thread_count > 0 && pthread_cond_timedwait(&left, &lock, &until) == 0)
        ;
    hurry_all();
    until = in_ms(HURRY_MS);
    while (thread_count > 0 && pthread_cond_timedwait(&left, &lock, &until) == 0)
        ;

    bool all_left = thread_count == 0;

    pthread_mutex_unlock(&lock);
    return all_left;
}
