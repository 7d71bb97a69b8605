/*
 * Erasing a company, in steps that are each small and may be repeated: a worker that dies in the
 * middle leaves a shut company behind, and the next one goes on.
 */
#ifndef FLOW_ERASE_H
#define FLOW_ERASE_H

#include "flow/runner.h"

/* The job `tenant_erase`. */
rc_t tenant_erase_run(struct ctx *c, struct run *run) MUST;

/*
 * The same without a job, for the host's command; none is open on entry. `tell` hears of each table
 * in turn.
 */
rc_t erase_at_once(struct ctx *c, void (*tell)(const char *table)) MUST;

#endif
