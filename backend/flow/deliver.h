/*
 * Delivery of a finished turn's parts through its channel: intent committed, call made, outcome
 * recorded, and after a crash in between settled before anything is sent again. What each channel
 * can promise stands in docs/delivery.md.
 */
#ifndef FLOW_DELIVER_H
#define FLOW_DELIVER_H

#include "core/job.h"

/*
 * Sends all parts of a job in their order and ends the claim: job_done when every part is sent (or
 * refused for ever, or left to a person), job_later when the vendor asks to wait or a part is too
 * young to be settled. Opens and commits its own transactions; none is open on entry. E_CONFLICT
 * "job_lost" when the holder has lost the job. Other faults are counted by the caller and tried
 * again.
 */
rc_t deliver_job(struct ctx *c, const struct job *job) MUST;

#endif
