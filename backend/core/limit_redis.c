/* See limit_redis.h. */
#include "core/limit_redis.h"

#include <stdio.h>
#include <string.h>

#define BUCKETS_MAX 8
#define SHA_LEN 40
#define KEPT_MS "60000" /* so long a bucket that is full again keeps its key */

/*
 * base/bucket.c, for Redis. KEYS: the buckets. ARGV: now in microseconds or 0, how many to take,
 * then step and depth of each bucket. A bucket without a key is full. Answers which one
 * was empty (0: none) and the microseconds to wait. Numbers stay below 2^53, and are written whole.
 */
static const char script[] =
    "local now, n = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
    "if now == 0 then local t = redis.call('TIME'); now = t[1] * 1000000 + t[2] end\n"
    "local function put(key, full)\n"
    "  local ms = math.ceil((full - now) / 1000) + " KEPT_MS "\n"
    "  redis.call('SET', key, string.format('%.0f', full), 'PX', ms)\n"
    "end\n"
    "local after, worst, wait = {}, 0, 0\n"
    "for i = 1, #KEYS do\n"
    "  local step, latest = tonumber(ARGV[1 + 2 * i]), now + tonumber(ARGV[2 + 2 * i])\n"
    "  local full = tonumber(redis.call('GET', KEYS[i]) or '0')\n"
    "  if full > latest then full = latest; put(KEYS[i], full) end\n" /* the clock went back */
    "  after[i] = math.max(math.max(full, now) + n * step, now)\n"
    "  local over = after[i] - latest\n"
    "  if over > wait then worst, wait = i, over end\n"
    "end\n"
    "if wait == 0 then for i = 1, #KEYS do put(KEYS[i], after[i]) end end\n"
    "return worst .. ' ' .. string.format('%.0f', wait)";

/* What Redis calls the script, once it was told it; "" before. The same for every Redis. */
static char sha[SHA_LEN + 1];

static rc_t tell_script(struct ctx *c, struct redis *r)
{
    const char *text;

    TRY(redis_do(c, r, REDIS_WORDS(BYTES("SCRIPT"), BYTES("LOAD"), BYTES(script)), &text, NULL));
    if (text == NULL || strlen(text) != SHA_LEN)
        return ctx_fail(c, E_UNAVAILABLE, "redis_refused", "no name for a script");
    memcpy(sha, text, SHA_LEN);
    return OK;
}

static struct bytes number(struct ctx *c, int64_t n)
{
    return bytes_of(text_printf(c->mem, "%lld", (long long)n));
}

/* The words of one call; gives how many. */
static size_t words_of(struct ctx *c, const struct limit_bucket *buckets, size_t count,
                       int64_t now_us, int64_t n, struct bytes *words)
{
    size_t at = 0;

    words[at++] = BYTES("EVALSHA");
    words[at++] = bytes_of(sha);
    words[at++] = number(c, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        words[at++] = bytes_of(buckets[i].key);
    words[at++] = number(c, now_us);
    words[at++] = number(c, n);
    for (size_t i = 0; i < count; i++) {
        words[at++] = number(c, buckets[i].rate.step_us);
        words[at++] = number(c, buckets[i].rate.depth_us);
    }
    return at;
}

static bool unknown_script(const struct ctx *c)
{
    return c->fault.detail != NULL && text_starts(c->fault.detail, "NOSCRIPT");
}

/* A Redis that was emptied or started anew is told the script again. */
static rc_t ask(struct ctx *c, struct redis *r, const struct bytes *words, size_t count,
                const char **answer)
{
    rc_t rc = redis_do(c, r, words, count, answer, NULL);

    if (rc == OK || !unknown_script(c))
        return rc;
    ctx_forgive(c);
    TRY(tell_script(c, r));
    return redis_do(c, r, words, count, answer, NULL);
}

bool limit_redis_take(struct ctx *c, struct redis *r, const struct limit_bucket *buckets,
                      size_t count, int64_t now_us, int64_t n, size_t *worst, int64_t *wait_us)
{
    struct bytes words[5 + 3 * BUCKETS_MAX];
    struct fault before = c->fault;
    const char *answer = NULL;
    unsigned long long which = 0;
    long long wait = 0;
    rc_t rc = count > BUCKETS_MAX ? E_INTERNAL : OK;

    if (rc == OK && sha[0] == '\0')
        rc = tell_script(c, r);
    if (rc == OK)
        rc = ask(c, r, words, words_of(c, buckets, count, now_us, n, words), &answer);
    c->fault = before;
    if (rc != OK || answer == NULL || sscanf(answer, "%llu %lld", &which, &wait) != 2 ||
        which > count)
        return false;
    *worst = which == 0 ? 0 : (size_t)which - 1;
    *wait_us = wait;
    return true;
}

void limit_redis_give(struct ctx *c, struct redis *r, const struct limit_bucket *buckets,
                      size_t count)
{
    struct bytes words[5 + 3 * BUCKETS_MAX];
    struct fault before = c->fault;

    if (sha[0] != '\0' && count <= BUCKETS_MAX) {
        size_t word_count = words_of(c, buckets, count, 0, -1, words);

        if (redis_tell(c, r, words, word_count) != OK)
            c->fault = before;
    }
}
