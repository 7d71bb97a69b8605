/*
 * The jobs behind signing in with a company's own provider: `sign_in_test` looks whether it can be
 * used, `sign_in` finds out who has come back from it. Both end with what they found out, good or
 * bad, and are not tried again: somebody waits for it.
 */
#ifndef FLOW_SIGN_IN_H
#define FLOW_SIGN_IN_H

#include "flow/runner.h"

rc_t sign_in_test_run(struct ctx *c, struct run *run) MUST;
rc_t sign_in_test_bury(struct ctx *c, struct run *run) MUST;
rc_t sign_in_run(struct ctx *c, struct run *run) MUST;
rc_t sign_in_bury(struct ctx *c, struct run *run) MUST;

#endif
