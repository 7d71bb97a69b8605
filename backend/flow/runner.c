/* See runner.h. */
#include "flow/runner.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "core/audit.h"
#include "core/tenant_key.h"
#include "flow/account_test.h"
#include "flow/alert.h"
#include "flow/anchor.h"
#include "flow/erase.h"
#include "flow/export.h"
#include "flow/mail_out.h"
#include "flow/queue.h"
#include "flow/sign_in.h"
#include "flow/turn.h"
#include "io/db.h"

#define JOB_MEMORY_MAX MIB(64)
#define SETTLE_AGAIN_MS 200

static rc_t tenant_key_run(struct ctx *c, struct run *run)
{
    TRY(job_guard(c, &run->job));
    TRY(tenant_key_make(c));
    TRY(job_done(c, &run->job));
    return db_commit(c);
}

/* Nobody waits for its end; the audit entry is all there is to tell. */
static rc_t bury_silently(struct ctx *c, struct run *run)
{
    (void)c;
    (void)run;
    return OK;
}

static const struct job_kind kinds[] = {
#define JOB(name, run, bury) {#name, run, bury},
#include "flow/jobs.def"
#undef JOB
};

static const struct job_kind *kind_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (text_is(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

static rc_t claim(struct ctx *c, const char *job_id, struct run *run, bool *claimed)
{
    /* a claim that a crash forgets is only made again, and its holder's name with it */
    db_relaxed(c);
    TRY(job_claim(c, job_id, &run->job, claimed));
    return db_commit(c);
}

static rc_t end_dead(struct ctx *c, const struct job_kind *kind, struct run *run, const char *why)
{
    TRY(job_guard(c, &run->job));
    if (kind != NULL)
        TRY(kind->bury(c, run));
    TRY(audit_add(c, "system", "job.dead", run->job.id,
                  text_printf(c->mem, "{\"kind\":\"%s\"}", run->job.kind)));
    TRY(job_dead(c, &run->job, why));
    return db_commit(c);
}

/* Faults that trying again can't mend. */
static bool permanent(rc_t rc)
{
    return rc == E_INVALID || rc == E_FORBIDDEN || rc == E_NOT_FOUND;
}

/*
 * Where even the last words are impossible, it dies without them, or it would come back for ever.
 */
static rc_t make_dead(struct ctx *c, const struct job_kind *kind, struct run *run, const char *why)
{
    rc_t rc = end_dead(c, kind, run, why);

    if (!permanent(rc) && rc != E_INTERNAL)
        return rc;
    log_fault(c, "job_not_buried");
    db_rollback(c);
    ctx_forgive(c);
    return end_dead(c, NULL, run, why);
}

static rc_t attempt(struct ctx *c, const struct job_kind *kind, struct run *run)
{
    if (run->job.deaths >= JOB_DEATHS_MAX)
        return ctx_fail(c, E_INVALID, "job_poison", "workers died with this job %lld times",
                        (long long)run->job.deaths);
    if (kind == NULL)
        return ctx_fail(c, E_INVALID, "job_unknown_kind", "no such kind of job: %s", run->job.kind);
    return kind->run(c, run);
}

/* What is recorded of a fault: its code and what it said, without anything secret. */
static const char *why_of(struct ctx *c)
{
    return log_mask(c->mem, text_printf(c->mem, "%s: %.500s", c->fault.code, c->fault.detail));
}

/* Back to the others, or dead. */
static rc_t put_back(struct ctx *c, const struct job_kind *kind, struct run *run, bool hopeless,
                     const char *why)
{
    if (atomic_load(&run->hurry)) {
        TRY(job_later(c, &run->job, 0)); /* a clean stop is nobody's error */
        return db_commit(c);
    }
    if (hopeless)
        return make_dead(c, kind, run, why);
    TRY(job_retry(c, &run->job, why));
    return db_commit(c);
}

/*
 * After a failed attempt: counted and put back, or dead. With the database away that waits as long
 * as the lease may hold, so that an outage does not count as a worker's death.
 */
static rc_t settle(struct ctx *c, const struct job_kind *kind, struct run *run, rc_t rc)
{
    int64_t until = clock_mono_ms() + conf_number(CONF_lease_seconds) * 1000;
    const char *why = why_of(c);
    bool hopeless = permanent(rc) || run->job.errors + 1 >= JOB_ERRORS_MAX;

    db_rollback(c);
    if (text_is(c->fault.code, "job_lost")) {
        log_info("job_lost", "job", run->job.id, "tenant", run->tenant_id, NULL);
        return OK;
    }
    log_warn(hopeless ? "job_dead" : "job_failed", "job", run->job.id, "kind", run->job.kind,
             "tenant", run->tenant_id, "why", why, NULL);
    ctx_forgive(c);
    rc = put_back(c, kind, run, hopeless, why);
    while (rc == E_UNAVAILABLE && clock_mono_ms() < until && !atomic_load(&run->lost) &&
           !atomic_load(&run->hurry)) {
        db_rollback(c);
        ctx_forgive(c);
        nanosleep(&(struct timespec){.tv_nsec = SETTLE_AGAIN_MS * 1000000L}, NULL);
        rc = put_back(c, kind, run, hopeless, why);
    }
    return rc;
}

static void ring_next(struct ctx *c, struct run *run)
{
    const char *next = NULL;

    ctx_forgive(c);
    if (job_next_in_lane(c, run->job.lane_id, &next) == OK && next != NULL)
        queue_ring(c, run->tenant_id, next);
    db_rollback(c);
}

void runner_run(struct db_pool *db, const struct job_hint *hint, struct run *run)
{
    struct ctx *c = ctx_new(JOB_MEMORY_MAX, db);
    bool claimed = false;

    c->tenant_id = run->tenant_id = text_dup(c->mem, hint->tenant_id);
    c->reference = text_dup(c->mem, hint->job_id);
    if (claim(c, hint->job_id, run, &claimed) != OK)
        log_fault(c, "job_claim_failed");
    if (claimed) {
        const struct job_kind *kind = kind_find(run->job.kind);

        memcpy(run->holder, run->job.holder, sizeof(run->holder));
        atomic_store(&run->claimed, true);
        rc_t rc = attempt(c, kind, run);
        if (rc != OK && settle(c, kind, run, rc) != OK)
            log_fault(c, "job_unsettled");
        atomic_store(&run->claimed, false);
        db_rollback(c);
    }
    queue_finished(c, run->tenant_id, hint->job_id, claimed ? run->tokens : QUEUE_NOT_RUN);
    if (claimed)
        ring_next(c, run);
    ctx_end(c);
}
