/* See anchor.h. */
#include "flow/anchor.h"

#include "base/id.h"
#include "core/audit_head.h"
#include "core/audit_subject.h"
#include "core/mail.h"
#include "core/post_place.h"
#include "core/tenant.h"
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

/* The same line as in the mails, so that `konstruct audit verify` takes it. */
static rc_t post_anchor(struct ctx *c, const char **job_id)
{
    struct audit_state now;
    const char *company, *anchor;

    TRY(audit_state_get(c, &now));
    TRY(tenant_name(c, &company));
    anchor = text_printf(c->mem, "%lld:%s", (long long)now.signed_entries, now.signed_hash);
    return post_place_post(
        c, POST_ANCHOR,
        text_printf(
            c->mem,
            "Where the audit of %s stands today, signed: entry and hash.\n\n```\n%s\n```\n\n"
            "Whoever keeps this can check at any time that nothing was cut off or rebuilt: "
            "export the audit and run `konstruct audit verify FILE --anchor %s`",
            company, anchor, anchor),
        job_id);
}

static void ring_for(struct ctx *c, const char *job_id)
{
    if (job_id != NULL)
        queue_ring(c, c->tenant_id, job_id);
}

rc_t audit_post_run(struct ctx *c, struct run *run)
{
    const char *delivery;

    TRY(job_guard(c, &run->job));
    TRY(audit_head_sign(c));
    TRY(post_anchor(c, &delivery));
    TRY(job_done(c, &run->job));
    TRY(db_commit(c));
    ring_for(c, delivery);
    return OK;
}

rc_t subject_erase_run(struct ctx *c, struct run *run)
{
    TRY(job_guard(c, &run->job));
    TRY(audit_erase(c, "system", run->job.lane_id));
    TRY(job_done(c, &run->job));
    TRY(db_commit(c));
    live_message(c, run->job.lane_id, run->job.id, 0);
    return OK;
}

rc_t audit_daily_run(struct ctx *c, struct run *run)
{
    struct audit_state before;
    const char *delivery;

    TRY(job_guard(c, &run->job));
    TRY(audit_state_get(c, &before));
    TRY(audit_head_sign(c));
    if (before.signed_entries > 0)
        TRY(mail_add_admins(c, "audit_anchor", NULL));
    TRY(post_anchor(c, &delivery));
    TRY(job_done(c, &run->job));
    TRY(db_commit(c));
    ring_for(c, delivery);
    return OK;
}

static rc_t begin_daily(struct ctx *c, const struct audit_due *due)
{
    const char *job_id = id_new(c->mem), *subject_id;

    TRY(db_tenant(c, due->tenant_id));
    subject_id = audit_sign_subject(c, due->seq);
    TRY(job_add(c, job_id, "audit_daily", subject_id, subject_id));
    TRY(db_commit(c));
    queue_ring(c, c->tenant_id, job_id);
    return OK;
}

rc_t anchor_sweep(struct ctx *c)
{
    struct audit_due *due;
    size_t count;

    TRY(audit_due_list(c, SIGN_HOURS, TENANTS_MOST, &due, &count));
    TRY(db_commit(c));
    for (size_t i = 0; i < count; i++) {
        rc_t rc = begin_daily(c, &due[i]);

        if (!db_goes_on(c, rc, "audit_not_anchored"))
            return rc;
    }
    return OK;
}
