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
#include "flow/turn_step.h"
#include "flow/turn_watch.h"
#include "io/db.h"

#define STEP_ANSWER 1
#define HELD_MS (5 * 60 * 1000)
#define RECORD_MS 60000 /* so long is tried to record what was answered */
#define RECORD_AGAIN_MS 200

/* How a turn ended, and the words for it. */
struct ending {
    const char *text, *outcome;
    /* JSON of what was asked of whom, to be stored; NULL when it is stored already */
    const char *step;
    const struct pool_outcome *asked; /* NULL when nobody was asked this time */
};

/* A true sentence for each way in which nobody could answer. */
static const char *excuse(const char *code)
{
    static const struct {
        const char *code, *text;
    } rows[] = {
        {"llm_ask_too_long",
         "That is more than I can read at once. Please send it in smaller pieces."},
        {"llm_all_failed", "I can't think about this right now: the model that I use does not "
                           "answer. Your message is "
                           "kept. Please ask me again in a few minutes."},
        {"cap_day", "I have used up what I may spend on thinking today, so I can't answer this "
                    "now. Your message is kept. Please ask me again tomorrow, or ask an admin of "
                    "your company to raise the limit."},
        {"cap_month", "I have used up what I may spend on thinking this month, so I can't answer "
                      "this now. Your message is kept. Please ask an admin of your company to "
                      "raise the limit."},
        {"cap_ever", "I have used up what I may spend on thinking here, so I can't answer this "
                     "now. Your message is kept. Please ask an admin of your company to raise the "
                     "limit."},
        {"llm_none", "I have no model to think with: none is set up for me here. Please tell the "
                     "person who runs "
                     "Konstruct for you."},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (text_is(rows[i].code, code))
            return rows[i].text;
    return "I could not answer this, and I am sorry. Your message is kept. Please ask me again, or "
           "ask a colleague.";
}

static rc_t ask(struct ctx *c, struct run *run, struct turn *t, struct pool_outcome *o,
                struct ending *end)
{
    end->asked = o;
    t->ask.stream = !t->from_channel;
    if (t->routing.pool.count == 0) {
        *end = (struct ending){.text = excuse("llm_none"), .outcome = "failed", .asked = o};
        end->step = turn_step_text(c, t, o, end->text, end->outcome);
        return OK;
    }

    struct turn_watch watch = turn_watch_begin(c, run, t);
    const struct pool_sink sink = turn_watch_sink(&watch);
    rc_t rc = pool_ask(c, &t->routing.pool, &t->ask, &sink, o);

    turn_watch_end(&watch);
    if (atomic_load(&run->lost))
        return ctx_fail(c, E_CONFLICT, "job_lost",
                        "the lease ran out while the model was thinking");
    if (rc == OK) {
        end->text = o->answer.text;
        end->outcome = llm_refused(&o->answer) ? "refused" : "answered";
    } else if (rc == E_UPSTREAM || rc == E_LIMIT || rc == E_INVALID) {
        end->text = excuse(c->fault.code);
        end->outcome = "failed";
        ctx_forgive(c);
    } else {
        return rc;
    }
    end->step = turn_step_text(c, t, o, end->text, end->outcome);
    return OK;
}

/* A message that a limit refused when it came in: nobody is asked. True for those behind it too. */
static rc_t refuse(struct ending *end)
{
    *end = (struct ending){.text = "More messages are coming in than I may take at once. I have "
                                   "not read your last one, and may not read the next ones. Please "
                                   "wait a minute, and send again what I have not answered.",
                           .outcome = "refused"};
    return OK;
}

/* A step that an earlier attempt stored: its words, and nobody is asked or paid again. */
static rc_t replay(struct ctx *c, const char *stored, struct ending *end)
{
    json_t *root;

    TRY(json_parse(c, bytes_of(stored), &root));
    end->text = json_str(root, "text");
    end->outcome = json_str(root, "outcome");
    return OK;
}

/* Thinks, unless an earlier attempt has done so. */
static rc_t find_words(struct ctx *c, struct run *run, struct turn *t, const char *stored,
                       struct pool_outcome *outcome, struct ending *end)
{
    if (t->in.refused_by != NULL)
        return refuse(end);
    return stored != NULL ? replay(c, stored, end) : ask(c, run, t, outcome, end);
}

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
        TRY(step_add(c, &run->job, STEP_ANSWER, "answer", t->request_hash, end->step));
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
 * happened, so that is looked at first; and a crash may have forgotten the question, which was
 * loaded without waiting for the disk.
 */
static rc_t record_again(struct ctx *c, struct run *run, struct turn *t, const struct ending *end,
                         struct message *said)
{
    bool is_recorded = false;

    db_rollback(c);
    ctx_forgive(c);
    nanosleep(&(struct timespec){.tv_nsec = RECORD_AGAIN_MS * 1000000L}, NULL);
    run->tokens = 0;
    TRY(turn_load_place(c, &run->job, t));
    TRY(recorded(c, t, said, &is_recorded));
    return is_recorded ? db_commit(c) : record(c, run, t, end, said);
}

/* An answer that was paid for is not thrown away because the database is away for a moment. */
static rc_t record_surely(struct ctx *c, struct run *run, struct turn *t, const struct ending *end,
                          struct message *said)
{
    int64_t until = clock_mono_ms() + RECORD_MS;
    rc_t rc = record(c, run, t, end, said);

    if (rc == E_NOT_FOUND)
        rc = record_again(c, run, t, end, said);
    while (rc == E_UNAVAILABLE && clock_mono_ms() < until && !turn_given_up(run))
        rc = record_again(c, run, t, end, said);
    return rc;
}

static rc_t load(struct ctx *c, struct run *run, struct turn *t, const char **stored,
                 bool *is_recorded)
{
    struct message answer;

    db_relaxed(c); /* all of it is made again by a retry */
    TRY(turn_load(c, &run->job, t));
    TRY(step_find(c, &run->job, STEP_ANSWER, "answer", t->request_hash, stored));
    TRY(recorded(c, t, &answer, is_recorded));
    if (*stored == NULL && !*is_recorded && t->in.refused_by == NULL)
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
        rc = step_add(c, &run->job, STEP_ANSWER, "answer", t->request_hash, end->step);
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
static rc_t answer(struct ctx *c, struct run *run, struct turn *t, const char *stored)
{
    struct pool_outcome *outcome = arena_take(c->mem, sizeof(*outcome));
    struct ending end = {.text = NULL};
    struct message said;
    rc_t rc = find_words(c, run, t, stored, outcome, &end);

    if (rc == OK)
        rc = record_surely(c, run, t, &end, &said);
    if (rc == OK)
        turn_watch_said(c, run, t, said.seq);
    else if (stored == NULL && !(end.step != NULL && !text_is(c->fault.code, "job_lost") &&
                                 keep_step(c, run, t, &end)))
        turn_book_anyway(c, run, t, outcome);
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
    if (*held)
        TRY(job_later(c, &run->job, HELD_MS));
    return db_commit(c);
}

rc_t turn_run(struct ctx *c, struct run *run)
{
    struct turn *t = arena_take(c->mem, sizeof(*t));
    const char *stored = NULL;
    bool is_recorded = false, held;

    TRY(hold(c, run, &held));
    if (held)
        return OK;
    TRY(load(c, run, t, &stored, &is_recorded));
    if (!is_recorded)
        TRY(answer(c, run, t, stored));
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
