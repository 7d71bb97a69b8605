/* See purse_tenants.h. */
#include "flow/purse_tenants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"

#define BUCKETS 4096
#define UNUSED_MS 60000
#define DAY_S 86400

pthread_mutex_t purse_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t purse_changed = PTHREAD_COND_INITIALIZER;

static struct purse_tenant *buckets[BUCKETS];

struct purse_tenant *purse_tenant(const char *id)
{
    struct purse_tenant **bucket = &buckets[hash_text(id) % BUCKETS], *t = *bucket;

    while (t != NULL && strcmp(t->id, id) != 0)
        t = t->next;
    if (t != NULL)
        return t;
    t = calloc(1, sizeof(*t));
    if (t == NULL)
        abort();
    snprintf(t->id, sizeof(t->id), "%s", id);
    t->next = *bucket;
    *bucket = t;
    return t;
}

void purse_each(void (*see)(struct purse_tenant *t, void *arg), void *arg)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct purse_tenant *t = buckets[i]; t != NULL; t = t->next)
            see(t, arg);
}

void purse_drop_ended(struct purse_tenant *t, int64_t now_ms)
{
    if (t->renewed_ms == 0 || now_ms - t->renewed_ms <= PURSE_SURE_MS)
        return;
    for (size_t i = 0; i < t->count; i++) {
        t->accounts[i].left = t->accounts[i].held;
        t->accounts[i].bare = 0;
    }
    t->renewed_ms = 0;
}

static bool is_unused(const struct purse_tenant *t, int64_t now_ms)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->accounts[i].left > 0 || t->accounts[i].held > 0 || t->accounts[i].quiet > 0)
            return false;
    return !t->asking && now_ms - t->used_ms > UNUSED_MS;
}

void purse_tidy(int64_t now_ms)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct purse_tenant **at = &buckets[i]; *at != NULL;) {
            struct purse_tenant *t = *at;

            if (!is_unused(t, now_ms)) {
                at = &t->next;
                continue;
            }
            *at = t->next;
            free(t->accounts);
            free(t);
        }
}

bool purse_applies(const struct purse_account *a, const struct payer *payer)
{
    if (text_is(a->scope, "tenant"))
        return true;
    if (text_is(a->scope, "employee"))
        return text_is(a->scope_id, payer->employee_id);
    if (text_is(a->scope, "team"))
        return text_is(a->scope_id, payer->team_id);
    if (text_is(a->scope, "conversation"))
        return text_is(a->scope_id, payer->conversation_id);
    return text_is(a->scope, "key") && text_is(a->scope_id, payer->key_id);
}

int64_t purse_today(void)
{
    return clock_s() / DAY_S;
}

/* Slices of another day may be of another period, and those not renewed may be somebody else's. */
bool purse_usable(struct purse_tenant *t, int64_t now_ms)
{
    purse_drop_ended(t, now_ms);
    return t->listed_ms != 0 && now_ms - t->listed_ms < PURSE_FRESH_MS && t->renewed_ms != 0 &&
           t->day == purse_today();
}

static bool has(const struct purse_account *a, int64_t micros, bool quiet)
{
    return a->starts[0] != '\0' && a->left - a->held >= micros &&
           (!quiet || a->bare - a->quiet >= micros);
}

bool purse_take_here(struct purse_tenant *t, const struct payer *payer, int64_t micros, bool quiet,
                     struct purse_hold *out)
{
    int64_t now_ms = clock_mono_ms();
    struct purse_account *chosen[CAPS_MAX];
    size_t count = 0;

    t->used_ms = now_ms;
    if (!purse_usable(t, now_ms))
        return false;
    for (size_t i = 0; i < t->count; i++) {
        struct purse_account *a = &t->accounts[i];

        if (a->scope[0] == '\0' || !purse_applies(a, payer))
            continue;
        if (count == CAPS_MAX || !has(a, micros, quiet))
            return false;
        chosen[count++] = a;
    }
    *out = (struct purse_hold){.micros = micros, .count = count, .quiet = quiet};
    snprintf(out->tenant_id, sizeof(out->tenant_id), "%s", t->id);
    for (size_t i = 0; i < count; i++) {
        chosen[i]->held += micros;
        chosen[i]->quiet += quiet ? micros : 0;
        chosen[i]->used_ms = now_ms;
        memcpy(out->caps[i].cap_id, chosen[i]->cap_id, sizeof(chosen[i]->cap_id));
        memcpy(out->caps[i].starts, chosen[i]->starts, sizeof(chosen[i]->starts));
    }
    return true;
}

struct purse_account *purse_account(struct purse_tenant *t, const char *cap_id, const char *starts)
{
    for (size_t i = 0; i < t->count; i++) {
        struct purse_account *a = &t->accounts[i];

        if (strcmp(a->cap_id, cap_id) == 0 &&
            (starts == NULL ? a->scope[0] != '\0' : strcmp(a->starts, starts) == 0))
            return a;
    }
    return NULL;
}

static struct purse_account *add(struct purse_tenant *t)
{
    if (t->count == t->room) {
        t->room = t->room == 0 ? 4 : 2 * t->room;
        t->accounts = reallocarray(t->accounts, t->room, sizeof(*t->accounts));
        if (t->accounts == NULL)
            abort();
    }
    t->accounts[t->count] = (struct purse_account){.left = 0};
    return &t->accounts[t->count++];
}

static bool is_empty(const struct purse_account *a)
{
    return a->scope[0] == '\0' && a->left == 0 && a->held == 0 && a->quiet == 0;
}

static bool is_listed(const struct purse_account *a, const struct cap *caps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(a->cap_id, caps[i].id) == 0)
            return true;
    return false;
}

void purse_list(struct purse_tenant *t, const struct cap *caps, size_t count)
{
    for (size_t i = 0; i < t->count;) {
        struct purse_account *a = &t->accounts[i];

        if (!is_listed(a, caps, count))
            a->scope[0] = '\0';
        if (is_empty(a))
            *a = t->accounts[--t->count];
        else
            i++;
    }
    for (size_t i = 0; i < count; i++) {
        struct purse_account *a;

        if (purse_account(t, caps[i].id, NULL) != NULL)
            continue;
        a = add(t);
        snprintf(a->cap_id, sizeof(a->cap_id), "%s", caps[i].id);
        snprintf(a->scope, sizeof(a->scope), "%s", caps[i].scope);
        snprintf(a->scope_id, sizeof(a->scope_id), "%s", caps[i].scope_id);
    }
}

void purse_put(struct purse_tenant *t, const struct cap_slice *slice)
{
    struct purse_account *a = purse_account(t, slice->cap_id, NULL);

    if (a == NULL)
        return; /* of no list: it ends by itself */
    if (a->starts[0] != '\0' && strcmp(a->starts, slice->starts) != 0) {
        /* A new period: what is left of the old one goes back, what is held is still settled. */
        struct purse_account old = *a;

        a->left = a->held = a->quiet = a->bare = 0;
        old.scope[0] = '\0';
        *add(t) = old;
        a = purse_account(t, slice->cap_id, NULL);
    }
    snprintf(a->starts, sizeof(a->starts), "%s", slice->starts);
    a->left += slice->granted;
}
