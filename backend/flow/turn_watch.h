/* Those who look on while a turn is thought about: they are told each piece of the answer. */
#ifndef FLOW_TURN_WATCH_H
#define FLOW_TURN_WATCH_H

#include "flow/runner.h"
#include "flow/turn_load.h"

struct live_text;

struct turn_watch {
    struct run *run;
    struct live_text *text; /* NULL: nobody looks on in a channel */
};

/* The answer begins, or begins once more after a worker's death. */
struct turn_watch turn_watch_begin(struct ctx *c, struct run *run, const struct turn *t);
/* What the pool calls while the answer comes in; `watch` lives until then. */
struct pool_sink turn_watch_sink(struct turn_watch *watch);
/* No more of it comes. The last piece has been told, if Redis is there. */
void turn_watch_end(struct turn_watch *watch);
/* The answer is committed, as message `seq` of its conversation. */
void turn_watch_said(struct ctx *c, const struct run *run, const struct turn *t, int64_t seq);

/* True when the turn shall not go on: its lease is lost, or the worker ends. */
bool turn_given_up(struct run *run);

#endif
