/* A program's call that a provider refused for the account's sake: the account shows it. */
#ifndef FLOW_V1_TELL_H
#define FLOW_V1_TELL_H

#include "flow/helpers.h"
#include "flow/pool.h"

/*
 * Told by a helper, after this returns, since it writes to the database; nothing of the call is
 * needed any more by then. Nothing is lost with it but a hint: the next refusal tells it again.
 */
void v1_tell(struct helpers *helpers, const struct ctx *c, const struct pool_outcome *o);

#endif
