/* See limit_redis.h. */
#include "core/limit_redis.h"

#include <stdio.h>
#include <string.h>

#define BUCKETS_MAX 8
#define SHA_LEN 40

/*
 * base/bucket.c, for Redis. KEYS: the buckets. ARGV: now in microseconds or 0, how many to take,
 * then step and depth of each bucket. A bucket that would be full holds no key. Answers which one
 * was empty (0: none) and the microseconds to wait. Numbers stay below 2^53, and are written whole.
 */
static const char script[] =
    "local now, n = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
    "if now == 0 then local t = redis.call('TIME'); now = t[1] * 1000000 + t[2] end\n"
    "local after, worst, wait = {}, 0, 0\n"
    "for i = 1, #KEYS do\n"
    "  local step, depth = tonumber(ARGV[1 + 2 * i]), tonumber(ARGV[2 + 2 * i])\n"
    "  local full = tonumber(redis.call('GET', KEYS[i]) or '0')\n"
    "  if full > now + depth then\n" /* the clock went back */
    "    full = now + depth\n"
    "    redis.call('SET', KEYS[i], string.format('%.0f', full), 'PX', math.ceil(depth / 1000))\n"
    "  end\n"
    "  after[i] = math.max(math.max(full, now) + n * step, now)\n"
    "  local over = after[i] - now - depth\n"
    "  if over > wait then worst, wait = i, over end\n"
    "end\n"
    "if wait == 0 then\n"
    "  for i = 1, #KEYS do\n"
    "    local ms = math.ceil((after[i] - now) / 1000)\n"
    "    if ms == 0 then redis.call('DEL', KEYS[i])\n"
    "    else redis.call('SET', KEYS[i], string.format('%.0f', after[i]), 'PX', ms) end\n"
    "  end\n"
    "end\n"
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
