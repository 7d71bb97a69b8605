/*
 * Where the daily anchor of the audit and what is told of caps are posted besides the mails: a
 * place for each, chosen, shown and taken away in the same way.
 */
#include <string.h>

#include "api/handlers.h"
#include "api/page.h"
#include "base/id.h"
#include "channels/channel.h"
#include "core/audit.h"
#include "core/job.h"
#include "core/post_place.h"
#include "flow/queue.h"

/* What differs between them. */
struct kind {
    const char *what;
    const char *job; /* makes the first post */
    const char *chosen, *removed;
};
static const struct kind of_anchor = {POST_ANCHOR, "audit_post", "audit.place_chosen",
                                      "audit.place_removed"};
static const struct kind of_caps = {POST_CAPS, "cap_post", "cap.place_chosen", "cap.place_removed"};

static rc_t answer(struct ctx *c, const struct kind *kind, struct res *rs)
{
    struct post_place at;

    TRY(post_place_get(c, kind->what, &at));
    return res_one(c, rs, 200, &post_place_shape, &at);
}

static void ring(struct ctx *c, void *arg)
{
    queue_ring(c, c->tenant_id, arg);
}

/* A place that the connection's channel could post to; whether it may is seen by the first post. */
static rc_t place_check(struct ctx *c, const struct post_place_choice *in)
{
    const struct channel *channel;
    struct post_channel found;

    TRY(post_channel_get(c, in->connection_id, &found));
    channel = channel_find(found.channel);
    if (channel == NULL || channel->place_valid == NULL || !channel->place_valid(in->place))
        return ctx_bad(c, "place", "place_malformed",
                       "This is not the id of a channel; it stands at the end of the channel's "
                       "details and looks like C024BE91L.");
    return OK;
}

/* The first post goes out at once, so that whoever chose sees whether it arrives. */
static rc_t choose(struct ctx *c, const struct kind *kind, const struct req *rq, struct res *rs)
{
    const char *job_id = id_new(c->mem);
    struct post_place_choice in;

    TRY(req_body(c, rq, &post_place_choice_shape, &in));
    if (!id_valid(in.connection_id))
        return ctx_fail(c, E_NOT_FOUND, "not_found", "There is no such connection.");
    in.place = text_trim(c->mem, in.place);
    TRY(place_check(c, &in));
    TRY(post_place_set(c, kind->what, &in));
    TRY(audit_add(c, c->actor, kind->chosen, in.connection_id,
                  text_printf(c->mem, "{\"place\":\"%s\"}", in.place)));
    TRY(job_add(c, job_id, kind->job, job_id, job_id));
    rs->committed = ring;
    rs->committed_arg = text_dup(c->mem, job_id);
    return answer(c, kind, rs);
}

static rc_t drop(struct ctx *c, const struct kind *kind, struct res *rs)
{
    TRY(post_place_drop(c, kind->what));
    TRY(audit_add(c, c->actor, kind->removed, c->tenant_id, "{}"));
    rs->status = 204;
    return OK;
}

static rc_t channels(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct post_channel *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(post_channel_list(c, &page, &items, &count));
    return res_page(c, rq, rs, &post_channel_shape, items, count, &page);
}

rc_t audit_channels_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    return channels(c, rq, rs);
}

rc_t cap_channels_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    return channels(c, rq, rs);
}

rc_t audit_place_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    (void)rq;
    return answer(c, &of_anchor, rs);
}

rc_t audit_place_choose(struct ctx *c, const struct req *rq, struct res *rs)
{
    return choose(c, &of_anchor, rq, rs);
}

rc_t audit_place_remove(struct ctx *c, const struct req *rq, struct res *rs)
{
    (void)rq;
    return drop(c, &of_anchor, rs);
}

rc_t cap_place_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    (void)rq;
    return answer(c, &of_caps, rs);
}

rc_t cap_place_choose(struct ctx *c, const struct req *rq, struct res *rs)
{
    return choose(c, &of_caps, rq, rs);
}

rc_t cap_place_remove(struct ctx *c, const struct req *rq, struct res *rs)
{
    (void)rq;
    return drop(c, &of_caps, rs);
}
