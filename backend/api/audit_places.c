/* Where the daily anchor of the audit is posted besides the mails. */
#include <string.h>

#include "api/handlers.h"
#include "api/page.h"
#include "base/id.h"
#include "channels/channel.h"
#include "core/audit.h"
#include "core/audit_place.h"
#include "core/connection.h"
#include "core/job.h"
#include "flow/queue.h"
#include "io/db.h"

static rc_t answer(struct ctx *c, struct res *rs)
{
    struct audit_place at;

    TRY(audit_place_get(c, &at));
    return res_one(c, rs, 200, &audit_place_shape, &at);
}

rc_t audit_place_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    (void)rq;
    return answer(c, rs);
}

rc_t audit_channels_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct audit_channel *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(audit_channel_list(c, &page, &items, &count));
    return res_page(c, rq, rs, &audit_channel_shape, items, count, &page);
}

static void ring(struct ctx *c, void *arg)
{
    queue_ring(c, c->tenant_id, arg);
}

/* A place that the connection's channel could post to; whether it may is seen by the first post. */
static rc_t place_check(struct ctx *c, const struct audit_place_choice *in)
{
    const struct channel *channel;
    struct audit_channel found;

    TRY(audit_channel_get(c, in->connection_id, &found));
    channel = channel_find(found.channel);
    if (channel == NULL || channel->place_valid == NULL || !channel->place_valid(in->place))
        return ctx_bad(c, "place", "place_malformed",
                       "This is not the id of a channel; it stands at the end of the channel's "
                       "details and looks like C024BE91L.");
    return OK;
}

/* The first post goes out at once, so that whoever chose sees whether it arrives. */
rc_t audit_place_choose(struct ctx *c, const struct req *rq, struct res *rs)
{
    const char *job_id = id_new(c->mem);
    struct audit_place_choice in;

    TRY(req_body(c, rq, &audit_place_choice_shape, &in));
    if (!id_valid(in.connection_id))
        return ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such connection.");
    in.place = text_trim(c->mem, in.place);
    TRY(place_check(c, &in));
    TRY(audit_place_set(c, &in));
    TRY(audit_add(c, c->actor, "audit.place_chosen", in.connection_id,
                  text_printf(c->mem, "{\"place\":\"%s\"}", in.place)));
    TRY(job_add(c, job_id, "audit_post", job_id, job_id));
    rs->committed = ring;
    rs->committed_arg = text_dup(c->mem, job_id);
    return answer(c, rs);
}

rc_t audit_place_remove(struct ctx *c, const struct req *rq, struct res *rs)
{
    (void)rq;
    TRY(audit_place_drop(c));
    TRY(audit_add(c, c->actor, "audit.place_removed", c->tenant_id, "{}"));
    rs->status = 204;
    return OK;
}
