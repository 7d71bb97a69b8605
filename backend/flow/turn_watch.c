/* See turn_watch.h. */
#include "flow/turn_watch.h"

#include "flow/live.h"
#include "flow/live_text.h"

static void on_delta(void *arg, struct bytes piece)
{
    const struct turn_watch *w = arg;

    live_text_add(w->text, piece);
}

static void on_restart(void *arg)
{
    const struct turn_watch *w = arg;

    live_text_restart(w->text);
}

bool turn_given_up(struct run *run)
{
    return atomic_load(&run->lost) || atomic_load(&run->hurry);
}

static bool on_cancelled(void *arg)
{
    const struct turn_watch *w = arg;

    return turn_given_up(w->run);
}

struct turn_watch turn_watch_begin(struct ctx *c, struct run *run, const struct turn *t)
{
    const struct live_place place = {.tenant_id = c->tenant_id,
                                     .conversation_id = t->in.conversation_id,
                                     .turn = run->job.id,
                                     .answer_id = message_answer_id(c, t->in.id),
                                     .fence = run->job.fence};

    return (struct turn_watch){.run = run,
                               .text = t->from_channel ? NULL : live_text_begin(&place)};
}

struct pool_sink turn_watch_sink(struct turn_watch *watch)
{
    if (watch->text == NULL)
        return (struct pool_sink){.cancelled = on_cancelled, .arg = watch};
    return (struct pool_sink){
        .delta = on_delta, .restart = on_restart, .cancelled = on_cancelled, .arg = watch};
}

void turn_watch_end(struct turn_watch *watch)
{
    if (watch->text != NULL)
        live_text_end(watch->text);
    watch->text = NULL;
}

void turn_watch_said(struct ctx *c, const struct run *run, const struct turn *t, int64_t seq)
{
    if (!t->from_channel)
        live_text_forget(c, t->in.conversation_id);
    live_message(c, t->in.conversation_id, run->job.id, seq);
}
