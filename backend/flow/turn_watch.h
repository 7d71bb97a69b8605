/* Those who look on while a turn is thought about: they are told each piece of the answer. */
#ifndef FLOW_TURN_WATCH_H
#define FLOW_TURN_WATCH_H

#include "flow/pool.h"
#include "flow/runner.h"

struct turn_watch {
    struct run *run;
    const char *conversation_id;
    size_t at; /* bytes of the answer told so far */
};

/* Says that the turn has begun. */
void turn_watch_begin(struct ctx *c, const struct turn_watch *watch);
/* What the pool calls while the answer comes in; `watch` lives until then. */
struct pool_sink turn_watch_sink(struct turn_watch *watch);
/* True when the turn shall not go on: its lease is lost, or the worker ends. */
bool turn_given_up(struct run *run);

#endif
