/*
 * Runs one job from its claim to its end. What a job does stands in jobs.def and the files named
 * there.
 */
#ifndef FLOW_RUNNER_H
#define FLOW_RUNNER_H

#include <stdatomic.h>

#include "core/job.h"

/* A job on its way; the runner's thread owns it, others only set the two flags. */
struct run {
    struct job job;
    const char *tenant_id;
    char holder[37];     /* job.holder, for other threads: it outlives the job's memory */
    atomic_bool claimed; /* holder is set: the heartbeat may renew it */
    /* the lease is somebody else's: stop as soon as possible, write and send nothing */
    atomic_bool lost;
    atomic_bool hurry; /* the process is ending: give up what waits */
    int64_t tokens;    /* what it used, for its tenant's place in the order */
};

/* A kind of job. */
struct job_kind {
    const char *name;
    /*
     * Does the work and ends the claim itself (job_done, job_later). No transaction is open on
     * entry.
     */
    rc_t (*run)(struct ctx *c, struct run *run);
    /*
     * Tells the sender, once, that it will not be done; in the transaction that makes the job dead.
     */
    rc_t (*bury)(struct ctx *c, struct run *run);
};

/*
 * Claims the hinted job and runs it. Faults are counted and tried again with a back-off; poison
 * (JOB_DEATHS_MAX, JOB_ERRORS_MAX) and what can never work become dead. Rings for the next job of
 * the lane. Frees nothing of `run`.
 */
void runner_run(struct db_pool *db, const struct job_hint *hint, struct run *run);

#endif
