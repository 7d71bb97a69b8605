/* See price.h. */
#include "core/price.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "io/db.h"

#define KEPT 256
#define KEPT_MS 60000
#define NAME_MAX_BYTES 200

struct kept {
    char provider[40], model[NAME_MAX_BYTES], from[11];
    struct price price;
    int64_t until_ms;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept kept[KEPT];
static size_t next_kept;

bool price_recall(struct arena *mem, const char *provider, const char *model, struct price *out)
{
    const int64_t now_ms = clock_mono_ms();
    bool found = false;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < KEPT && !found; i++) {
        const struct kept *k = &kept[i];

        found = k->until_ms > now_ms && strcmp(k->provider, provider) == 0 &&
                strcmp(k->model, model) == 0;
        if (found) {
            *out = k->price;
            out->from = k->from[0] == '\0' ? NULL : text_dup(mem, k->from);
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static void keep(const char *provider, const char *model, const struct price *price)
{
    struct kept *k;

    if (strlen(provider) >= sizeof(k->provider) || strlen(model) >= sizeof(k->model))
        return;
    pthread_mutex_lock(&lock);
    k = &kept[next_kept++ % KEPT];
    *k = (struct kept){.price = *price, .until_ms = clock_mono_ms() + KEPT_MS};
    snprintf(k->provider, sizeof(k->provider), "%s", provider);
    snprintf(k->model, sizeof(k->model), "%s", model);
    snprintf(k->from, sizeof(k->from), "%s", price->from == NULL ? "" : price->from);
    pthread_mutex_unlock(&lock);
}

static const struct stmt q_price = {
    "price_find",
    "SELECT input, cached, coalesce(cache_write, input), output,"
    " CASE WHEN model <> '*' OR greatest(input, output) = 0 THEN valid_from END FROM price"
    " WHERE provider = $1 AND (model = $2 OR (right(model, 1) = '*' AND"
    "  starts_with($2, left(model, -1)))) AND valid_from <= current_date"
    " ORDER BY length(model) DESC, valid_from DESC LIMIT 1"};

rc_t price_find(struct ctx *c, const char *provider, const char *model, struct price *out)
{
    struct db_rows rows;

    if (price_recall(c->mem, provider, model, out))
        return OK;
    *out = (struct price){.from = NULL};
    TRY(db_rows(c, &q_price, ARGS(A(provider), A(model)), &rows));
    if (rows.count > 0)
        *out = (struct price){.input = db_int(&rows, 0, 0),
                              .cached = db_int(&rows, 0, 1),
                              .cache_write = db_int(&rows, 0, 2),
                              .output = db_int(&rows, 0, 3),
                              .from = db_text(&rows, 0, 4),
                              .assumed = db_text(&rows, 0, 4) == NULL};
    keep(provider, model, out);
    return OK;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t price_cost(const struct price *price, const struct tokens *t)
{
    int64_t cached = least(t->cached, t->input);
    int64_t written = least(t->cache_written, t->input - cached);
    int64_t sum = (t->input - cached - written) * price->input + cached * price->cached +
                  written * price->cache_write + t->output * price->output;

    return (sum + 999999) / 1000000;
}

int64_t price_worst(const struct price *price, int64_t input, int64_t output)
{
    int64_t dearest = price->input > price->cache_write ? price->input : price->cache_write;

    if (price->cached > dearest)
        dearest = price->cached;
    return (input * dearest + output * price->output + 999999) / 1000000;
}
