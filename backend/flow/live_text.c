/* See live_text.h. The texts that grow, and the thread that tells them. */
#include "flow/live_text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "flow/live_text_redis.h"
#include "llm/llm.h"

#define AT_ONCE 64             /* answers of one trip */
#define AT_ONCE_BYTES KIB(512) /* after which no more are taken into it */
#define TRIP_MEMORY MIB(64)
#define TEXT_FIRST KIB(2) /* room that a text begins with */
#define KNOCKS_MAX 3      /* after which an end does not wait for Redis any more */
#define AWAY_MS 250       /* so long it is left alone when it is away */

struct live_text {
    struct live_text *next; /* in the line of those that have something to tell */
    struct live_place place;
    int64_t take;
    char *text;
    size_t len, room;
    size_t told;              /* so many bytes have arrived */
    bool first, whole;        /* see struct live_write */
    bool waits, busy, ending; /* in the line; on a trip; its owner waits for the last piece */
    bool barred;              /* somebody newer has the place: nothing is told any more */
    int knocks;               /* trips in a row that Redis answered, and took nothing */
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    pthread_t thread;
    struct redis *redis;
    struct live_text *line, **end;
    size_t ending; /* owners that wait */
    bool runs, stop;
} the = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void line_up(struct live_text *t)
{
    if (!the.runs || t->waits || t->barred)
        return;
    t->waits = true;
    t->next = NULL;
    *the.end = t;
    the.end = &t->next;
    pthread_cond_signal(&the.work);
}

static struct live_text *next_in_line(void)
{
    struct live_text *t = the.line;

    the.line = t->next;
    if (the.line == NULL)
        the.end = &the.line;
    t->waits = false;
    return t;
}

static void leave_line(struct live_text *t)
{
    struct live_text **at = &the.line;

    if (!t->waits)
        return;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    if (*at == NULL)
        the.end = at;
    t->waits = false;
}

/* What goes on the trip is copied, so that the text may grow meanwhile. */
static struct live_write write_of(struct ctx *c, struct live_text *t)
{
    return (struct live_write){.place = &t->place,
                               .take = t->take,
                               .text = {text_copy(c->mem, t->text, t->len), t->len},
                               .told = t->told,
                               .first = t->first,
                               .whole = t->whole};
}

static void arrived(struct live_text *t, const struct live_write *w)
{
    t->barred = w->result == LIVE_WRITE_BARRED;
    if (t->barred)
        return;
    if (w->result == LIVE_WRITE_WHOLE || w->result == REDIS_REFUSED) {
        t->knocks++;
        t->whole = true;
        return;
    }
    t->knocks = 0;
    t->first = false;
    if (t->take != w->take)
        return; /* it began anew meanwhile */
    t->told = w->text.len;
    t->whole = false;
}

/* Back from a trip. What is still to be told lines up again; an end does not wait for Redis. */
static void back(struct live_text *t, const struct live_write *w, rc_t rc)
{
    t->busy = false;
    if (rc == OK)
        arrived(t, w);
    else
        t->whole = true;

    bool is_over = t->ending && (rc != OK || t->knocks >= KNOCKS_MAX);

    if (!is_over && (t->whole || t->told < t->len))
        line_up(t);
}

/* One trip, with the lock held but while Redis is asked. False: Redis is away. */
static bool trip(void)
{
    struct ctx *c = ctx_new(TRIP_MEMORY, NULL);
    struct live_text *texts[AT_ONCE];
    struct live_write writes[AT_ONCE];
    size_t count = 0, bytes = 0;

    while (the.line != NULL && count < AT_ONCE && bytes < AT_ONCE_BYTES) {
        struct live_text *t = next_in_line();

        t->busy = true;
        texts[count] = t;
        writes[count++] = write_of(c, t);
        bytes += t->len;
    }
    pthread_mutex_unlock(&the.lock);

    rc_t rc = live_text_write(c, the.redis, writes, count);

    pthread_mutex_lock(&the.lock);
    for (size_t i = 0; i < count; i++)
        back(texts[i], &writes[i], rc);
    pthread_cond_broadcast(&the.done);
    ctx_end(c);
    return rc == OK;
}

static struct timespec in_ms(int64_t ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += ms * 1000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    return at;
}

/* Pieces are gathered until then, unless somebody waits for his last one to be told. */
static void gather(int64_t until_ms)
{
    int64_t left_ms = until_ms - clock_mono_ms();

    while (left_ms > 0 && !the.stop && (the.ending == 0 || the.line == NULL)) {
        struct timespec until = in_ms(left_ms);

        pthread_cond_timedwait(&the.work, &the.lock, &until);
        left_ms = until_ms - clock_mono_ms();
    }
}

static void *tell(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&the.lock);
    while (!the.stop) {
        int64_t began_ms = clock_mono_ms();

        if (the.line == NULL)
            pthread_cond_wait(&the.work, &the.lock);
        else
            gather(began_ms + (trip() ? LIVE_TEXT_ROUND_MS : AWAY_MS));
    }
    pthread_mutex_unlock(&the.lock);
    return NULL;
}

void live_text_start(const char *redis_url)
{
    pthread_condattr_t monotonic;

    the.redis = redis_new(redis_url);
    the.end = &the.line;
    the.stop = false;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&the.work, &monotonic);
    pthread_cond_init(&the.done, &monotonic);
    pthread_condattr_destroy(&monotonic);
    the.runs = pthread_create(&the.thread, NULL, tell, NULL) == 0;
}

void live_text_stop(void)
{
    if (!the.runs)
        return;
    pthread_mutex_lock(&the.lock);
    the.stop = true;
    pthread_cond_signal(&the.work);
    pthread_mutex_unlock(&the.lock);
    pthread_join(the.thread, NULL);
    the.runs = false;
    redis_free(the.redis);
}

static char *copied(const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL)
        abort();
    return copy;
}

struct live_text *live_text_begin(const struct live_place *place)
{
    struct live_text *t = calloc(1, sizeof(*t));

    if (t == NULL)
        abort();
    t->place = (struct live_place){copied(place->tenant_id), copied(place->conversation_id),
                                   copied(place->turn), copied(place->answer_id), place->fence};
    t->take = place->fence * LIVE_TEXT_TAKES;
    t->room = TEXT_FIRST;
    t->text = malloc(t->room);
    if (t->text == NULL)
        abort();
    t->first = t->whole = true;
    pthread_mutex_lock(&the.lock);
    line_up(t);
    pthread_mutex_unlock(&the.lock);
    return t;
}

void live_text_add(struct live_text *t, struct bytes piece)
{
    pthread_mutex_lock(&the.lock);
    if (piece.len <= LLM_TEXT_MAX - t->len) {
        while (t->room - t->len < piece.len) {
            t->room *= 2;
            t->text = realloc(t->text, t->room);
            if (t->text == NULL)
                abort();
        }
        memcpy(t->text + t->len, piece.data, piece.len);
        t->len += piece.len;
        if (!t->busy)
            line_up(t);
    }
    pthread_mutex_unlock(&the.lock);
}

void live_text_restart(struct live_text *t)
{
    pthread_mutex_lock(&the.lock);
    t->take++;
    t->len = t->told = 0;
    t->whole = true;
    if (!t->busy)
        line_up(t);
    pthread_mutex_unlock(&the.lock);
}

void live_text_end(struct live_text *t)
{
    pthread_mutex_lock(&the.lock);
    t->ending = true;
    the.ending++;
    pthread_cond_signal(&the.work);
    while (t->busy || (t->waits && the.runs && !the.stop))
        pthread_cond_wait(&the.done, &the.lock);
    the.ending--;
    leave_line(t);
    pthread_mutex_unlock(&the.lock);
    free((void *)(uintptr_t)t->place.tenant_id);
    free((void *)(uintptr_t)t->place.conversation_id);
    free((void *)(uintptr_t)t->place.turn);
    free((void *)(uintptr_t)t->place.answer_id);
    free(t->text);
    free(t);
}
