/* See turn_keep.h. */
#include "flow/turn_keep.h"

#include <time.h>

#include "base/clock.h"
#include "core/audit.h"
#include "flow/turn_book.h"
#include "flow/turn_watch.h"
#include "io/db.h"

#define KEEP_MS 60000 /* so long is tried to keep a step that was paid for */
#define KEEP_AGAIN_MS 200

static rc_t keep(struct ctx *c, struct run *run, const struct turn *t, const struct turn_kept *k)
{
    TRY(job_guard(c, &run->job));
    TRY(step_add(c, &run->job, k->step, k->kind, k->request_hash, k->result));
    if (k->asked != NULL)
        TRY(turn_book(c, run, t, k->asked, k->outcome));
    if (k->action != NULL)
        TRY(audit_add(c, k->actor, k->action, t->in.conversation_id, k->body));
    if (k->next != NULL)
        TRY(turn_announce(c, &run->job, k->next));
    return db_commit(c);
}

/* Of a commit that broke off nobody knows whether it happened: it is waited for, and looked at. */
static rc_t keep_again(struct ctx *c, struct run *run, const struct turn *t,
                       const struct turn_kept *k)
{
    const char *there;

    db_rollback(c);
    ctx_forgive(c);
    nanosleep(&(struct timespec){.tv_nsec = KEEP_AGAIN_MS * 1000000L}, NULL);
    TRY(job_wait(c, &run->job));
    TRY(step_find(c, &run->job, k->step, k->kind, k->request_hash, &there));
    return there != NULL ? db_commit(c) : keep(c, run, t, k);
}

rc_t turn_keep(struct ctx *c, struct run *run, const struct turn *t, const struct turn_kept *kept)
{
    const int64_t until = clock_mono_ms() + KEEP_MS, tokens = run->tokens;
    rc_t rc = keep(c, run, t, kept);

    while (rc == E_UNAVAILABLE && clock_mono_ms() < until && !turn_given_up(run)) {
        run->tokens = tokens;
        rc = keep_again(c, run, t, kept);
    }
    return rc;
}
