/*
 * Parked requests: those that wait for something without holding up the worker's loop. Kore keeps
 * the request asleep; this file keeps its memory, bounds it in time and number, and resumes it.
 */
#include "app/web.h"

#include <stdlib.h>

#include "app/web_batch.h"
#include "base/clock.h"
#include "base/metric.h"

#define PING_EVERY_MS 15000

struct web_parked {
    struct web_link all, channel;
    struct web_parked *next_due;
    struct ctx *first; /* owns the state; contexts of later parks end with it */
    struct req rq;
    struct park park;
    struct http_request *kr; /* NULL: the client has gone */
    struct web_call *call;   /* PARK_LINE: while a worker has it */
    bool busy;               /* a thread or a batch still uses the state: it must not end yet */
    bool again;              /* the rows could not be looked at; the next tick tries it anew */
    int64_t deadline_ms, ping_ms;
    int64_t look_ms; /* when to look at the rows, news or not; 0: not */
};

static struct web_link *all;
static size_t count;

void web_link_add(struct web_link **list, struct web_link *link)
{
    link->next = *list;
    link->at = list;
    if (*list != NULL)
        (*list)->at = &link->next;
    *list = link;
}

void web_link_remove(struct web_link *link)
{
    if (link->at == NULL)
        return;
    *link->at = link->next;
    if (link->next != NULL)
        link->next->at = link->at;
    link->at = NULL;
}

size_t web_park_count(void)
{
    return count;
}

struct http_request *web_parked_request(struct web_parked *p)
{
    return p->kr;
}

const struct park *web_parked_park(const struct web_parked *p)
{
    return &p->park;
}

const struct req *web_parked_asked(const struct web_parked *p)
{
    return &p->rq;
}

/* Calls of models that each tenant has open, by a hash of it: two in one slot share the bound. */
static size_t *line_slot(const char *tenant_id)
{
    static size_t open[4096];
    uint32_t hash = 2166136261u;

    for (const char *p = tenant_id; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619u;
    return &open[hash % COUNT_OF(open)];
}

/* Nobody waits for it any more; its memory goes as soon as nobody uses it. */
static void release(struct web_parked *p)
{
    web_live_leave(&p->channel);
    web_line_drop(p->call);
    p->call = NULL;
    if (p->kr != NULL) {
        p->kr->onfree = NULL;
        p->kr->hdlr_extra = NULL;
        p->kr->flags |= HTTP_REQUEST_DELETE;
        http_request_wakeup(p->kr);
        p->kr = NULL;
    }
    if (p->busy)
        return;
    web_link_remove(&p->all);
    count--;
    if (p->park.kind == PARK_LINE)
        --*line_slot(p->first->tenant_id);
    ctx_end(p->first);
    free(p);
}

void web_parked_sent(struct web_parked *p)
{
    if (p->kr != NULL && p->kr->http_body != NULL) {
        kore_buf_free(p->kr->http_body);
        p->kr->http_body = NULL;
        p->kr->http_body_length = 0;
    }
    p->rq.body = (struct bytes){NULL, 0};
}

void web_parked_end(struct web_parked *p)
{
    release(p);
}

static void client_gone(struct http_request *kr)
{
    struct web_parked *p = kr->hdlr_extra;

    kr->hdlr_extra = NULL;
    p->kr = NULL;
    release(p);
}

/* There is no room for it now: in the form that its address has for errors. */
static bool refuse(struct ctx *c, const struct req *rq, struct res *rs, const char *limit,
                   const char *detail)
{
    if (limit != NULL)
        ctx_over(c, "too_many_waiting", limit, 1, "%s", detail);
    else
        ctx_fail(c, E_UNAVAILABLE, "busy", "%s", detail);
    api_refuse(c, rq, rs);
    return false;
}

static bool tenant_full(const char *tenant_id, enum park_kind kind)
{
    size_t own = 0;

    if (kind == PARK_LINE)
        return *line_slot(tenant_id) >= LINE_PER_TENANT;
    if (kind != PARK_LIVE)
        return false;
    for (const struct web_link *l = all; l != NULL && tenant_id != NULL; l = l->next)
        if (l->owner->park.kind == PARK_LIVE && text_is(l->owner->first->tenant_id, tenant_id))
            own++;
    return own >= PARK_PER_TENANT;
}

static int64_t deadline_of(const struct park *park)
{
    int64_t ms = park->deadline_ms;

    return clock_mono_ms() + (ms <= 0 || ms > PARK_MAX_MS ? PARK_MAX_MS : ms);
}

/* Hands the request to whoever will wake it. False: there is no room for it. */
static bool start(struct web_parked *p)
{
    p->deadline_ms = deadline_of(&p->park);
    switch (p->park.kind) {
    case PARK_CPU:
        p->busy = web_cpu_add(p, p->park.work, p->park.state);
        return p->busy;
    case PARK_BATCH:
        p->busy = web_batch_add(p, p->park.batch);
        return p->busy;
    case PARK_LIVE:
        web_live_join(&p->channel, p->park.channel);
        return true;
    case PARK_LINE:
        p->call = web_line_call(p);
        return true;
    }
    return false;
}

static int64_t look_at(const struct res *rs)
{
    return rs->look_ms == 0 ? 0 : clock_mono_ms() + rs->look_ms;
}

bool web_park(struct http_request *kr, struct ctx *c, const struct req *rq, struct res *rs)
{
    struct park park = *rs->park;

    if (count >= PARK_PER_PROCESS)
        return refuse(c, rq, rs, NULL, "Too many requests wait at this moment; try again soon.");
    if (tenant_full(c->tenant_id, park.kind))
        return refuse(c, rq, rs, "parked_requests",
                      "Too many requests of your company wait at this moment.");

    struct web_parked *p = calloc(1, sizeof(*p));

    if (p == NULL)
        abort();
    p->first = c;
    p->rq = *rq;
    p->park = park;
    p->kr = kr;
    p->all.owner = p->channel.owner = p;
    p->ping_ms = clock_mono_ms() + PING_EVERY_MS;
    p->look_ms = look_at(rs);
    if (!start(p)) {
        free(p);
        return refuse(c, rq, rs, NULL, "The server has too much to do; try again in a moment.");
    }
    web_link_add(&all, &p->all);
    count++;
    if (park.kind == PARK_LINE)
        ++*line_slot(c->tenant_id);
    metric_add(METRIC_http_parked, 1);
    kr->hdlr_extra = p;
    kr->flags |= HTTP_REQUEST_RETAIN_EXTRA;
    kr->onfree = client_gone;
    http_request_sleep(kr);
    if (park.stream)
        web_stream_start(kr, rs);
    return true;
}

static void end_later(void *c)
{
    ctx_end(c);
}

/* The handler parks again: for something else, with the memory of the context that it has now. */
static void park_again(struct web_parked *p, struct ctx *c, struct res *rs)
{
    web_live_leave(&p->channel);
    p->park = *rs->park;
    arena_on_end(p->first->mem, end_later, c);
    if (!start(p)) {
        refuse(c, &p->rq, rs, NULL, "The server has too much to do; try again in a moment.");
        web_answer(p->kr, rs);
        release(p);
        return;
    }
    if (p->park.stream)
        web_stream_start(p->kr, rs);
}

static void stream_on(struct web_parked *p, const struct res *rs)
{
    struct connection *client = p->kr->owner;
    bool end = rs->close || rs->status >= 400;

    if (rs->body.len > 0 && rs->status < 400) {
        p->ping_ms = clock_mono_ms() + PING_EVERY_MS;
        end |= !web_stream_add(client, rs->body);
    }
    if (!end)
        return;
    web_stream_end(client);
    release(p);
}

void web_parked_wake(struct web_parked *p, enum wake why, struct bytes news)
{
    struct res rs = {0};

    if (why == WAKE_DONE)
        p->busy = false;
    if (p->kr == NULL || p->kr->owner == NULL) {
        release(p);
        return;
    }

    if (p->park.kind == PARK_LINE && web_line_begun(p->call)) {
        web_line_break(p->call);
        release(p);
        return;
    }

    struct ctx *c = ctx_new(WEB_REQUEST_MEMORY, p->first->db);

    p->again = false;
    c->tenant_id = p->first->tenant_id;
    c->person_id = p->first->person_id;
    c->actor = p->first->actor;
    c->app_id = p->first->app_id;
    c->reference = p->first->reference;
    api_resume(c, &p->rq, &rs, &p->park, why, news);
    p->look_ms = look_at(&rs);
    if (rs.park != NULL && !p->park.stream) {
        park_again(p, c, &rs);
        return;
    }
    if (rs.status == 503 && p->park.kind == PARK_LIVE && why != WAKE_DEADLINE) {
        p->again = true;
    } else if (p->park.stream) {
        stream_on(p, &rs);
    } else if (rs.status != 0) {
        web_answer(p->kr, &rs);
        release(p);
    }
    ctx_end(c);
}

/*
 * Proxies cut what is silent for long, and a reader that has gone shows only when something is
 * written to him.
 */
static void ping(struct web_parked *p, int64_t now_ms)
{
    p->ping_ms = now_ms + PING_EVERY_MS;
    if (p->kr != NULL && p->kr->owner != NULL)
        (void)web_stream_add(p->kr->owner, BYTES(": ping\n\n"));
}

void web_park_tick(int64_t now_ms)
{
    for (struct web_link *l = all, *next; l != NULL; l = next) {
        struct web_parked *p = l->owner;

        next = l->next;
        /*
         * A thread that works on the state must be let finish; what it does is bounded by itself.
         */
        if (now_ms >= p->deadline_ms && p->park.kind != PARK_CPU && p->kr != NULL)
            web_parked_wake(p, WAKE_DEADLINE, (struct bytes){0});
        else if (p->again)
            web_parked_wake(p, WAKE_LOOK, (struct bytes){0});
        else if (p->look_ms != 0 && now_ms >= p->look_ms && p->park.kind == PARK_LIVE &&
                 p->kr != NULL)
            web_parked_wake(p, WAKE_LOOK, (struct bytes){0});
        else if (p->park.stream && now_ms >= p->ping_ms)
            ping(p, now_ms);
    }
}

void web_park_drain(void)
{
    int64_t last_ms = clock_mono_ms() + WEB_DRAIN_MS - 1500;

    for (struct web_link *l = all; l != NULL; l = l->next) {
        struct web_parked *p = l->owner;

        if (p->park.stream)
            p->deadline_ms = 0;
        else if (p->deadline_ms > last_ms)
            p->deadline_ms = last_ms;
    }
    web_park_tick(clock_mono_ms());
}
