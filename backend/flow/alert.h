/* Tells the admins of a company that a cap is half used, nearly used, or used up. */
#ifndef FLOW_ALERT_H
#define FLOW_ALERT_H

#include "flow/runner.h"

/* The job of a row in cap_alert: an audit entry, and a mail to each admin. */
rc_t cap_alert_run(struct ctx *c, struct run *run) MUST;

#endif
