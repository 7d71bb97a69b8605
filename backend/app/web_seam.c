/*
 * What Kore asks of us from within its loop: log lines, connections that come and go, the rounds,
 * the end.
 */
#include "seam.h"

#include <malloc.h>
#include <stdlib.h>

#include "app/web.h"
#include "app/web_batch.h"
#include "app/web_lines.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"

#define TICK_MS 250
#define ADDRESSES 4096 /* a power of two */
#define GRACE_MS 300
#define TRIM_EVERY_MS 1000
#define TRIM_AFTER 16 /* connections */
#define TRIM_TIMES 3
#define TRIM_KEPT KIB(256)

static bool draining;
static unsigned changed; /* connections that came or went in this second */

bool web_draining(void)
{
    return draining;
}

void kore_app_log(int prio, const char *text)
{
    const char *who = worker == NULL ? "parent" : kore_worker_name(worker->id);

    if (prio <= LOG_ERR)
        log_error("kore", "who", who, "text", text, NULL);
    else if (prio <= LOG_NOTICE)
        log_warn("kore", "who", who, "text", text, NULL);
    else
        log_info("kore", "who", who, "text", text, NULL);
}

/*
 * Connections per address, by a hash of it: two addresses in one slot share a limit, which can only
 * make it stricter. An IPv6 customer owns a whole /64.
 */
static uint32_t *address_slot(const struct connection *c)
{
    static uint32_t held[ADDRESSES];
    static uint64_t salt;
    const unsigned char *bytes = (const unsigned char *)&c->addr.ipv4.sin_addr;
    size_t len = sizeof(c->addr.ipv4.sin_addr);

    while (salt == 0)
        arc4random_buf(&salt, sizeof(salt));
    if (c->family == AF_INET6) {
        bytes = c->addr.ipv6.sin6_addr.s6_addr;
        len = 8;
    }

    uint64_t hash = salt;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 1099511628211u;
    return &held[(hash >> 32) % ADDRESSES];
}

int kore_app_accept(struct connection *c)
{
    uint32_t *held = address_slot(c);

    if (*held >= (uint64_t)conf_number(CONF_web_per_address))
        return 0;
    ++*held;
    changed++;
    return 1;
}

void kore_app_closed(struct connection *c)
{
    --*address_slot(c);
    changed++;
}

/*
 * Handshakes that come in a wave leave holes between what their connections keep for long, of up to
 * 35 KB for each; so does a wave that goes. The pages in them go back to the system: some times,
 * because handshakes and first answers last for a while.
 */
static void give_back(int64_t now_ms)
{
    static int64_t next_ms;
    static int times;

    if (now_ms < next_ms)
        return;
    next_ms = now_ms + TRIM_EVERY_MS;
    if (changed >= TRIM_AFTER)
        times = TRIM_TIMES;
    changed = 0;
    if (times == 0)
        return;
    times--;
    (void)malloc_trim(TRIM_KEPT);
}

static void tick(void)
{
    static int64_t next_ms;
    int64_t now_ms = clock_mono_ms();

    if (now_ms < next_ms)
        return;
    next_ms = now_ms + TICK_MS;
    web_batch_tick();
    web_live_tick(now_ms);
    web_lines_tick(now_ms);
    web_park_tick(now_ms);
    give_back(now_ms);
}

void kore_app_round(void)
{
    tick();
    web_batch_round();
    web_live_round();
    web_line_round();
}

void kore_app_drain(void)
{
    draining = true;
    log_info("web_draining", NULL);
    web_park_drain();
}

static bool all_sent(void)
{
    const struct connection *c;

    TAILQ_FOREACH(c, &connections, list)
    if (c->proto == CONN_PROTO_HTTP && !TAILQ_EMPTY(&c->send_queue))
        return false;
    return true;
}

/* The grace is for requests that were on their way on a connection that we kept alive. */
int kore_app_drained(uint64_t elapsed_ms)
{
    if (elapsed_ms >= WEB_DRAIN_MS)
        return 1;
    return elapsed_ms >= GRACE_MS && http_request_count == 0 && web_park_count() == 0 && all_sent();
}

void kore_app_crashed(int id)
{
    char number[16];

    snprintf(number, sizeof(number), "%d", id);
    log_error("web_worker_died", "worker", number, NULL);
}
