/* Tells the admins of a company that a cap is half used, nearly used, or used up. */
#ifndef FLOW_ALERT_H
#define FLOW_ALERT_H

#include "flow/runner.h"

/*
 * The job of a row in cap_alert: an audit entry, a mail to each admin, and a post in the channel
 * that the company chose for it. The portal shows the row itself.
 */
rc_t cap_alert_run(struct ctx *c, struct run *run) MUST;

/* The first post in a channel that was just chosen. */
rc_t cap_post_run(struct ctx *c, struct run *run) MUST;

#endif
