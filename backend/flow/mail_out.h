/*
 * The job `mail`: makes the text and link of one mail and sends it. The intent is committed before
 * the server is called; after a crash in between it is sent again under the same Message-ID and
 * with the same link.
 */
#ifndef FLOW_MAIL_OUT_H
#define FLOW_MAIL_OUT_H

#include "flow/runner.h"

rc_t mail_run(struct ctx *c, struct run *run) MUST;
rc_t mail_bury(struct ctx *c, struct run *run) MUST;

#endif
