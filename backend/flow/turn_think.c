/* See turn_think.h. */
#include "flow/turn_think.h"

#include "base/clock.h"
#include "flow/turn_book.h"
#include "flow/turn_consult.h"
#include "flow/turn_keep.h"
#include "flow/turn_step.h"
#include "flow/turn_tools.h"
#include "flow/turn_watch.h"
#include "io/db.h"

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

rc_t turn_think_replay(struct ctx *c, const struct turn *t, struct ending *end)
{
    json_t *root;

    TRY(json_parse(c, bytes_of(t->stored), &root));
    end->text = json_str(root, "text");
    end->outcome = json_str(root, "outcome");
    return OK;
}

/* The model wants something done: that is kept, with what the answer cost. */
static rc_t keep_calls(struct ctx *c, struct run *run, struct turn *t, struct ending *end)
{
    json_t *parts = turn_tools_parts(c, &end->asked->answer);
    const struct turn_kept kept = {.step = t->step,
                                   .request_hash = t->request_hash,
                                   .kind = "calls",
                                   .result = turn_step_calls(c, t, end->asked, parts),
                                   .asked = end->asked,
                                   .outcome = "answered",
                                   .actor = text_printf(c->mem, "employee:%s", t->who.id),
                                   .action = "tool.called",
                                   .body = text_printf(c->mem, "{\"job\":\"%s\",\"tools\":\"%s\"}",
                                                       run->job.id,
                                                       turn_step_tools(c, &end->asked->answer))};

    TRY(turn_keep(c, run, t, &kept));
    end->asked = NULL;
    t->calls = parts;
    return OK;
}

/* It is done; what came of it is kept, and the question goes on with it. */
static rc_t do_calls(struct ctx *c, const struct thinking *how, struct turn *t)
{
    struct turn_asker asker = {.how = how, .turn = t};
    const struct tool_host host = {.who = &t->who, .consult = turn_consult, .arg = &asker};
    json_t *results;

    TRY(turn_tools_run(c, t, &host, &results));

    const struct turn_kept kept = {.step = t->step,
                                   .request_hash = t->request_hash,
                                   .kind = "results",
                                   .result = turn_step_results(c, t, results),
                                   .next = t};

    TRY(turn_tools_go_on(c, t, results));
    TRY(turn_keep(c, how->run, t, &kept));
    if (how->sink->restart != NULL)
        how->sink->restart(how->sink->arg);
    return OK;
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
        const char *loop = turn_guard_loop(c, t, &o->answer);

        *more = loop == NULL;
        return loop == NULL ? OK : give_up(c, t, loop, end);
    }
    end->text = o->answer.text;
    end->outcome = llm_refused(&o->answer) ? "refused" : "answered";
    end->step = turn_step_text(c, t, o, end);
    return OK;
}

/* Why nobody can be asked at all. */
static const char *nobody(const struct turn *t)
{
    for (size_t i = 0; i < t->routing.passed_count; i++)
        if (text_is(t->routing.passed[i].code, "context_too_short"))
            return "llm_ask_too_long";
    return "llm_none";
}

/* One question, within what is left of the time that all of them share. */
static rc_t ask(struct ctx *c, const struct thinking *how, struct turn *t, struct ending *end,
                bool *more)
{
    struct pool_outcome *o = arena_take(c->mem, sizeof(*o));
    const int64_t left_ms = how->until_ms - clock_mono_ms();

    *more = false;
    end->asked = o;
    if (t->routing.pool.count == 0)
        return give_up(c, t, nobody(t), end);
    if (turn_guard_last(t) && t->ask.tool_count > 0)
        t->ask.choice = LLM_CHOOSE_NONE; /* it must make do with what it has learnt */
    t->routing.pool.limits.turn_ms = left_ms > 1 ? left_ms : 1;
    return judge(c, how->run, t, pool_ask(c, &t->routing.pool, &t->ask, how->sink, o), end, more);
}

rc_t turn_think_through(struct ctx *c, const struct thinking *how, struct turn *t,
                        struct ending *end)
{
    bool more = t->calls != NULL;

    do {
        if (more)
            TRY(do_calls(c, how, t));
        TRY(ask(c, how, t, end, &more));
        if (more)
            TRY(keep_calls(c, how->run, t, end));
    } while (more);
    return OK;
}

rc_t turn_think(struct ctx *c, struct run *run, struct turn *t, struct ending *end)
{
    struct turn_watch watch;
    rc_t rc;

    if (t->in.refused_by != NULL)
        return refuse(end);
    if (t->stored != NULL)
        return turn_think_replay(c, t, end);
    t->ask.stream = !t->from_channel;
    watch = turn_watch_begin(c, run, t);

    const struct pool_sink sink = turn_watch_sink(&watch);
    const struct thinking how = {
        .run = run, .sink = &sink, .until_ms = clock_mono_ms() + t->routing.pool.limits.turn_ms};

    rc = turn_think_through(c, &how, t, end);
    turn_watch_end(&watch);
    return rc;
}
