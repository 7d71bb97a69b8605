/*
 * See queue.h. Keys, all under konstruct:q: -- a tenant's waiting jobs (sorted set by the time in
 * the job's id) q:wait:<tenant>, its jobs in flight (sorted set by the end of the lease)
 * q:fly:<tenant>, the order (sorted set of tenants with waiting jobs by virtual start time)
 * q:order, and each tenant's virtual finish time (hash) q:vt. The field "now" of q:vt is the
 * virtual clock.
 */
#include "flow/queue.h"

#include "base/clock.h"
#include "base/conf.h"
#include "flow/live.h"
#include "io/redis.h"

/* An idle tenant comes back at the present virtual time: idling earns no credit. */
static const char ring_script[] =
    "local made = tonumber(string.sub(ARGV[2], 1, 8) .. string.sub(ARGV[2], 10, 13), 16)\n"
    "if redis.call('ZADD', 'konstruct:q:wait:' .. ARGV[1], 'NX', made, ARGV[2]) == 1 then\n"
    "  local now = tonumber(redis.call('HGET', 'konstruct:q:vt', 'now') or '0')\n"
    "  local own = tonumber(redis.call('HGET', 'konstruct:q:vt', ARGV[1]) or '0')\n"
    "  if own < now then own = now end\n"
    "  redis.call('ZADD', 'konstruct:q:order', 'NX', own, ARGV[1])\n"
    "end\n"
    "redis.call('PUBLISH', '" QUEUE_BELL "', ARGV[1])\n"
    "return 1";

/*
 * ARGV: how many, cap per tenant, now in ms, lease in ms, cost guess. Answers tenant, job, tenant,
 * job, ...
 */
static const char pick_script[] =
    "local out, skip = {}, 0\n"
    "while #out < 2 * tonumber(ARGV[1]) and skip < 64 do\n"
    "  local head = redis.call('ZRANGE', 'konstruct:q:order', skip, skip, 'WITHSCORES')\n"
    "  if #head == 0 then break end\n"
    "  local tenant, start = head[1], tonumber(head[2])\n"
    "  local fly = 'konstruct:q:fly:' .. tenant\n"
    "  redis.call('ZREMRANGEBYSCORE', fly, '-inf', ARGV[3])\n"
    "  if redis.call('ZCARD', fly) >= tonumber(ARGV[2]) then\n"
    "    skip = skip + 1\n"
    "  else\n"
    "    local job = redis.call('ZPOPMIN', 'konstruct:q:wait:' .. tenant)\n"
    "    if #job == 0 then\n"
    "      redis.call('ZREM', 'konstruct:q:order', tenant)\n"
    "    else\n"
    "      redis.call('ZADD', fly, ARGV[3] + ARGV[4], job[1])\n"
    "      redis.call('PEXPIRE', fly, 2 * ARGV[4])\n"
    "      local finish = start + tonumber(ARGV[5])\n"
    "      redis.call('HSET', 'konstruct:q:vt', tenant, finish, 'now', start)\n"
    "      redis.call('ZADD', 'konstruct:q:order', finish, tenant)\n"
    "      out[#out + 1] = tenant; out[#out + 1] = job[1]\n"
    "    end\n"
    "  end\n"
    "end\n"
    "return out";

/* ARGV: tenant, job, tokens beyond the guess (may be negative). */
static const char finished_script[] =
    "redis.call('ZREM', 'konstruct:q:fly:' .. ARGV[1], ARGV[2])\n"
    "if tonumber(ARGV[3]) ~= 0 then\n"
    "  redis.call('HINCRBYFLOAT', 'konstruct:q:vt', ARGV[1], ARGV[3])\n"
    "  if redis.call('ZSCORE', 'konstruct:q:order', ARGV[1]) then\n"
    "    redis.call('ZINCRBY', 'konstruct:q:order', ARGV[3], ARGV[1])\n"
    "  end\n"
    "end\n"
    "if redis.call('ZCARD', 'konstruct:q:wait:' .. ARGV[1]) == 0 and redis.call('EXISTS', "
    "'konstruct:q:fly:' .. ARGV[1]) == 0 then\n"
    "  local now = tonumber(redis.call('HGET', 'konstruct:q:vt', 'now') or '0')\n"
    "  if tonumber(redis.call('HGET', 'konstruct:q:vt', ARGV[1]) or '0') <= now then "
    "redis.call('HDEL', 'konstruct:q:vt', ARGV[1]) end\n"
    "end\n"
    "return 1";

/* ARGV: now in ms, lease in ms, then tenant, job, tenant, job, ... */
static const char running_script[] = "for i = 3, #ARGV, 2 do\n"
                                     "  local fly = 'konstruct:q:fly:' .. ARGV[i]\n"
                                     "  redis.call('ZADD', fly, ARGV[1] + ARGV[2], ARGV[i + 1])\n"
                                     "  redis.call('PEXPIRE', fly, 2 * ARGV[2])\n"
                                     "end\n"
                                     "return 1";

static struct bytes number_text(struct ctx *c, int64_t n)
{
    return bytes_of(text_printf(c->mem, "%lld", (long long)n));
}

void queue_ring(struct ctx *c, const char *tenant_id, const char *job_id)
{
    live_tell(c, REDIS_WORDS(BYTES("EVAL"), BYTES(ring_script), BYTES("0"), bytes_of(tenant_id),
                             bytes_of(job_id)));
}

void queue_pick(struct ctx *c, int64_t most, struct job_hint **hints, size_t *count, bool *away)
{
    const char **words;
    size_t word_count = 0;

    *away = !live_list(
        c,
        REDIS_WORDS(BYTES("EVAL"), BYTES(pick_script), BYTES("0"), number_text(c, most),
                    number_text(c, conf_number(CONF_turns_per_tenant)), number_text(c, clock_ms()),
                    number_text(c, conf_number(CONF_lease_seconds) * 1000),
                    number_text(c, QUEUE_COST_GUESS)),
        &words, &word_count);
    *count = *away ? 0 : word_count / 2;
    *hints = arena_take(c->mem, (*count + 1) * sizeof(**hints));
    for (size_t i = 0; i < *count; i++)
        (*hints)[i] = (struct job_hint){words[2 * i], words[2 * i + 1]};
}

void queue_finished(struct ctx *c, const char *tenant_id, const char *job_id, int64_t tokens)
{
    live_tell(c, REDIS_WORDS(BYTES("EVAL"), BYTES(finished_script), BYTES("0"), bytes_of(tenant_id),
                             bytes_of(job_id),
                             number_text(c, tokens == 0 ? 0 : tokens - QUEUE_COST_GUESS)));
}

void queue_running(struct ctx *c, const struct job_hint *hints, size_t count)
{
    size_t word_count = 5 + 2 * count;
    struct bytes *words = arena_take(c->mem, word_count * sizeof(*words));

    words[0] = BYTES("EVAL");
    words[1] = BYTES(running_script);
    words[2] = BYTES("0");
    words[3] = number_text(c, clock_ms());
    words[4] = number_text(c, conf_number(CONF_lease_seconds) * 1000);
    for (size_t i = 0; i < count; i++) {
        words[5 + 2 * i] = bytes_of(hints[i].tenant_id);
        words[6 + 2 * i] = bytes_of(hints[i].job_id);
    }
    live_tell(c, words, word_count);
}

/* ARGV: tenant. */
static const char forget_script[] =
    "redis.call('DEL', 'konstruct:q:wait:' .. ARGV[1], 'konstruct:q:fly:' .. ARGV[1])\n"
    "redis.call('ZREM', 'konstruct:q:order', ARGV[1])\n"
    "redis.call('HDEL', 'konstruct:q:vt', ARGV[1])\n"
    "return 1";

void queue_forget(struct ctx *c, const char *tenant_id)
{
    live_tell(c, REDIS_WORDS(BYTES("EVAL"), BYTES(forget_script), BYTES("0"), bytes_of(tenant_id)));
}
