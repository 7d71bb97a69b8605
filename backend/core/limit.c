/* See limit.h. */
#include "core/limit.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/metric.h"
#include "core/limit_local.h"
#include "core/limit_plan.h"
#include "core/limit_redis.h"
#include "io/crypto.h"

#define SECOND_US 1000000
#define FASTEST 60000000 /* a minute */

static const struct {
    const char *env, *shown, *preset, *about;
    int64_t at_once;
    enum conf setting;
    enum metric taken, refused;
} rows[LIMIT_COUNT] = {
#define LIMIT(name, env, shown, per_minute, at_once, about) \
    [LIMIT_##name] = {env,                                  \
                      shown,                                \
                      per_minute,                           \
                      about,                                \
                      at_once,                              \
                      CONF_limit_##name,                    \
                      METRIC_limit_##name##_taken,          \
                      METRIC_limit_##name##_refused},
#include "base/limits.def"
#undef LIMIT
};

static bool started;
static struct redis *redis;

void limit_start(const char *redis_url)
{
    limit_stop();
    redis = redis_new_brisk(redis_url);
    started = true;
}

void limit_stop(void)
{
    redis_free(redis);
    redis = NULL;
    started = false;
    limit_marks_clear();
    limit_plans_clear();
}

const char *limit_name(enum limit which)
{
    return rows[which].shown;
}

/* How many may come at once grows and shrinks with the rate. */
static struct bucket_rate rate_of(enum limit which, int64_t per_minute)
{
    int64_t at_once = rows[which].at_once * per_minute / strtoll(rows[which].preset, NULL, 10);

    return bucket_rate(per_minute, at_once < 1 ? 1 : at_once);
}

/* What the plan or the host says of the tenant, else the settings. */
static int64_t rate_now(struct ctx *c, enum limit which)
{
    int64_t rate = limit_planned(c, which, conf_number(rows[which].setting));

    return rate > FASTEST ? FASTEST : rate;
}

/* The buckets that a request really takes from. */
struct taking {
    struct limit_use uses[LIMIT_COUNT];
    struct limit_bucket buckets[LIMIT_COUNT];
    struct limit_mark *marks[LIMIT_COUNT];
    size_t count;
    int64_t now_us;
    size_t worst;    /* the one that is empty, ... */
    int64_t wait_us; /* ... when this is not 0 */
};

/* Redis learns neither addresses nor companies: it has their hashes under the web key. */
static const char *key_of(struct ctx *c, enum limit which, const char *whom)
{
    const char *secret = conf_text(CONF_web_key);
    unsigned char hash[32];

    crypto_hmac_sha256(bytes_of(secret == NULL ? "" : secret), bytes_of(whom), hash);
    return text_printf(c->mem, "konstruct:limit:%s:%s", rows[which].shown,
                       text_hex(c->mem, (struct bytes){(const char *)hash, 16}));
}

static void prepare(struct ctx *c, struct taking *t, const struct limit_use *uses, size_t count)
{
    *t = (struct taking){.now_us = clock_mono_us()};
    for (size_t i = 0; i < count && t->count < LIMIT_COUNT; i++) {
        enum limit which = uses[i].which;
        int64_t per_minute = uses[i].whom == NULL ? 0 : rate_now(c, which);

        if (per_minute == 0)
            continue;
        t->uses[t->count] = uses[i];
        t->buckets[t->count].rate = rate_of(which, per_minute);
        t->marks[t->count++] = limit_mark(which, uses[i].whom, t->now_us);
    }
}

static void name(struct ctx *c, struct taking *t, size_t i)
{
    t->buckets[i].key = key_of(c, t->uses[i].which, t->uses[i].whom);
}

static void found_empty(struct taking *t, size_t which, int64_t wait_us)
{
    if (wait_us <= t->wait_us)
        return;
    t->worst = which;
    t->wait_us = wait_us;
}

/* What was found empty a moment ago need not be asked about again: so a flood costs nothing. */
static bool closed(struct taking *t)
{
    for (size_t i = 0; i < t->count; i++)
        found_empty(t, i, t->marks[i]->closed_us - t->now_us);
    return t->wait_us > 0;
}

static bool take_shared(struct ctx *c, struct taking *t)
{
    for (size_t i = 0; i < t->count; i++)
        name(c, t, i);
    return limit_redis_take(c, redis, t->buckets, t->count, 0, 1, &t->worst, &t->wait_us);
}

/* The same as the script, with this process's own buckets. */
static void take_local(struct taking *t)
{
    metric_add(METRIC_limit_local, 1);
    for (size_t i = 0; i < t->count; i++)
        found_empty(t, i, bucket_wait(t->buckets[i].rate, &t->marks[i]->full_us, t->now_us, 1));
    for (size_t i = 0; i < t->count && t->wait_us == 0; i++)
        t->marks[i]->full_us = bucket_after(t->buckets[i].rate, t->marks[i]->full_us, t->now_us, 1);
}

static rc_t refuse(struct ctx *c, const struct taking *t)
{
    enum limit which = t->uses[t->worst].which;
    int64_t wait_s = (t->wait_us + SECOND_US - 1) / SECOND_US;

    t->marks[t->worst]->closed_us = t->now_us + t->wait_us;
    metric_add(rows[which].refused, 1);
    return ctx_over(c, "limit_reached", rows[which].shown, wait_s,
                    "This is more than the limit %s allows (%s). Wait %lld seconds and try again.",
                    rows[which].shown, rows[which].about, (long long)wait_s);
}

rc_t limit_take(struct ctx *c, const struct limit_use *uses, size_t count)
{
    struct taking t;

    if (!started)
        return OK;
    prepare(c, &t, uses, count);
    if (t.count == 0)
        return OK;
    if (!closed(&t) && !take_shared(c, &t))
        take_local(&t);
    if (t.wait_us > 0)
        return refuse(c, &t);
    for (size_t i = 0; i < t.count; i++)
        metric_add(rows[t.uses[i].which].taken, 1);
    return OK;
}

#define LOT_US 1000000 /* what was taken ahead is good for so long */
#define LOTS_A_MINUTE 600
#define LOT_MOST 200

/* Takes n of one bucket from Redis, or here while it is away. Gives the time to wait. */
static int64_t take_lot(struct ctx *c, const struct taking *t, size_t i, int64_t n)
{
    struct limit_mark *mark = t->marks[i];
    size_t worst = 0;
    int64_t wait_us = 0;

    if (!limit_redis_take(c, redis, &t->buckets[i], 1, 0, n, &worst, &wait_us)) {
        metric_add(METRIC_limit_local, 1);
        wait_us = bucket_wait(t->buckets[i].rate, &mark->full_us, t->now_us, n);
        if (wait_us == 0)
            mark->full_us = bucket_after(t->buckets[i].rate, mark->full_us, t->now_us, n);
    }
    if (wait_us > 0)
        return wait_us;
    mark->lot = n;
    mark->lot_us = t->now_us + LOT_US;
    return 0;
}

/* Near the limit a whole lot is not there any more, and one by one is taken what there is. */
static int64_t refill(struct ctx *c, struct taking *t, size_t i)
{
    int64_t per_lot = 60 * (int64_t)SECOND_US / t->buckets[i].rate.step_us / LOTS_A_MINUTE;
    int64_t n = per_lot > LOT_MOST ? LOT_MOST : per_lot;

    name(c, t, i);
    if (n > 1 && take_lot(c, t, i, n) == 0)
        return 0;
    return take_lot(c, t, i, 1);
}

rc_t limit_take_ahead(struct ctx *c, const struct limit_use *uses, size_t count)
{
    struct taking t;

    if (!started)
        return OK;
    prepare(c, &t, uses, count);
    if (closed(&t))
        return refuse(c, &t);
    for (size_t i = 0; i < t.count && t.wait_us == 0; i++)
        if (t.marks[i]->lot == 0 || t.now_us >= t.marks[i]->lot_us)
            found_empty(&t, i, refill(c, &t, i));
    if (t.wait_us > 0)
        return refuse(c, &t);
    for (size_t i = 0; i < t.count; i++) {
        t.marks[i]->lot--;
        metric_add(rows[t.uses[i].which].taken, 1);
    }
    return OK;
}

void limit_give(struct ctx *c, const struct limit_use *uses, size_t count)
{
    struct taking t;

    if (!started)
        return;
    prepare(c, &t, uses, count);
    for (size_t i = 0; i < t.count; i++)
        name(c, &t, i);
    if (t.count > 0 && redis_there(redis))
        limit_redis_give(c, redis, t.buckets, t.count);
    for (size_t i = 0; i < t.count; i++)
        t.marks[i]->full_us = bucket_after(t.buckets[i].rate, t.marks[i]->full_us, t.now_us, -1);
}

const char *limit_address(struct ctx *c, const char *remote)
{
    struct in6_addr raw;

    if (remote == NULL || inet_pton(AF_INET6, remote, &raw) != 1 || IN6_IS_ADDR_V4MAPPED(&raw))
        return remote;
    return text_hex(c->mem, (struct bytes){(const char *)raw.s6_addr, 8});
}

void limit_print(struct buf *out)
{
    buf_text(out, "| limit | what is counted | a minute | at once | setting |\n"
                  "|---|---|---|---|---|\n");
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        buf_printf(out, "| `%s` | %s | %s | %lld | `%s` |\n", rows[i].shown, rows[i].about,
                   rows[i].preset, (long long)rows[i].at_once, rows[i].env);
}
