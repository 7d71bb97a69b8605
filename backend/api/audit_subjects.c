/*
 * Erasing the personal text of one subject in the audit. The web process has no right to destroy
 * a key: the worker does it, and the request waits for that.
 */
#include <string.h>

#include "api/handlers.h"
#include "base/id.h"
#include "core/audit.h"
#include "core/audit_subject.h"
#include "core/job.h"
#include "flow/live.h"
#include "flow/queue.h"

#define ERASE_WAIT_MS 30000

struct waiting {
    const char *subject_id, *job_id;
};

static void ring(struct ctx *c, void *arg)
{
    const struct waiting *w = arg;

    queue_ring(c, c->tenant_id, w->job_id);
}

static rc_t erased_look(struct ctx *c, const struct req *rq, struct res *rs, void *arg,
                        enum wake why, struct bytes news)
{
    const struct waiting *w = arg;
    bool known, erased;

    (void)rq;
    (void)news;
    TRY(audit_subject_find(c, w->subject_id, &known, &erased));
    if (erased)
        rs->status = 204;
    else if (why == WAKE_DEADLINE)
        return ctx_fail(c, E_UNAVAILABLE, "not_erased", "the worker did not erase it in time");
    return OK;
}

rc_t audit_subject_erase(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct waiting *w = arena_take(c->mem, sizeof(*w));
    struct park *park = arena_take(c->mem, sizeof(*park));
    bool known, erased;

    TRY(req_id(c, rq, "id", &w->subject_id));
    TRY(audit_subject_find(c, w->subject_id, &known, &erased));
    if (!known)
        return ctx_fail(c, E_NOT_FOUND, "not_found",
                        "Nothing in this audit is about such a subject.");
    if (erased) {
        rs->status = 204;
        return OK;
    }
    w->job_id = id_new(c->mem);
    TRY(audit_add(c, c->actor, "subject.erasure_asked", w->subject_id, "{}"));
    TRY(job_add(c, w->job_id, "subject_erase", w->subject_id, w->job_id));
    *park = (struct park){.kind = PARK_LIVE,
                          .deadline_ms = ERASE_WAIT_MS,
                          .state = w,
                          .resume = erased_look,
                          .channel = live_channel(c, w->subject_id)};
    rs->park = park;
    rs->committed = ring;
    rs->committed_arg = w;
    return OK;
}
