/* See routing_book.h. */
#include "flow/routing_book.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/hash.h"
#include "io/crypto.h"
#include "io/db.h"

#define INSTANCE_MAX 8
#define BUCKETS 1024
#define KEPT_MAX 2000        /* tenants; the one that was used longest ago makes room */
#define STALE_MS (5 * 60000) /* so long an old book serves while the database is away */
#define BOOK_MEMORY MIB(32)  /* fifty accounts with all that they offer, and a hundred lines each */

/* A tenant's book as it was read. Who uses it holds it; the list holds it, too. */
struct kept {
    struct kept *next;
    struct arena *mem;
    char *keys; /* locked memory that the accounts' keys lie in, or NULL */
    char tenant_id[37];
    struct routing_account *accounts;
    size_t count;
    int64_t read_ms, used_ms;
    int holders;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept *books[BUCKETS];
static size_t book_count;

/* With the lock held. */
static void let_go(struct kept *p)
{
    if (--p->holders > 0)
        return;
    crypto_locked_free(p->keys);
    arena_free(p->mem);
    free(p);
}

static void let_go_later(void *book)
{
    pthread_mutex_lock(&lock);
    let_go(book);
    pthread_mutex_unlock(&lock);
}

/* With the lock held: the place that points to the tenant's book, or to NULL. */
static struct kept **find(const char *tenant_id)
{
    struct kept **at = &books[hash_text(tenant_id) % BUCKETS];

    while (*at != NULL && strcmp((*at)->tenant_id, tenant_id) != 0)
        at = &(*at)->next;
    return at;
}

static void take_out(struct kept **at)
{
    struct kept *p = *at;

    *at = p->next;
    book_count--;
    let_go(p);
}

static void make_room(void)
{
    struct kept **oldest = NULL;

    if (book_count < KEPT_MAX)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct kept **at = &books[i]; *at != NULL; at = &(*at)->next)
            if (oldest == NULL || (*at)->used_ms < (*oldest)->used_ms)
                oldest = at;
    take_out(oldest);
}

/* In the place of the one before. */
static void put(struct kept *p)
{
    pthread_mutex_lock(&lock);

    struct kept **at = find(p->tenant_id);

    if (*at != NULL)
        take_out(at);
    make_room();
    at = find(p->tenant_id);
    *at = p;
    book_count++;
    pthread_mutex_unlock(&lock);
}

/* The book if it is not older than that, held for the context; or NULL. */
static struct kept *hold(struct ctx *c, int64_t oldest_ms)
{
    int64_t now = clock_mono_ms();

    pthread_mutex_lock(&lock);

    struct kept *p = *find(c->tenant_id);

    if (p != NULL && now - p->read_ms < oldest_ms) {
        p->holders++;
        p->used_ms = now;
    } else {
        p = NULL;
    }
    pthread_mutex_unlock(&lock);
    if (p != NULL)
        arena_on_end(c->mem, let_go_later, p);
    return p;
}

/* The instance's own account with this provider; false: its settings are missing. */
static bool instance_account(const struct llm *llm, struct llm_account *out)
{
    static const struct {
        const char *provider;
        enum conf url, key;
    } rows[] = {{"openai", CONF_openai_url, CONF_openai_key},
                {"anthropic", CONF_anthropic_url, CONF_anthropic_key},
                {"ollama", CONF_ollama_url, CONF_COUNT}};

    *out = (struct llm_account){.base_url = NULL};
    if (llm->can & LLM_CAN_LOCAL)
        return true;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!text_is(rows[i].provider, llm->name))
            continue;
        out->base_url = conf_text(rows[i].url);
        out->key = rows[i].key == CONF_COUNT ? NULL : conf_text(rows[i].key);
    }
    return (out->base_url != NULL || llm->default_url != NULL) &&
           (out->key != NULL || !llm->needs_key || out->base_url != NULL);
}

static void add_instance(struct kept *p, bool local)
{
    size_t providers, added = 0;
    const struct llm *const *all = llm_all(&providers);

    for (size_t i = 0; i < providers && added < INSTANCE_MAX; i++) {
        struct routing_account *next = &p->accounts[p->count];

        if (((all[i]->can & LLM_CAN_LOCAL) != 0) != local)
            continue;
        *next = (struct routing_account){.who.llm = all[i], .account.models = ""};
        if (instance_account(all[i], &next->who.account)) {
            p->count++;
            added++;
        }
    }
}

/* "a b c" as three names. */
static const char *const *names_of(struct arena *mem, const char *models, size_t *count)
{
    char *rest = text_dup(mem, models), *name;
    const char **names;
    size_t most = 1;

    for (const char *at = models; *at != '\0'; at++)
        most += *at == ' ';
    names = arena_take(mem, most * sizeof(*names));
    *count = 0;
    while ((name = strsep(&rest, " ")) != NULL)
        if (*name != '\0')
            names[(*count)++] = name;
    return names;
}

/* The account in the book's own memory, and its key in locked memory. */
static struct account keep(struct kept *p, const struct account *a, size_t *key_at)
{
    struct account own = *a;
    const char **texts[] = {&own.id,  &own.provider,    &own.name,   &own.base_url,
                            &own.api, &own.api_version, &own.models, &own.named};

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        *texts[i] = text_dup(p->mem, *texts[i]);
    own.lines = account_lines_copy(p->mem, a->lines, a->line_count);
    own.lines_text = NULL;
    if (a->key != NULL) {
        size_t size = strlen(a->key) + 1;

        own.key = memcpy(p->keys + *key_at, a->key, size);
        *key_at += size;
        crypto_wipe((void *)(uintptr_t)a->key, size - 1);
    }
    return own;
}

static void add_own(struct kept *p, const struct account *items, size_t count, bool broken,
                    size_t *key_at)
{
    for (size_t i = 0; i < count; i++) {
        struct routing_account *next = &p->accounts[p->count];

        if (items[i].broken != broken)
            continue;
        next->account = keep(p, &items[i], key_at);
        next->models = names_of(p->mem, next->account.models, &next->model_count);
        if (account_candidate(&next->account, &next->who))
            p->count++;
    }
}

static struct kept *kept_of(struct ctx *c, const struct account *items, size_t count)
{
    struct kept *p = calloc(1, sizeof(*p));
    size_t keys = 0, key_at = 0;

    if (p == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        keys += items[i].key == NULL ? 0 : strlen(items[i].key) + 1;
    p->mem = arena_new(BOOK_MEMORY);
    p->keys = keys == 0 ? NULL : crypto_locked_new(keys);
    memcpy(p->tenant_id, c->tenant_id, sizeof(p->tenant_id));
    p->accounts = arena_take(p->mem, (count + (size_t)2 * INSTANCE_MAX) * sizeof(*p->accounts));
    add_own(p, items, count, false, &key_at);
    add_instance(p, false);
    add_own(p, items, count, true, &key_at);
    add_instance(p, true);
    p->read_ms = p->used_ms = clock_mono_ms();
    p->holders = 2; /* the list, and the context that has read it */
    return p;
}

/* In the context's transaction; without one it gets one of its own. */
static rc_t read_book(struct ctx *c, struct kept **out)
{
    const bool alone = c->conn == NULL;
    struct account *items;
    size_t count;

    TRY(account_book(c, &items, &count));
    *out = kept_of(c, items, count);
    put(*out);
    arena_on_end(c->mem, let_go_later, *out);
    return alone ? db_commit(c) : OK;
}

rc_t routing_book(struct ctx *c, struct routing_book *out)
{
    struct kept *p = hold(c, ROUTING_FRESH_MS);

    if (p == NULL) {
        rc_t rc = read_book(c, &p);

        if (rc == E_UNAVAILABLE)
            p = hold(c, STALE_MS);
        if (rc != OK && p == NULL)
            return rc;
        ctx_forgive(c);
    }
    *out = (struct routing_book){p->accounts, p->count};
    return OK;
}

bool routing_book_fresh(const char *tenant_id)
{
    pthread_mutex_lock(&lock);

    const struct kept *p = *find(tenant_id);
    bool fresh = p != NULL && clock_mono_ms() - p->read_ms < ROUTING_FRESH_MS;

    pthread_mutex_unlock(&lock);
    return fresh;
}

void routing_book_forget(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < BUCKETS; i++)
        while (books[i] != NULL)
            take_out(&books[i]);
    pthread_mutex_unlock(&lock);
}
