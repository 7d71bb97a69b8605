/*
 * An employee asks a colleague in the middle of a turn, who thinks as he does, with his own models.
 */
#ifndef FLOW_TURN_CONSULT_H
#define FLOW_TURN_CONSULT_H

#include "flow/turn_think.h"

/* Who asks; the `arg` of turn_consult. */
struct turn_asker {
    const struct thinking *how;
    const struct turn *turn;
};

/*
 * What tools call as tool_host.consult. The colleague's steps are kept as steps of the same job and
 * paid by him; a retry that comes by here again asks nobody for what is kept.
 */
rc_t turn_consult(struct ctx *c, void *asker, const char *employee_id, const char *question,
                  const char **answer) MUST;

#endif
