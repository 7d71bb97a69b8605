/* See turn_watch.h. */
#include "flow/turn_watch.h"

#include "flow/live.h"

#define PIECE_MEMORY MIB(4)

static void on_delta(void *arg, struct bytes piece)
{
    struct turn_watch *w = arg;
    struct ctx *scratch = ctx_new(PIECE_MEMORY, NULL); /* a long answer has many: none stays */

    live_delta(scratch, w->conversation_id, w->run->job.id, w->at, piece);
    ctx_end(scratch);
    w->at += piece.len;
}

static void on_restart(void *arg)
{
    struct turn_watch *w = arg;

    w->at = 0;
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

void turn_watch_begin(struct ctx *c, const struct turn_watch *watch)
{
    live_thinking(c, watch->conversation_id, watch->run->job.id);
}

struct pool_sink turn_watch_sink(struct turn_watch *watch)
{
    return (struct pool_sink){on_delta, on_restart, on_cancelled, watch};
}
