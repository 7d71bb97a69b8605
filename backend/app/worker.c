/*
 * konstruct-worker: takes jobs and runs them, many at once, one thread each, plain blocking code.
 * This file is the process: start, threads, dispatch, heartbeat, clean stop.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "app/become.h"
#include "app/crew.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "core/idempotency.h"
#include "core/usage.h"
#include "flow/account_again.h"
#include "flow/anchor.h"
#include "flow/line.h"
#include "flow/live.h"
#include "flow/live_text.h"
#include "flow/purse.h"
#include "flow/queue.h"
#include "flow/routing_book.h"
#include "io/crypto.h"
#include "io/db.h"
#include "io/http.h"
#include "io/redis.h"

#define BELL_WAIT_MS 200 /* how soon a signal to stop is noticed */
#define PICK_MOST 16
#define SWEEP_MS 2000
#define SWEEP_SOON_MS 200 /* with Redis away, or with more to do than one look brings */
#define SWEEP_HINTS 64    /* of one tenant, with Redis there, which keeps the cap itself */
/* Looks for what is due now and then, see `rare`: soon after the start, then at times. */
#define RARE_FIRST_MS 30000
#define RARE_MS 600000
#define ROLL_MS 20000     /* how often new calls are added to the hours of the ledger */
#define BEAT_AGAIN_MS 500 /* after a beat that the database did not hear */

static volatile sig_atomic_t stopping;

struct beat {
    struct db_pool *dispatch, *work;
    atomic_bool over;
};

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

static rc_t check_roles(struct db_pool *work, struct db_pool *dispatch)
{
    struct db_pool *pools[] = {work, dispatch};
    rc_t rc = OK;

    for (size_t i = 0; i < COUNT_OF(pools) && rc == OK; i++) {
        struct ctx *c = ctx_new(MIB(1), pools[i]);

        rc = db_check_role(c);
        if (rc == E_FORBIDDEN)
            fprintf(stderr, "konstruct-worker does not start: %s\n", c->fault.detail);
        else if (rc != OK)
            /* away: the pools try again by themselves, and the role is checked by then too */
            rc = OK;
        ctx_end(c);
    }
    return rc;
}

/*
 * One look at the rows: what Redis lost, what became due, what a dead worker left behind. Gives the
 * time until the next one.
 */
static int64_t sweep(struct db_pool *dispatch, bool redis_away)
{
    struct ctx *c = ctx_new(MIB(8), dispatch);
    struct job_hint *hints;
    size_t count = 0;

    if (job_sweep(c, redis_away ? conf_number(CONF_turns_per_tenant) : SWEEP_HINTS, redis_away,
                  conf_number(CONF_turns), &hints, &count) != OK)
        log_fault(c, "sweep_failed");
    else
        for (size_t i = 0; i < count; i++) {
            if (redis_away)
                crew_offer(&hints[i]);
            else
                queue_ring(c, hints[i].tenant_id, hints[i].job_id);
        }
    ctx_end(c);
    return redis_away || count >= SWEEP_HINTS ? SWEEP_SOON_MS : SWEEP_MS;
}

/* Gives free hands what is fairest; true when Redis could not be asked. */
static bool pick(void)
{
    bool away;

    while (crew_pick(PICK_MOST, &away) > 0)
        ;
    return away;
}

/* Waits for the bell, or a little while when there is none. */
static void wait_for_bell(struct redis *bell)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    const char *message;

    if (!redis_there(bell) && redis_subscribe(c, bell, QUEUE_BELL) != OK)
        usleep(BELL_WAIT_MS * 1000);
    else if (redis_wait(c, bell, BELL_WAIT_MS, &message) == OK && message != NULL)
        /* Rings that came meanwhile say nothing new. */
        while (redis_wait(c, bell, 0, &message) == OK && message != NULL &&
               arena_used(c->mem) < KIB(256))
            ;
    ctx_end(c);
}

/* What is looked for every ten minutes, each in a context of its own. */
static const struct {
    rc_t (*look)(struct ctx *c);
    const char *failed;
} rare[] = {{anchor_sweep, "sign_sweep_failed"},
            {idempotency_sweep, "clean_sweep_failed"},
            {account_again_sweep, "account_sweep_failed"}};

static void rare_sweeps(struct db_pool *work)
{
    for (size_t i = 0; i < COUNT_OF(rare); i++) {
        struct ctx *c = ctx_new(MIB(8), work);

        if (rare[i].look(c) != OK)
            log_fault(c, rare[i].failed);
        ctx_end(c);
    }
}

static void dispatch_until_stopped(struct db_pool *dispatch, struct db_pool *work)
{
    struct redis *bell = redis_new(conf_text(CONF_redis_url));
    int64_t next_sweep_ms = 0, next_rare_ms = clock_mono_ms() + RARE_FIRST_MS;

    while (!stopping) {
        bool away = pick();

        if (clock_mono_ms() >= next_sweep_ms) {
            next_sweep_ms = clock_mono_ms() + sweep(dispatch, away);
            pick();
        }
        if (clock_mono_ms() >= next_rare_ms) {
            rare_sweeps(work);
            next_rare_ms = clock_mono_ms() + RARE_MS;
        }
        wait_for_bell(bell);
    }
    redis_free(bell);
}

static void *heartbeat(void *arg)
{
    struct beat *beat = arg;
    int64_t every_ms = conf_number(CONF_lease_seconds) * 1000 / 3,
            next_ms = clock_mono_ms() + every_ms;

    while (!atomic_load(&beat->over)) {
        usleep(50 * 1000);
        if (clock_mono_ms() < next_ms)
            continue;
        bool renewed = crew_renew(beat->dispatch);

        next_ms = clock_mono_ms() + (renewed ? every_ms : BEAT_AGAIN_MS);
    }
    return NULL;
}

/* Gives the time until the next one. */
static int64_t roll_sweep(struct db_pool *work)
{
    struct ctx *c = ctx_new(MIB(8), work);
    bool more = false;

    if (usage_roll(c, &more) != OK)
        log_fault(c, "usage_not_rolled");
    ctx_end(c);
    return more ? 0 : ROLL_MS;
}

/* A thread of its own: thousands of calls take a moment, in which turns go on being dispatched. */
static void *roll_up(void *arg)
{
    struct beat *beat = arg;
    int64_t next_ms = clock_mono_ms() + ROLL_MS;

    while (!atomic_load(&beat->over)) {
        if (clock_mono_ms() >= next_ms)
            next_ms = clock_mono_ms() + roll_sweep(beat->work);
        usleep(50 * 1000);
    }
    return NULL;
}

static void handle_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int main(void)
{
    struct beat beat = {.over = false};
    pthread_t beating, rolling;

    if (conf_load(CONF_NEED_WORKER) != OK)
        return 2;
    log_start("konstruct-worker", conf_switch(CONF_verbose));
    if (!become_user(conf_text(CONF_user)))
        return 2;
    crypto_start();
    http_start();
    handle_signals();
    live_start(conf_text(CONF_redis_url));
    live_text_start(conf_text(CONF_redis_url));

    struct db_pool *work = db_pool_new(conf_text(CONF_db_worker),
                                       (int)conf_number(CONF_db_connections));
    struct db_pool *dispatch = db_pool_new(conf_text(CONF_db_dispatch), 2);

    if (check_roles(work, dispatch) != OK)
        return 2;
    crew_start(work, (size_t)conf_number(CONF_turns));
    purse_start(work);
    if (conf_text(CONF_line_dir) != NULL && !line_start(conf_text(CONF_line_dir), work))
        return 1;
    beat.dispatch = dispatch;
    beat.work = work;
    if (pthread_create(&beating, NULL, heartbeat, &beat) != 0 ||
        pthread_create(&rolling, NULL, roll_up, &beat) != 0)
        return 1;
    log_info("started", NULL);
    dispatch_until_stopped(dispatch, work);
    log_info("stopping", NULL);
    line_stop(conf_number(CONF_stop_seconds) * 1000);
    if (!crew_stop(conf_number(CONF_stop_seconds) * 1000)) {
        /* Their jobs are taken over when the leases end; freeing what they use would be worse. */
        log_warn("stopped_with_work", NULL);
        _exit(0);
    }
    line_join();
    purse_stop();
    routing_book_forget();
    atomic_store(&beat.over, true);
    pthread_join(beating, NULL);
    pthread_join(rolling, NULL);
    live_text_stop();
    live_stop();
    http_stop();
    db_pool_free(dispatch);
    db_pool_free(work);
    log_info("stopped", NULL);
    return 0;
}
