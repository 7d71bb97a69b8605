/* See alert.h. */
#include "flow/alert.h"

#include "core/audit.h"
#include "core/cap.h"
#include "core/mail.h"
#include "io/db.h"

rc_t cap_alert_run(struct ctx *c, struct run *run)
{
    struct cap_alert alert;

    TRY(job_guard(c, &run->job));
    TRY(cap_alert_get(c, run->job.subject_id, &alert));
    TRY(audit_add(c, "system", "cap.reached", alert.cap_id,
                  text_printf(c->mem,
                              "{\"percent\":%lld,\"spent_micros\":%lld,\"limit_micros\":%lld}",
                              (long long)alert.percent, (long long)alert.spent_micros,
                              (long long)alert.limit_micros)));
    TRY(mail_add_admins(c, "cap_alert"));
    TRY(job_done(c, &run->job));
    return db_commit(c);
}
