/*
 * Signing the heads of audit chains: daily for every chain that has grown, found by the worker's
 * sweep, and at once when an export asks for it. The daily head also goes out to the tenant's
 * admins by mail, so that it is kept where nobody here can change it.
 */
#ifndef FLOW_ANCHOR_H
#define FLOW_ANCHOR_H

#include "flow/runner.h"

/* A job to sign the context's tenant's chain at `seq`; ring for it once it is committed. */
struct anchor_wish {
    const char *job_id, *subject_id;
};
rc_t anchor_wish(struct ctx *c, int64_t seq, struct anchor_wish *out) MUST;

/* The job: signs, and tells whoever waits on the live channel of its subject. */
rc_t audit_sign_run(struct ctx *c, struct run *run);

/*
 * The daily job: signs, posts the anchor where an admin chose to have it, and from the second
 * signature on writes the mails with it.
 */
rc_t audit_daily_run(struct ctx *c, struct run *run);

/* Signs and posts the anchor at once: for a place that was just chosen. */
rc_t audit_post_run(struct ctx *c, struct run *run);

/* Erases the subject that the job's lane names, and tells whoever waits on its live channel. */
rc_t subject_erase_run(struct ctx *c, struct run *run);

/* Makes the daily jobs of all tenants whose chains are due. As the worker, without a tenant. */
rc_t anchor_sweep(struct ctx *c) MUST;

#endif
