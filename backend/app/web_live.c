/*
 * Live events: which parked requests wait on which Redis channel. One subscription per channel and
 * worker, however many wait. With Redis away they all look at their rows every quarter of a second.
 */
#include "app/web.h"

#include <stdlib.h>
#include <sys/epoll.h>

#include "api/known.h"
#include "base/clock.h"
#include "base/id.h"
#include "io/redis_live.h"

#define BUCKETS 1024
#define LOOK_EVERY_MS 250

struct channel {
    struct channel *next; /* in its bucket */
    struct web_link *waiting;
    struct web_link *fresh; /* joined, and not yet told that the subscription stands */
    bool stands;
    char name[];
};

static struct {
    struct kore_event event; /* first: the loop calls its handle */
    struct redis_live *redis;
    int fd;
    bool writing;
    int64_t look_ms;
    struct channel *buckets[BUCKETS];
    bool any_fresh;
} live = {.fd = -1};

static struct channel **slot(const char *name)
{
    uint32_t hash = 2166136261u;

    for (const char *p = name; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619u;

    struct channel **at = &live.buckets[hash % BUCKETS];

    while (*at != NULL && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

static void watch(bool anew)
{
    int fd = redis_live_fd(live.redis);
    bool writing = fd != -1 && redis_live_wants_write(live.redis);

    if (fd != -1 && (anew || fd != live.fd || writing != live.writing))
        kore_platform_event_schedule(fd, writing ? EPOLLIN | EPOLLOUT : EPOLLIN, 0, &live);
    live.fd = fd;
    live.writing = writing;
}

static void ready(void *event, int error)
{
    (void)event;
    (void)error;
    live.event.flags = 0;
    redis_live_ready(live.redis);
    watch(false);
}

/* Waking one may end it and others of the list stay: the next is read before. */
static void wake_all(struct web_link *list, enum wake why, struct bytes news)
{
    for (struct web_link *l = list, *next; l != NULL; l = next) {
        next = l->next;
        web_parked_wake(l->owner, why, news);
    }
}

static void settle(struct channel *ch)
{
    while (ch->fresh != NULL) {
        struct web_link *link = ch->fresh;

        web_link_remove(link);
        web_link_add(&ch->waiting, link);
    }
}

static bool drop_empty(struct channel **at)
{
    struct channel *ch = *at;

    if (ch == NULL || ch->waiting != NULL || ch->fresh != NULL)
        return false;
    redis_live_leave(live.redis, ch->name);
    *at = ch->next;
    free(ch);
    return true;
}

static void each_channel(void (*call)(struct channel *))
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct channel *ch = live.buckets[i]; ch != NULL; ch = ch->next)
            call(ch);
}

static void join_again(struct channel *ch)
{
    redis_live_join(live.redis, ch->name);
}

static void there(void)
{
    redis_live_join(live.redis, KNOWN_CHANNEL);
    each_channel(join_again);
}

/* Woken in the round that follows: whoever has joined until then is told as well. */
static void stands(const char *name)
{
    struct channel *ch = *slot(name);

    /* What was told before may have been missed. */
    if (strcmp(name, KNOWN_CHANNEL) == 0)
        known_forget(NULL);
    if (ch == NULL)
        return;
    ch->stands = true;
    while (ch->waiting != NULL) {
        struct web_link *link = ch->waiting;

        web_link_remove(link);
        web_link_add(&ch->fresh, link);
    }
    live.any_fresh = true;
}

static void forget(struct bytes tenant)
{
    char id[ID_LEN + 1];

    if (tenant.len != ID_LEN)
        return;
    memcpy(id, tenant.data, ID_LEN);
    id[ID_LEN] = '\0';
    known_forget(id);
}

static void news(const char *name, struct bytes message)
{
    struct channel *ch = *slot(name);

    if (strcmp(name, KNOWN_CHANNEL) == 0)
        forget(message);
    if (ch != NULL)
        wake_all(ch->waiting, WAKE_NEWS, message);
    drop_empty(slot(name));
}

static void fallen(struct channel *ch)
{
    ch->stands = false;
    settle(ch);
}

static void lost(void)
{
    each_channel(fallen);
}

void web_live_start(const char *url)
{
    static const struct redis_live_calls calls = {there, stands, news, lost};

    live.event.handle = ready;
    live.redis = redis_live_new(url, &calls);
}

void web_live_join(struct web_link *link, const char *name)
{
    struct channel **at = slot(name), *ch = *at;

    if (ch == NULL) {
        size_t len = strlen(name) + 1;

        ch = calloc(1, sizeof(*ch) + len);
        if (ch == NULL)
            abort();
        memcpy(ch->name, name, len);
        ch->next = *at;
        *at = ch;
        redis_live_join(live.redis, name);
        watch(false);
    }
    web_link_add(ch->stands ? &ch->fresh : &ch->waiting, link);
    live.any_fresh |= ch->stands;
}

/*
 * Its channel goes with the next look, news or round: here its list may be in the middle of being
 * woken.
 */
void web_live_leave(struct web_link *link)
{
    web_link_remove(link);
}

/* Those whose subscription stands now look at their rows once, so that nothing falls between. */
void web_live_round(void)
{
    if (!live.any_fresh)
        return;
    live.any_fresh = false;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct channel *ch = live.buckets[i]; ch != NULL; ch = ch->next) {
            while (ch->fresh != NULL) {
                struct web_link *link = ch->fresh;

                web_link_remove(link);
                web_link_add(&ch->waiting, link);
                web_parked_wake(link->owner, WAKE_START, (struct bytes){0});
            }
        }
    }
}

static void look(struct channel *ch)
{
    settle(ch);
    wake_all(ch->waiting, WAKE_LOOK, (struct bytes){0});
}

void web_live_tick(int64_t now_ms)
{
    redis_live_tick(live.redis, now_ms);
    watch(true);
    if (!redis_live_there(live.redis) && now_ms >= live.look_ms) {
        live.look_ms = now_ms + LOOK_EVERY_MS;
        each_channel(look);
    }
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct channel **at = &live.buckets[i]; *at != NULL;)
            if (!drop_empty(at))
                at = &(*at)->next;
}
