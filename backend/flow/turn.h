/* A turn: one message of a person, thought about by an employee and answered. */
#ifndef FLOW_TURN_H
#define FLOW_TURN_H

#include "flow/runner.h"

rc_t turn_run(struct ctx *c, struct run *run) MUST;
rc_t turn_bury(struct ctx *c, struct run *run) MUST;

/* Only the delivery of parts that another job made. */
rc_t delivery_run(struct ctx *c, struct run *run) MUST;
rc_t delivery_bury(struct ctx *c, struct run *run) MUST;

#endif
