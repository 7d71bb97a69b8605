/* See turn_think.h. */
#include "flow/turn_think.h"

#include <time.h>

#include "base/clock.h"
#include "core/audit.h"
#include "core/step.h"
#include "flow/turn_book.h"
#include "flow/turn_step.h"
#include "flow/turn_tools.h"
#include "flow/turn_watch.h"
#include "io/db.h"

#define KEEP_MS 60000 /* so long is tried to keep a step that was paid for */
#define KEEP_AGAIN_MS 200

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
        {"turn_steps", "I could not finish this: it took more steps than I may take for one "
                       "message, so I stopped. Please ask me for a smaller part of it."},
        {"turn_loop", "I could not finish this: I was going round in circles, so I stopped. Please "
                      "put it to me in another way."},
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

static rc_t give_up(struct ctx *c, const struct turn *t, const char *code, struct ending *end)
{
    end->text = excuse(code);
    end->outcome = "failed";
    end->step = turn_step_text(c, t, end->asked, end);
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

/* In one transaction: the step, what it cost, and the entry in the audit. */
static rc_t keep(struct ctx *c, struct run *run, struct turn *t, const struct pool_outcome *asked,
                 const char *step)
{
    TRY(job_guard(c, &run->job));
    TRY(step_add(c, &run->job, t->step, "calls", t->request_hash, step));
    TRY(turn_book(c, run, t, asked, "answered"));
    TRY(audit_add(c, text_printf(c->mem, "employee:%s", t->who.id), "tool.called",
                  t->in.conversation_id,
                  text_printf(c->mem, "{\"job\":\"%s\",\"tools\":\"%s\"}", run->job.id,
                              turn_step_tools(c, &asked->answer))));
    return db_commit(c);
}

/* Of a commit that broke off nobody knows whether it happened: it is waited for, and looked at. */
static rc_t keep_again(struct ctx *c, struct run *run, struct turn *t,
                       const struct pool_outcome *asked, const char *step)
{
    const char *kept;

    db_rollback(c);
    ctx_forgive(c);
    nanosleep(&(struct timespec){.tv_nsec = KEEP_AGAIN_MS * 1000000L}, NULL);
    TRY(job_wait(c, &run->job));
    TRY(step_find(c, &run->job, t->step, "calls", t->request_hash, &kept));
    return kept != NULL ? db_commit(c) : keep(c, run, t, asked, step);
}

/* What was paid for is not paid for again because the database is away for a moment. */
static rc_t keep_surely(struct ctx *c, struct run *run, struct turn *t,
                        const struct pool_outcome *asked, const char *step)
{
    int64_t until = clock_mono_ms() + KEEP_MS, tokens = run->tokens;
    rc_t rc = keep(c, run, t, asked, step);

    while (rc == E_UNAVAILABLE && clock_mono_ms() < until && !turn_given_up(run)) {
        run->tokens = tokens;
        rc = keep_again(c, run, t, asked, step);
    }
    return rc;
}

/* The model wants something done: it is done, kept, and the question goes on with it. */
static rc_t go_on(struct ctx *c, struct run *run, struct turn *t, struct ending *end)
{
    const char *step;
    json_t *exchange;

    TRY(turn_tools_run(c, t, &end->asked->answer, &exchange));
    step = turn_step_calls(c, t, end->asked, exchange);
    TRY(keep_surely(c, run, t, end->asked, step));
    end->asked = NULL;
    TRY(turn_tools_go_on(c, t, exchange));
    TRY(turn_announce(c, &run->job, t));
    return db_commit(c);
}

/* What the pool says of one question; *more: the model wants something done first. */
static rc_t judge(struct ctx *c, struct run *run, struct turn *t, rc_t rc, struct ending *end,
                  bool *more)
{
    const struct pool_outcome *o = end->asked;

    if (atomic_load(&run->lost))
        return ctx_fail(c, E_CONFLICT, "job_lost",
                        "the lease ran out while the model was thinking");
    if (rc == E_UPSTREAM || rc == E_LIMIT || rc == E_INVALID) {
        const char *code = c->fault.code;

        ctx_forgive(c);
        return give_up(c, t, code, end);
    }
    TRY(rc);
    *more = o->answer.call_count > 0;
    if (*more) {
        const char *loop = turn_tools_loop(c, t, &o->answer);

        *more = loop == NULL;
        return loop == NULL ? OK : give_up(c, t, loop, end);
    }
    end->text = o->answer.text;
    end->outcome = llm_refused(&o->answer) ? "refused" : "answered";
    end->step = turn_step_text(c, t, o, end);
    return OK;
}

/* All steps together have the time of one turn. */
static rc_t ask(struct ctx *c, struct run *run, struct turn *t, const struct pool_sink *sink,
                struct ending *end)
{
    const int64_t until = clock_mono_ms() + t->routing.pool.limits.turn_ms;
    bool more = true;

    while (more) {
        struct pool_outcome *o = arena_take(c->mem, sizeof(*o));
        const int64_t left_ms = until - clock_mono_ms();

        more = false;
        if (t->step == TURN_STEPS_MAX && t->ask.tool_count > 0)
            t->ask.choice = LLM_CHOOSE_NONE; /* it must make do with what it has learnt */
        t->routing.pool.limits.turn_ms = left_ms > 1 ? left_ms : 1;
        end->asked = o;
        TRY(judge(c, run, t, pool_ask(c, &t->routing.pool, &t->ask, sink, o), end, &more));
        if (more)
            TRY(go_on(c, run, t, end));
        if (more && sink->restart != NULL)
            sink->restart(sink->arg);
    }
    return OK;
}

rc_t turn_think(struct ctx *c, struct run *run, struct turn *t, struct ending *end)
{
    struct turn_watch watch;
    rc_t rc;

    if (t->in.refused_by != NULL)
        return refuse(end);
    if (t->stored != NULL)
        return replay(c, t->stored, end);
    t->ask.stream = !t->from_channel;
    if (t->routing.pool.count == 0) {
        end->asked = arena_take(c->mem, sizeof(*end->asked));
        return give_up(c, t, "llm_none", end);
    }
    watch = turn_watch_begin(c, run, t);

    const struct pool_sink sink = turn_watch_sink(&watch);

    rc = ask(c, run, t, &sink, end);
    turn_watch_end(&watch);
    return rc;
}
