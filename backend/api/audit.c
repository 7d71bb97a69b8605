/*
 * The audit: found by filters, its chain's state, and exports. An export ends in a signed head, so
 * its first piece waits until the worker has signed the chain as it stands.
 */
#include <string.h>

#include "api/handlers.h"
#include "api/page.h"
#include "core/audit.h"
#include "core/audit_find.h"
#include "core/audit_head.h"
#include "flow/anchor.h"
#include "flow/live.h"
#include "flow/queue.h"

#define SIGN_WAIT_MS 30000
#define PIECE_MAX MIB(6)

/* A whole number of at least 0 from the query; missing is 0. The gate has looked at it. */
static int64_t number_of(struct ctx *c, const struct req *rq, const char *name)
{
    const char *text = req_query(c, rq, name);
    int64_t n = 0;

    return text == NULL || text_int(text, &n) != OK ? 0 : n;
}

/* A text from the query; missing and blank are NULL. */
static const char *text_of(struct ctx *c, const struct req *rq, const char *name)
{
    const char *text = req_query(c, rq, name);

    return text_blank(text) ? NULL : text;
}

rc_t audit_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct audit_filter filter = {.actor = text_of(c, rq, "actor"),
                                  .action = text_of(c, rq, "action"),
                                  .object = text_of(c, rq, "object"),
                                  .text = text_of(c, rq, "text"),
                                  .from = number_of(c, rq, "from"),
                                  .to = number_of(c, rq, "to")};
    struct audit_entry *items;
    struct page page;
    size_t count;
    int64_t next;

    TRY(req_page(c, rq, &page));
    if (page.key != NULL)
        TRY(text_int(page.key, &filter.before));
    TRY(audit_find(c, &filter, (size_t)page.most, &items, &count, &next));
    page.more = next != 0;
    page.key = text_printf(c->mem, "%lld", (long long)next);
    return res_page(c, rq, rs, &audit_entry_shape, items, count, &page);
}

rc_t audit_names_list(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct audit_name *items;
    struct page page;
    size_t count;

    TRY(req_page(c, rq, &page));
    TRY(audit_names(c, text_is(req_query(c, rq, "of"), "actor"), &page, &items, &count));
    return res_page(c, rq, rs, &audit_name_shape, items, count, &page);
}

rc_t audit_state_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    struct audit_state state;

    (void)rq;
    TRY(audit_state_get(c, &state));
    return res_one(c, rs, 200, &audit_state_shape, &state);
}

static rc_t answer_piece(struct ctx *c, struct res *rs, int64_t after, int64_t until)
{
    struct buf out = buf_new(c->mem, PIECE_MAX);
    int64_t next;

    TRY(audit_export(c, after, until, &out, &next));
    rs->status = 200;
    rs->type = "text/plain; charset=utf-8";
    rs->body = buf_bytes(&out);
    res_header(rs, "content-disposition",
               text_printf(c->mem, "attachment; filename=\"audit-%s.jsonl\"", c->tenant_id));
    if (next != 0)
        res_header(rs, "link",
                   text_printf(c->mem, "</api/v1/audit/export?after=%lld&until=%lld>; rel=\"next\"",
                               (long long)next, (long long)until));
    return OK;
}

/* An export that waits for the signature over the chain up to `seq`. */
struct waiting {
    int64_t seq;
    struct anchor_wish wish;
};

static void ring(struct ctx *c, void *arg)
{
    const struct waiting *w = arg;

    queue_ring(c, c->tenant_id, w->wish.job_id);
}

static rc_t export_look(struct ctx *c, const struct req *rq, struct res *rs, void *arg,
                        enum wake why, struct bytes news)
{
    const struct waiting *w = arg;
    struct audit_state state;

    (void)rq;
    (void)news;
    TRY(audit_state_get(c, &state));
    if (state.signed_entries >= w->seq)
        return answer_piece(c, rs, 0, state.signed_entries);
    if (why == WAKE_DEADLINE)
        return ctx_fail(c, E_UNAVAILABLE, "not_signed", "the worker did not sign the head in time");
    return OK;
}

static rc_t export_start(struct ctx *c, struct res *rs)
{
    struct waiting *w = arena_take(c->mem, sizeof(*w));
    struct park *park = arena_take(c->mem, sizeof(*park));
    struct audit_state state;

    TRY(audit_add(c, c->actor, "audit.exported", c->tenant_id, "{}"));
    TRY(audit_state_get(c, &state));
    w->seq = state.entries;
    TRY(anchor_wish(c, w->seq, &w->wish));
    *park = (struct park){.kind = PARK_LIVE,
                          .deadline_ms = SIGN_WAIT_MS,
                          .state = w,
                          .resume = export_look,
                          .channel = live_channel(c, w->wish.subject_id)};
    rs->park = park;
    rs->committed = ring;
    rs->committed_arg = w;
    return OK;
}

rc_t audit_export_show(struct ctx *c, const struct req *rq, struct res *rs)
{
    int64_t after = number_of(c, rq, "after"), until = number_of(c, rq, "until");

    return after == 0 ? export_start(c, rs) : answer_piece(c, rs, after, until);
}
