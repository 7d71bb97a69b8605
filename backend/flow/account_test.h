/*
 * The job `account_test`: looks whether a company's account at a provider works, by the list of its
 * models, which costs nothing, and one short question, which is held, booked and capped like any
 * other. It ends with what it found, good or bad: somebody waits for it.
 */
#ifndef FLOW_ACCOUNT_TEST_H
#define FLOW_ACCOUNT_TEST_H

#include "flow/runner.h"

rc_t account_test_run(struct ctx *c, struct run *run) MUST;
rc_t account_test_bury(struct ctx *c, struct run *run) MUST;

#endif
