/* See known.h. */
#include "api/known.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "flow/live.h"
#include "io/crypto.h"
#include "io/redis.h"

#define SETS 512 /* a power of two */
#define WAYS 4

/* Texts lie in one piece of memory behind it. */
struct entry {
    unsigned char hash[32]; /* of the bearer: a dump of this table opens nothing */
    int64_t until_ms;
    permits may;
    const char *tenant_id, *person_id, *actor, *app_id, *key_id, *program, *role, *models, *barred;
};

static struct entry *sets[SETS][WAYS];

static struct entry **set_of(const unsigned char *hash)
{
    uint32_t number;

    memcpy(&number, hash, sizeof(number));
    return sets[number % SETS];
}

static const char *copy(struct ctx *c, const char *text)
{
    return text == NULL ? NULL : text_dup(c->mem, text);
}

static void become(struct ctx *c, struct req *rq, const struct entry *e)
{
    c->tenant_id = copy(c, e->tenant_id);
    c->person_id = copy(c, e->person_id);
    c->actor = copy(c, e->actor);
    c->app_id = copy(c, e->app_id);
    rq->key_id = copy(c, e->key_id);
    rq->program = copy(c, e->program);
    rq->role = copy(c, e->role);
    rq->models = copy(c, e->models);
    rq->barred = copy(c, e->barred);
    rq->may = e->may;
}

bool known_enter(struct ctx *c, struct req *rq, const char *bearer)
{
    unsigned char hash[32];
    struct entry **set;

    crypto_sha256(bytes_of(bearer), hash);
    set = set_of(hash);
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i] == NULL || memcmp(set[i]->hash, hash, sizeof(hash)) != 0)
            continue;
        if (set[i]->until_ms <= clock_mono_ms())
            return false;
        rq->bearer = text_dup(c->mem, bearer);
        become(c, rq, set[i]);
        return true;
    }
    return false;
}

static size_t room_for(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

static const char *put(char **at, const char *text)
{
    const char *here = *at;
    size_t len = room_for(text);

    if (len == 0)
        return NULL;
    memcpy(*at, text, len);
    *at += len;
    return here;
}

static struct entry *entry_of(const struct ctx *c, const struct req *rq)
{
    const char *const texts[] = {c->tenant_id, c->person_id, c->actor,   c->app_id, rq->key_id,
                                 rq->program,  rq->role,     rq->models, rq->barred};
    size_t room = 0;

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        room += room_for(texts[i]);

    struct entry *e = calloc(1, sizeof(*e) + room);

    if (e == NULL)
        abort();

    char *at = (char *)(e + 1);

    e->until_ms = clock_mono_ms() + KNOWN_MS;
    e->may = rq->may;
    e->tenant_id = put(&at, c->tenant_id);
    e->person_id = put(&at, c->person_id);
    e->actor = put(&at, c->actor);
    e->app_id = put(&at, c->app_id);
    e->key_id = put(&at, rq->key_id);
    e->program = put(&at, rq->program);
    e->role = put(&at, rq->role);
    e->models = put(&at, rq->models);
    e->barred = put(&at, rq->barred);
    return e;
}

/* The place of this bearer, an empty one, or that of whoever has been there longest. */
static struct entry **place_in(struct entry **set, const unsigned char *hash)
{
    struct entry **oldest = &set[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i] != NULL && memcmp(set[i]->hash, hash, sizeof(set[i]->hash)) == 0)
            return &set[i];
        if (*oldest != NULL && (set[i] == NULL || set[i]->until_ms < (*oldest)->until_ms))
            oldest = &set[i];
    }
    return oldest;
}

void known_keep(const struct ctx *c, const struct req *rq, const char *bearer)
{
    struct entry *e = entry_of(c, rq), **place;

    crypto_sha256(bytes_of(bearer), e->hash);
    place = place_in(set_of(e->hash), e->hash);
    free(*place);
    *place = e;
}

void known_forget(const char *tenant_id)
{
    for (size_t i = 0; i < SETS * WAYS; i++) {
        struct entry **place = &sets[i / WAYS][i % WAYS];

        if (*place == NULL || (tenant_id != NULL && !text_is((*place)->tenant_id, tenant_id)))
            continue;
        free(*place);
        *place = NULL;
    }
}

static void tell(struct ctx *c, void *arg)
{
    (void)arg;
    known_forget(c->tenant_id);
    live_tell(c, REDIS_WORDS(BYTES("PUBLISH"), BYTES(KNOWN_CHANNEL), bytes_of(c->tenant_id)));
}

void known_changed(struct res *rs)
{
    rs->committed = tell;
}
