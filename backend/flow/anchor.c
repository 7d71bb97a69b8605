/* See anchor.h. */
#include "flow/anchor.h"

#include "base/id.h"
#include "core/audit_head.h"
#include "core/mail.h"
#include "flow/live.h"
#include "flow/queue.h"
#include "io/db.h"

#define SIGN_HOURS 24
#define TENANTS_MOST 1000 /* of one sweep; the rest is found by the next */

rc_t anchor_wish(struct ctx *c, int64_t seq, struct anchor_wish *out)
{
    *out = (struct anchor_wish){id_new(c->mem), audit_sign_subject(c, seq)};
    return job_add(c, out->job_id, "audit_sign", out->subject_id, out->subject_id);
}

rc_t audit_sign_run(struct ctx *c, struct run *run)
{
    TRY(job_guard(c, &run->job));
    TRY(audit_head_sign(c));
    TRY(job_done(c, &run->job));
    TRY(db_commit(c));
    live_message(c, run->job.subject_id, run->job.id, 0);
    return OK;
}

rc_t audit_daily_run(struct ctx *c, struct run *run)
{
    struct audit_state before;

    TRY(job_guard(c, &run->job));
    TRY(audit_state_get(c, &before));
    TRY(audit_head_sign(c));
    if (before.signed_entries > 0)
        TRY(mail_add_admins(c, "audit_anchor"));
    TRY(job_done(c, &run->job));
    return db_commit(c);
}

rc_t anchor_sweep(struct ctx *c)
{
    struct audit_due *due;
    size_t count;

    TRY(audit_due_list(c, SIGN_HOURS, TENANTS_MOST, &due, &count));
    TRY(db_commit(c));
    for (size_t i = 0; i < count; i++) {
        const char *job_id = id_new(c->mem), *subject_id;

        TRY(db_tenant(c, due[i].tenant_id));
        subject_id = audit_sign_subject(c, due[i].seq);
        TRY(job_add(c, job_id, "audit_daily", subject_id, subject_id));
        TRY(db_commit(c));
        queue_ring(c, c->tenant_id, job_id);
    }
    return OK;
}
