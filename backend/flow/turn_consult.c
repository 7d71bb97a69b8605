/* See turn_consult.h. */
#include "flow/turn_consult.h"

#include <stdlib.h>

#include "base/clock.h"
#include "flow/turn_book.h"
#include "flow/turn_keep.h"
#include "io/db.h"

/* Of the time that is left, so that a colleague who takes all of his leaves the asker some. */
#define SHARE_OF 3
#define SHARE 2

/* For the audit: whom, and what came of it. */
static const char *about(struct ctx *c, const struct run *run, const struct turn *t,
                         const struct ending *end)
{
    json_t *body = json_pack("{s:s, s:s, s:s, s:s}", "job", run->job.id, "colleague", t->who.id,
                             "name", t->who.name, "outcome", end->outcome);
    const char *text;

    if (body == NULL)
        abort();
    text = json_text(c->mem, body);
    json_decref(body);
    return text;
}

static rc_t keep_answer(struct ctx *c, struct run *run, const struct turn *t,
                        const struct ending *end)
{
    const struct turn_kept kept = {.step = t->step,
                                   .request_hash = t->request_hash,
                                   .kind = "answer",
                                   .result = end->step,
                                   .asked = end->asked,
                                   .outcome = end->outcome,
                                   .actor = text_printf(c->mem, "employee:%s", t->asker->who.id),
                                   .action = "colleague.asked",
                                   .body = about(c, run, t, end)};

    return turn_keep(c, run, t, &kept);
}

/* Nobody looks on, so pieces are shown to nobody and nothing keeps the pool from another try. */
static rc_t think(struct ctx *c, const struct thinking *askers, struct turn *t, struct ending *end)
{
    const struct pool_sink sink = {.cancelled = askers->sink->cancelled, .arg = askers->sink->arg};
    const int64_t now = clock_mono_ms();
    const struct thinking how = {.run = askers->run,
                                 .sink = &sink,
                                 .until_ms = now + (askers->until_ms - now) * SHARE / SHARE_OF};
    rc_t rc;

    if (t->calls == NULL)
        TRY(turn_announce(c, &how.run->job, t));
    TRY(db_commit(c));
    rc = turn_think_through(c, &how, t, end);
    if (rc == OK)
        rc = keep_answer(c, how.run, t, end);
    if (rc != OK && end->asked != NULL)
        turn_book_anyway(c, how.run, t, end->asked);
    return rc;
}

rc_t turn_consult(struct ctx *c, void *asker, const char *employee_id, const char *question,
                  const char **answer)
{
    const struct turn_asker *by = asker;
    struct turn *t = arena_take(c->mem, sizeof(*t));
    struct ending end = {.text = NULL};

    TRY(turn_guard_ask(c, by->turn, employee_id));
    TRY(turn_load_colleague(c, by->turn, employee_id, question, t));
    TRY(t->stored != NULL ? turn_think_replay(c, t, &end) : think(c, by->how, t, &end));
    *answer = end.text;
    return text_is(end.outcome, "failed")
               ? ctx_fail(c, E_INVALID, "colleague_failed", "%s did not answer, but says: %s",
                          t->who.name, end.text)
               : OK;
}
