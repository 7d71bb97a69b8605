/* See breaker.h. */
#include "flow/breaker.h"

#include <pthread.h>
#include <string.h>

#include "base/text.h"
#include "io/crypto.h"

/*
 * Found by a part of their names in sets of a few. In a set that is full, the one that was used
 * longest ago is forgotten, and so closed.
 */
#define SETS 2048
#define WAYS 8
#define NAME 16

struct breaker {
    unsigned char name[NAME]; /* of address, key and model: no key lies here */
    int64_t used_ms;
    int64_t failures; /* in a row */
    int64_t pause_ms; /* 0: closed */
    int64_t until_ms; /* open until then */
    int64_t probe_ms; /* when the probe began; 0: there is none */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct breaker breakers[SETS][WAYS];

static void name_of(const char *base_url, const char *key, const char *model,
                    unsigned char name[NAME])
{
    const char *parts[] = {base_url, key, model};
    unsigned char prints[COUNT_OF(parts)][NAME];

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        crypto_fingerprint(bytes_of(parts[i] == NULL ? "" : parts[i]), prints[i]);
    crypto_fingerprint((struct bytes){(const char *)prints, sizeof(prints)}, name);
}

/* With the lock held: the one of this name, or the place of the one that is longest unused. */
static struct breaker *find(const unsigned char name[NAME], int64_t now_ms)
{
    struct breaker *set, *oldest;
    uint32_t number;

    memcpy(&number, name, sizeof(number));
    oldest = set = breakers[number % SETS];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].used_ms != 0 && memcmp(set[i].name, name, NAME) == 0) {
            set[i].used_ms = now_ms;
            return &set[i];
        }
        if (set[i].used_ms < oldest->used_ms)
            oldest = &set[i];
    }
    *oldest = (struct breaker){.used_ms = now_ms};
    memcpy(oldest->name, name, NAME);
    return oldest;
}

static bool allows(struct breaker *b, int64_t now_ms, int64_t *open_ms)
{
    *open_ms = 0;
    if (b->pause_ms == 0)
        return true;
    if (now_ms < b->until_ms) {
        *open_ms = b->until_ms - now_ms;
        return false;
    }
    if (b->probe_ms != 0 && now_ms - b->probe_ms < BREAKER_PROBE_MS)
        return false;
    b->probe_ms = now_ms;
    return true;
}

bool breaker_allows(const char *base_url, const char *key, const char *model, int64_t now_ms,
                    int64_t *open_ms)
{
    unsigned char name[NAME];
    bool yes;

    name_of(base_url, key, model, name);
    pthread_mutex_lock(&lock);
    yes = allows(find(name, now_ms), now_ms, open_ms);
    pthread_mutex_unlock(&lock);
    return yes;
}

static void ended(struct breaker *b, int64_t now_ms, enum breaker_end how, int64_t pause_ms)
{
    if (how == BREAKER_WORKED) {
        b->failures = b->pause_ms = b->probe_ms = 0;
        return;
    }
    if (how == BREAKER_NOTHING) {
        b->probe_ms = 0;
        return;
    }
    b->failures++;
    if (b->pause_ms == 0 && b->failures < BREAKER_FAILURES)
        return;
    /* Calls that began before it opened say nothing new. */
    if (b->pause_ms != 0 && b->probe_ms == 0)
        return;
    b->pause_ms = b->pause_ms == 0                         ? pause_ms
                  : 2 * b->pause_ms < BREAKER_PAUSE_MAX_MS ? 2 * b->pause_ms
                                                           : BREAKER_PAUSE_MAX_MS;
    b->until_ms = now_ms + b->pause_ms;
    b->probe_ms = 0;
}

void breaker_ended(const char *base_url, const char *key, const char *model, int64_t now_ms,
                   enum breaker_end how, int64_t pause_ms)
{
    unsigned char name[NAME];

    name_of(base_url, key, model, name);
    pthread_mutex_lock(&lock);
    ended(find(name, now_ms), now_ms, how, pause_ms);
    pthread_mutex_unlock(&lock);
}

static void rests(struct breaker *b, int64_t now_ms, int64_t rest_ms)
{
    int64_t pause_ms = rest_ms < BREAKER_PAUSE_MAX_MS ? rest_ms : BREAKER_PAUSE_MAX_MS;

    b->failures++;
    b->probe_ms = 0;
    if (b->pause_ms != 0 && b->until_ms >= now_ms + pause_ms)
        return;
    b->pause_ms = pause_ms;
    b->until_ms = now_ms + pause_ms;
}

void breaker_rests(const char *base_url, const char *key, const char *model, int64_t now_ms,
                   int64_t rest_ms)
{
    unsigned char name[NAME];

    name_of(base_url, key, model, name);
    pthread_mutex_lock(&lock);
    rests(find(name, now_ms), now_ms, rest_ms);
    pthread_mutex_unlock(&lock);
}

void breaker_reset(void)
{
    pthread_mutex_lock(&lock);
    memset(breakers, 0, sizeof(breakers));
    pthread_mutex_unlock(&lock);
}
