/* How a message comes in: its row and its job, once, in one transaction. */
#ifndef FLOW_INGEST_H
#define FLOW_INGEST_H

#include "channels/channel.h"
#include "io/db_batch.h"

/*
 * Who a webhook belongs to. Cached for a few seconds, so that a busy workspace costs one look-up.
 */
struct hook_target {
    bool known;
    const char *tenant_id, *connection_id, *employee_id, *self;
    const char *signing_secret; /* opened */
};

/* Finds the installation; not known is no fault. */
rc_t hook_target(struct ctx *c, const struct channel *channel, const char *install,
                 struct hook_target *out) MUST;

/*
 * Every opened signing secret that the claim may have been signed with when no installation is
 * known (at most 64).
 */
rc_t hook_app_secrets(struct ctx *c, const struct channel *channel, const char *app,
                      struct bytes *secrets, size_t *count) MUST;
#define HOOK_SECRETS_MAX 65

/*
 * Prepares the one statement that stores a message and its job; item->rows is 1 afterwards when it
 * was new.
 */
void ingest_item(struct ctx *c, const struct hook_target *target, const struct hook_event *event,
                 struct db_batch_item *item, const char **job_id);

/*
 * The same for a message that a limit refused: it is stored with the limit's name, and unless its
 * conversation was told within the last minute a job says so there. item->rows is 0 afterwards when
 * the message was known or is not for us, 1 when it was stored, 2 with the job.
 */
void ingest_refused(struct ctx *c, const struct hook_target *target, const struct hook_event *event,
                    const char *limit, struct db_batch_item *item, const char **job_id);

/* The conversation that a thread of a connection is, before it exists. */
const char *ingest_conversation_id(struct ctx *c, const char *connection_id,
                                   const char *thread_key);

#endif
