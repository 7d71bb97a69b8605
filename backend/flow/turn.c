/*
 * See turn.h. The order is DESIGN's: load and store the question; ask a model unless a stored step
 * has its answer; then in one transaction the step, the usage, the answer, the audit entry and the
 * parts to send; then deliver.
 */
#include "flow/turn.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "channels/channel.h"
#include "core/audit.h"
#include "core/outbound.h"
#include "core/step.h"
#include "core/tenant.h"
#include "flow/deliver.h"
#include "flow/turn_book.h"
#include "flow/turn_think.h"
#include "flow/turn_watch.h"
#include "io/db.h"

#define HELD_MS (5 * 60 * 1000)
#define RECORD_MS 60000 /* so long is tried to record what was answered */
#define RECORD_AGAIN_MS 200

/* The parts in which an answer leaves, if it leaves through a channel at all. */
static rc_t add_parts(struct ctx *c, const struct job *job, const struct turn *t, const char *text)
{
    const char **parts;
    size_t count;

    if (!t->from_channel)
        return OK;

    const struct channel *channel = channel_find(t->channel);

    if (channel == NULL)
        return ctx_fail(c, E_INVALID, "channel_unknown", "no such channel: %s", t->channel);
    TRY(channel_split(c, text, channel->max_text, &parts, &count));
    for (size_t i = 0; i < count; i++)
        TRY(outbound_add(c, job, (int64_t)i, t->in.connection_id, t->in.reply_to, parts[i]));
    return OK;
}

/* `carrier` is the job that delivers the parts. */
static rc_t add_answer(struct ctx *c, const struct job *turn, const struct job *carrier,
                       const struct turn *t, const struct ending *end, struct message *said)
{
    *said = (struct message){.id = message_answer_id(c, t->in.id),
                             .job_id = turn->id,
                             .author = "employee",
                             .name = t->who.name,
                             .text = end->text,
                             .outcome = end->outcome};
    TRY(message_add(c, t->in.conversation_id, said));
    TRY(add_parts(c, carrier, t, end->text));
    return audit_add(c, text_printf(c->mem, "employee:%s", t->who.id),
                     text_printf(c->mem, "turn.%s", end->outcome), t->in.conversation_id,
                     text_printf(c->mem, "{\"job\":\"%s\"}", carrier->id));
}

/* The one transaction in which a turn becomes true. */
static rc_t record(struct ctx *c, struct run *run, const struct turn *t, const struct ending *end,
                   struct message *said)
{
    TRY(job_guard(c, &run->job));
    if (end->step != NULL)
        TRY(step_add(c, &run->job, t->step, "answer", t->request_hash, end->step));
    if (end->asked != NULL)
        TRY(turn_book(c, run, t, end->asked, end->outcome));
    TRY(add_answer(c, &run->job, &run->job, t, end, said));
    if (!t->from_channel)
        TRY(job_done(c, &run->job));
    return db_commit(c);
}

/* True when an earlier attempt recorded the turn and only its delivery is left. */
static rc_t recorded(struct ctx *c, const struct turn *t, struct message *answer, bool *yes)
{
    return message_find(c, message_answer_id(c, t->in.id), answer, yes);
}

/*
 * Once more, after the database was away. Of a commit that broke off nobody knows whether it
 * happened, or is still to happen, so that is looked at first; and a crash may have forgotten the
 * question, which was loaded without waiting for the disk.
 */
static rc_t record_again(struct ctx *c, struct run *run, struct turn *t, const struct ending *end,
                         struct message *said)
{
    bool is_recorded = false;

    db_rollback(c);
    ctx_forgive(c);
    nanosleep(&(struct timespec){.tv_nsec = RECORD_AGAIN_MS * 1000000L}, NULL);
    TRY(job_wait(c, &run->job));
    TRY(turn_load_place(c, &run->job, t));
    TRY(recorded(c, t, said, &is_recorded));
    return is_recorded ? db_commit(c) : record(c, run, t, end, said);
}

/* An answer that was paid for is not thrown away because the database is away for a moment. */
static rc_t record_surely(struct ctx *c, struct run *run, struct turn *t, const struct ending *end,
                          struct message *said)
{
    const int64_t until = clock_mono_ms() + RECORD_MS, tokens = run->tokens;
    rc_t rc = record(c, run, t, end, said);
    bool again = rc == E_NOT_FOUND || rc == E_UNAVAILABLE;

    while (again) {
        run->tokens = tokens;
        rc = record_again(c, run, t, end, said);
        again = rc == E_UNAVAILABLE && clock_mono_ms() < until && !turn_given_up(run);
    }
    return rc;
}

/*
 * What comes in for a suspended tenant is kept, and looked at now and then until it is resumed,
 * which makes it due at once.
 */
static rc_t hold(struct ctx *c, struct run *run, bool *held)
{
    const char *why;

    TRY(tenant_suspended(c, &why));
    *held = why != NULL;
    return *held ? job_later(c, &run->job, HELD_MS) : OK;
}

/* All that is known before a model is asked, in one transaction; *held: the turn waits. */
static rc_t load(struct ctx *c, struct run *run, struct turn *t, bool *is_recorded, bool *held)
{
    struct message answer;

    db_relaxed(c); /* all of it is made again by a retry */
    TRY(hold(c, run, held));
    if (*held)
        return db_commit(c);
    TRY(turn_load(c, &run->job, t));
    TRY(recorded(c, t, &answer, is_recorded));
    if (t->stored == NULL && t->calls == NULL && !*is_recorded && t->in.refused_by == NULL)
        TRY(turn_announce(c, &run->job, t));
    return db_commit(c);
}

/*
 * An answer that could not be recorded as a whole is kept as a step, with what it cost, so that the
 * next attempt replays it and asks nobody again. The fault that stopped it stays the turn's fault.
 */
static bool keep_step(struct ctx *c, struct run *run, const struct turn *t,
                      const struct ending *end)
{
    struct fault why = c->fault;
    rc_t rc;

    db_rollback(c);
    ctx_forgive(c);
    rc = job_guard(c, &run->job);
    if (rc == OK)
        rc = step_add(c, &run->job, t->step, "answer", t->request_hash, end->step);
    if (rc == OK)
        rc = turn_book(c, run, t, end->asked, end->outcome);
    if (rc == OK)
        rc = db_commit(c);
    if (rc != OK)
        log_fault(c, "step_not_kept");
    db_rollback(c);
    c->fault = why;
    return rc == OK;
}

/* Finds the words and makes them true. */
static rc_t answer(struct ctx *c, struct run *run, struct turn *t)
{
    struct ending end = {.text = NULL};
    struct message said;
    rc_t rc = turn_think(c, run, t, &end);

    if (rc == OK)
        rc = record_surely(c, run, t, &end, &said);
    if (rc == OK)
        turn_watch_said(c, run, t, said.seq);
    else if (end.asked != NULL && !(end.step != NULL && !text_is(c->fault.code, "job_lost") &&
                                    keep_step(c, run, t, &end)))
        turn_book_anyway(c, run, t, end.asked);
    return rc;
}

rc_t turn_run(struct ctx *c, struct run *run)
{
    struct turn *t = arena_take(c->mem, sizeof(*t));
    bool is_recorded = false, held;

    TRY(load(c, run, t, &is_recorded, &held));
    if (held)
        return OK;
    if (!is_recorded)
        TRY(answer(c, run, t));
    return t->from_channel ? deliver_job(c, &run->job) : OK;
}

/*
 * The sender of a turn that will not be done gets one true sentence; an answer that was recorded
 * still goes out. In the portal it stands in the conversation; in a channel a job of its own
 * carries it, as safe as any answer and before the answers to later messages.
 */
rc_t turn_bury(struct ctx *c, struct run *run)
{
    const struct ending end = {.text = "Something went wrong with your last message, and I could "
                                       "not answer it. Nothing else is affected. "
                                       "Please ask me again, or ask a colleague.",
                               .outcome = "failed"};
    const struct job carrier = {.id = id_new(c->mem)};
    struct turn *t = arena_take(c->mem, sizeof(*t));
    struct message said;
    bool is_recorded;

    TRY(turn_load_place(c, &run->job, t));
    TRY(recorded(c, t, &said, &is_recorded));
    if (t->from_channel)
        TRY(job_add_heir(c, carrier.id, "delivery", &run->job));
    if (is_recorded)
        return outbound_move(c, run->job.id, carrier.id);
    TRY(add_answer(c, &run->job, &carrier, t, &end, &said));
    turn_watch_said(c, run, t, said.seq);
    return OK;
}

rc_t delivery_run(struct ctx *c, struct run *run)
{
    return deliver_job(c, &run->job);
}

/* What was not sent is marked for a person; nothing else would get through either. */
rc_t delivery_bury(struct ctx *c, struct run *run)
{
    return outbound_abandon(c, run->job.id, "job_dead");
}
