/* See alert.h. */
#include "flow/alert.h"

#include "core/audit.h"
#include "core/cap_alert.h"
#include "core/mail.h"
#include "core/post_place.h"
#include "core/tenant.h"
#include "flow/queue.h"
#include "io/db.h"

static rc_t record(struct ctx *c, const struct cap_alert *a)
{
    return audit_add(
        c, "system", "cap.reached", a->cap_id,
        text_printf(c->mem, "{\"percent\":%lld,\"spent_micros\":%lld,\"limit_micros\":%lld}",
                    (long long)a->percent, (long long)a->spent_micros, (long long)a->limit_micros));
}

/* The job is done with this; what it left to deliver is rung for. */
static rc_t finish(struct ctx *c, struct run *run, const char *delivery)
{
    TRY(job_done(c, &run->job));
    TRY(db_commit(c));
    if (delivery != NULL)
        queue_ring(c, c->tenant_id, delivery);
    return OK;
}

/* Where one call passed two marks at once, the higher one says it all. */
rc_t cap_alert_run(struct ctx *c, struct run *run)
{
    const char *company, *delivery;
    struct cap_alert alert;
    rc_t rc;

    TRY(job_guard(c, &run->job));
    rc = cap_alert_get(c, run->job.subject_id, &alert);
    if (rc == E_NOT_FOUND) { /* it went with its cap */
        ctx_forgive(c);
        return finish(c, run, NULL);
    }
    TRY(rc);
    TRY(record(c, &alert));
    if (alert.passed)
        return finish(c, run, NULL);
    TRY(mail_add_admins(c, "cap_alert", run->job.subject_id));
    TRY(tenant_name(c, &company));
    TRY(post_place_post(c, POST_CAPS,
                        text_printf(c->mem, "%s has used %s.", company, cap_alert_text(c, &alert)),
                        &delivery));
    return finish(c, run, delivery);
}

rc_t cap_post_run(struct ctx *c, struct run *run)
{
    const char *company, *delivery;

    TRY(job_guard(c, &run->job));
    TRY(tenant_name(c, &company));
    TRY(post_place_post(c, POST_CAPS,
                        text_printf(c->mem,
                                    "From now on %s is told here when a cap on what its AI "
                                    "employees may cost is half used, nearly used, and used up.",
                                    company),
                        &delivery));
    return finish(c, run, delivery);
}
