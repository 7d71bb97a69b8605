/*
 * See pool_ledger.h. The loop puts entries into two lists, the thread takes both at once: those
 * that have begun and those that have ended. So an entry that is in both is known to be.
 *
 * A round costs the database a millisecond however few calls it writes, in which the processor is
 * not there for other calls: rounds are seldom. Who is short of money that calls stand in the way
 * of, which have not been written, asks for one at once, and so does a list that gets long.
 */
#include "flow/pool_ledger.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "flow/pool_ledger_write.h"
#include "io/db.h"

#define ROUND_MS 250 /* so long entries gather, so that many are written at once */
#define HURRY_MS 10  /* the same where somebody waits for it */
#define MANY 1000    /* that have ended: they are not kept any longer */
#define FULL 8000    /* past this there is no rest: what waits is memory */
#define REST_TIMES 3 /* so many times as long as a round took, the next one is waited for */
#define REST_MOST_MS 2000
#define AGAIN_MS 500 /* after a round that failed */
#define LAST_MS 10000

struct list {
    struct ledger_entry *first, **end;
};

struct pool_ledger {
    struct db_pool *db;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct list begun; /* by next_begun */
    struct list ended; /* by next_ended */
    size_t ended_count;
    size_t round, flushed;
    bool hurry; /* somebody waits for the next round */
    bool over;
    bool idle;       /* the thread waits for something to write, and not for the end of its round */
    int64_t took_ms; /* the last round */
    int64_t over_ms;
};

static void none(struct list *l)
{
    l->first = NULL;
    l->end = &l->first;
}

static void add_begun(struct pool_ledger *l, struct ledger_entry *e)
{
    *l->begun.end = e;
    l->begun.end = &e->next_begun;
}

static void add_ended(struct pool_ledger *l, struct ledger_entry *e)
{
    *l->ended.end = e;
    l->ended.end = &e->next_ended;
    l->ended_count++;
}

/* With the lock held. Within a round nobody is woken: that would cost more than the entry. */
static void has_come(struct pool_ledger *l)
{
    if (l->idle)
        pthread_cond_signal(&l->changed);
    l->idle = false;
}

struct ledger_entry *ledger_open(struct pool_ledger *l, const char *tenant_id,
                                 const struct payer *payer, const struct pool_candidate *who,
                                 const struct purse_hold *hold)
{
    struct ledger_entry *e = ledger_entry_new(tenant_id, payer, who, hold);

    if (hold->count == 0)
        return e;
    pthread_mutex_lock(&l->lock);
    add_begun(l, e);
    has_come(l);
    pthread_mutex_unlock(&l->lock);
    return e;
}

void ledger_end(struct pool_ledger *l, struct ledger_entry *e, const struct usage *u)
{
    ledger_entry_fill(e, u);
    pthread_mutex_lock(&l->lock);
    e->has_ended = true;
    add_ended(l, e);
    has_come(l);
    if (l->ended_count == MANY || l->ended_count == FULL)
        pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

/*
 * Takes what there is to write: those that have ended are booked, those that were under way in the
 * last round already, or all in a hurry, are told of. The lists are cut into single entries: `tell`
 * by next_begun, `book` as an array, for its order.
 */
static void take(struct pool_ledger *l, struct ledger_batch *out)
{
    struct ledger_entry *e = l->begun.first, *next;

    *out = (struct ledger_batch){.tell = NULL};
    none(&l->begun);
    for (; e != NULL; e = next) {
        next = e->next_begun;
        e->next_begun = NULL;
        if (e->has_ended)
            continue;
        if (l->hurry || l->over || e->was_there) {
            ledger_batch_add(&out->tell, &out->tell_count, e);
        } else {
            e->was_there = true;
            add_begun(l, e);
        }
    }
    for (e = l->ended.first; e != NULL; e = next) {
        next = e->next_ended;
        e->next_ended = NULL;
        ledger_batch_add(&out->book, &out->book_count, e);
    }
    none(&l->ended);
    l->ended_count = 0;
    l->hurry = false;
}

/* With the lock held: what could not be written comes again. */
static void put_back(struct pool_ledger *l, const struct ledger_batch *b)
{
    for (size_t i = 0; i < b->tell_count; i++)
        add_begun(l, b->tell[i]);
    for (size_t i = 0; i < b->book_count; i++)
        add_ended(l, b->book[i]);
}

static void wait_ms(struct pool_ledger *l, int64_t ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&l->changed, &l->lock, &until);
}

/* With the lock held, which it gives up while it writes. True: all was written. */
static bool one_round(struct pool_ledger *l)
{
    struct ledger_batch batch;
    const size_t round = ++l->round;
    bool all;

    take(l, &batch);
    pthread_mutex_unlock(&l->lock);
    all = ledger_batch_write(l->db, &batch);
    pthread_mutex_lock(&l->lock);
    put_back(l, &batch);
    if (all)
        l->flushed = round;
    free(batch.tell);
    free(batch.book);
    pthread_cond_broadcast(&l->changed);
    return all;
}

static bool is_empty(const struct pool_ledger *l)
{
    return l->begun.first == NULL && l->ended.first == NULL;
}

/*
 * How long entries gather. Where a round takes long, as for hundreds of companies, they gather for
 * longer, so that it is not the ledger that has the database's time.
 */
static int64_t gathering_ms(const struct pool_ledger *l)
{
    const int64_t rest = l->took_ms * REST_TIMES < REST_MOST_MS ? l->took_ms * REST_TIMES
                                                                : REST_MOST_MS;

    if (l->over || l->ended_count >= FULL)
        return 0;
    if (l->hurry)
        return HURRY_MS;
    return l->ended_count >= MANY || rest > ROUND_MS ? rest : ROUND_MS;
}

/* When the next round is due. */
static int64_t round_at(const struct pool_ledger *l, int64_t began_ms, int64_t not_before_ms)
{
    const int64_t at_ms = began_ms + gathering_ms(l);

    return at_ms > not_before_ms ? at_ms : not_before_ms;
}

static void *keep(void *arg)
{
    struct pool_ledger *l = arg;
    int64_t began_ms = 0; /* when the first entry came, or the last round ended */
    int64_t not_before_ms = 0;
    bool waits = true; /* for something to write */

    pthread_mutex_lock(&l->lock);
    while (!l->over || (!is_empty(l) && clock_mono_ms() < l->over_ms + LAST_MS)) {
        const int64_t now_ms = clock_mono_ms(), at_ms = round_at(l, began_ms, not_before_ms);

        if (is_empty(l)) {
            waits = l->idle = true;
            wait_ms(l, 1000);
            l->idle = false;
        } else if (waits) {
            waits = false;
            began_ms = now_ms;
        } else if (now_ms < at_ms) {
            wait_ms(l, at_ms - now_ms);
        } else {
            const bool all = one_round(l);

            began_ms = clock_mono_ms();
            l->took_ms = began_ms - now_ms;
            not_before_ms = all ? 0 : began_ms + AGAIN_MS;
        }
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

struct pool_ledger *pool_ledger_new(struct db_pool *db)
{
    struct pool_ledger *l = calloc(1, sizeof(*l));
    pthread_condattr_t attr;

    if (l == NULL)
        abort();
    l->db = db;
    none(&l->begun);
    none(&l->ended);
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l->changed, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&l->thread, NULL, keep, l) != 0)
        abort();
    return l;
}

void pool_ledger_hurry(struct pool_ledger *l)
{
    pthread_mutex_lock(&l->lock);
    if (!l->hurry)
        pthread_cond_broadcast(&l->changed);
    l->hurry = true;
    pthread_mutex_unlock(&l->lock);
}

void pool_ledger_flush(struct pool_ledger *l)
{
    pthread_mutex_lock(&l->lock);
    const size_t want = l->round + 1;

    while (l->flushed < want && !is_empty(l)) {
        l->hurry = true;
        pthread_cond_broadcast(&l->changed);
        wait_ms(l, 20);
    }
    while (l->round > l->flushed)
        wait_ms(l, 20);
    pthread_mutex_unlock(&l->lock);
}

void pool_ledger_free(struct pool_ledger *l)
{
    size_t left = 0;

    pthread_mutex_lock(&l->lock);
    l->over = true;
    l->over_ms = clock_mono_ms();
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    for (struct ledger_entry *e = l->ended.first, *next; e != NULL; e = next) {
        next = e->next_ended;
        ledger_entry_free(e);
        left++;
    }
    if (left > 0)
        log_error("calls_not_booked", "reason", "the database was away; the sweep settles them",
                  NULL);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
