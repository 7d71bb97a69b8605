/* Where vendors deliver. Judged before anything is believed, stored before it is acknowledged. */
#include <string.h>

#include "api/handlers.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "core/limit.h"
#include "flow/ingest.h"
#include "flow/queue.h"
#include "io/db.h"

static const char *header_of(const void *native, const char *name)
{
    const struct req *rq = native;

    return rq->header(rq, name);
}

/* True when one of the secrets signed it. The fault of the last try stays when none did. */
static bool signed_by_any(struct ctx *c, const struct channel *channel, const struct hook *hook,
                          const struct bytes *secrets, size_t count, rc_t *rc)
{
    *rc = E_UNAUTH;
    for (size_t i = 0; i < count; i++) {
        ctx_forgive(c);
        *rc = channel->check(c, hook, secrets[i]);
        if (*rc == OK)
            return true;
    }
    if (count == 0)
        *rc = ctx_fail(c, E_UNAUTH, "hook_signature",
                       "Nobody here has a secret that could have signed this.");
    return false;
}

static rc_t refused(rc_t rc)
{
    metric_add(METRIC_hook_refused, 1);
    return rc;
}

/*
 * A look-up that fails because the database is away is answered 503, like a row that can't be
 * stored.
 */
static rc_t counted(rc_t rc)
{
    if (rc == E_UNAVAILABLE)
        metric_add(METRIC_hook_unavailable, 1);
    return rc;
}

static rc_t ignored(struct res *rs, const char *why)
{
    metric_add(METRIC_hook_ignored, 1);
    log_debug("hook_ignored", "why", why, NULL);
    return res_text(rs, 200, "");
}

/*
 * Nobody connected this workspace, but somebody whose secret we know signed: acknowledged, counted,
 * and nothing stored.
 */
static rc_t without_target(struct ctx *c, const struct channel *channel, const struct hook *hook,
                           const struct hook_claim *claim, struct res *rs)
{
    struct bytes secrets[HOOK_SECRETS_MAX];
    struct hook_event event;
    size_t count;
    rc_t rc;

    TRY(counted(hook_app_secrets(c, channel, claim->app, secrets, &count)));
    if (!signed_by_any(c, channel, hook, secrets, count, &rc))
        return refused(rc);
    TRY(channel->read(c, hook, NULL, &event));
    if (event.kind == HOOK_CHALLENGE)
        return res_text(rs, 200, event.challenge);
    metric_add(METRIC_hook_unknown, 1);
    log_info("hook_unknown", "channel", channel->name, "install", claim->install, NULL);
    return res_text(rs, 200, "");
}

struct accepted {
    struct db_batch_item item;
    const char *tenant_id, *job_id;
    struct limit_use uses[3];
    bool refused; /* by a limit: kept, and its sender is told at most once a minute */
};

/* What a stored message is counted as, and whether there is a job for it. */
static void stored_new(struct ctx *c, const struct accepted *a)
{
    metric_add(a->refused ? METRIC_message_refused : METRIC_hook_accepted, 1);
    if (!a->refused || a->item.rows > 1)
        queue_ring(c, a->tenant_id, a->job_id);
}

static rc_t stored(struct ctx *c, const struct req *rq, struct res *rs, void *state, enum wake why,
                   struct bytes news)
{
    const struct accepted *a = state;

    (void)rq;
    (void)why;
    (void)news;
    if (!a->refused && (a->item.rc != OK || a->item.rows == 0))
        limit_give(c, a->uses, COUNT_OF(a->uses));
    if (a->item.rc != OK) {
        metric_add(METRIC_hook_unavailable, 1);
        return ctx_fail(c, a->item.rc, "hook_not_stored", "%s", a->item.why);
    }
    if (a->item.rows > 0)
        stored_new(c, a);
    else
        metric_add(METRIC_hook_duplicate, 1);
    return res_text(rs, 200, "");
}

/*
 * The message with its job, or as refused. Taken before it is known whether the message is new and
 * for us, and given back when it was not: talk among people in a channel counts for nothing.
 */
static rc_t take(struct ctx *c, const struct hook_target *target, const struct hook_event *event,
                 struct accepted *a)
{
    *a = (struct accepted){.tenant_id = target->tenant_id,
                           .uses = {{LIMIT_messages, target->tenant_id},
                                    {LIMIT_channel, target->connection_id},
                                    {LIMIT_employee, target->employee_id}}};

    rc_t rc = limit_take(c, a->uses, COUNT_OF(a->uses));

    if (rc == OK) {
        ingest_item(c, target, event, &a->item, &a->job_id);
        return OK;
    }
    if (rc != E_LIMIT)
        return rc;
    a->refused = true;
    ingest_refused(c, target, event, c->fault.limit, &a->item, &a->job_id);
    ctx_forgive(c);
    return OK;
}

static rc_t accept(struct ctx *c, const struct hook_target *target, const struct hook_event *event,
                   struct res *rs)
{
    struct accepted *a = arena_take(c->mem, sizeof(*a));
    struct park *park = arena_take(c->mem, sizeof(*park));

    TRY(db_tenant(c, target->tenant_id));
    TRY(take(c, target, event, a));
    *park = (struct park){.kind = PARK_BATCH,
                          .deadline_ms = PARK_MAX_MS,
                          .state = a,
                          .resume = stored,
                          .batch = &a->item};
    rs->park = park;
    return OK;
}

rc_t hooks_take(struct ctx *c, const struct req *rq, struct res *rs)
{
    const struct channel *channel = channel_find(req_param(c, rq, "channel"));
    const struct hook hook = {
        .body = rq->body, .header = header_of, .native = rq, .now_s = clock_s()};
    struct hook_target target;
    struct hook_claim claim;
    struct hook_event event;
    rc_t rc;

    if (channel == NULL || channel->claim == NULL)
        return ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such channel.");
    rc = channel->claim(c, &hook, &claim);
    if (rc != OK)
        return refused(rc);
    TRY(counted(hook_target(c, channel, claim.install, &target)));
    if (!target.known)
        return without_target(c, channel, &hook, &claim, rs);
    rc = channel->check(c, &hook, bytes_of(target.signing_secret));
    if (rc == OK)
        rc = channel->read(c, &hook, target.self, &event);
    if (rc != OK)
        return refused(rc);
    if (event.kind == HOOK_CHALLENGE)
        return res_text(rs, 200, event.challenge);
    if (event.kind == HOOK_IGNORE)
        return ignored(rs, event.why);
    return accept(c, &target, &event, rs);
}
