/*
 * Calls that a worker of this machine answers: hands requests to it over the line, and its bytes
 * on to the clients as fast as they take them. A client that goes is told of at once, a worker
 * that goes loses its calls, which are then told so.
 */
#include <stdlib.h>

#include "app/web_lines.h"

#include "api/origin.h"
#include "base/log.h"
#include "base/metric.h"
#include "flow/line_open.h"

#define SLOTS PARK_PER_PROCESS /* a power of two */

/* A place of a call in one of the lists below. */
struct place {
    struct web_link link;
    struct web_call *call;
};

struct web_call {
    uint32_t id;
    struct web_parked *parked;
    struct web_line *line; /* NULL: nobody has it */
    bool headed;
    uint64_t length;
    struct bytes rest; /* of the body, not yet sent */
    size_t owed;       /* bytes taken off the line for which no new credit was given */
    struct place sending, fresh, slow, lost;
};

static struct web_call *slots[SLOTS];
static uint32_t next_id;
/* Calls whose body is not out yet; with new bytes for the client; whose client is behind; lost. */
static struct web_link *sending, *fresh, *slow, *lost;

static struct web_call *call_of(struct web_link *link)
{
    return ((struct place *)link)->call;
}

static void list(struct web_link **to, struct place *place)
{
    if (place->link.at == NULL)
        web_link_add(to, &place->link);
}

static void put(struct web_call *call, enum line_kind kind, struct bytes a, struct bytes b)
{
    line_put(call->line->line, kind, call->id, a, b);
}

/* Nobody has the call any more. */
static void leave(struct web_call *call)
{
    if (call->line == NULL)
        return;
    call->line->open--;
    call->line = NULL;
    slots[call->id % SLOTS] = NULL;
    web_link_remove(&call->sending.link);
}

static void lose(struct web_call *call)
{
    leave(call);
    metric_add(METRIC_line_lost, 1);
    list(&lost, &call->lost);
}

void web_line_drop(struct web_call *call)
{
    if (call == NULL)
        return;
    if (call->line != NULL && !call->line->broken) {
        put(call, LINE_GONE, BYTES(""), BYTES(""));
        metric_add(METRIC_line_left, 1);
    }
    leave(call);
    web_link_remove(&call->fresh.link);
    web_link_remove(&call->slow.link);
    web_link_remove(&call->lost.link);
    free(call);
}

bool web_line_begun(const struct web_call *call)
{
    return call->headed;
}

void web_line_break(struct web_call *call)
{
    struct http_request *kr = web_parked_request(call->parked);

    if (call->length != RELAY_UNKNOWN && kr->owner != NULL) {
        kore_connection_disconnect(kr->owner);
        return;
    }
    web_relay_add(kr, web_parked_park(call->parked)->broken, call->length);
    web_relay_end(kr, call->length);
}

static void relay_head(struct web_call *call, const struct line_head *h)
{
    const struct park *park = web_parked_park(call->parked);
    struct res rs = {.status = h->status,
                     .type = h->stream ? "text/event-stream; charset=utf-8" : "application/json"};
    char wait_s[16];

    call->headed = true;
    call->length = h->stream ? RELAY_UNKNOWN : h->length;
    res_header(&rs, "x-request-id", park->call->reference);
    if (h->wait_s > 0) {
        snprintf(wait_s, sizeof(wait_s), "%u", h->wait_s);
        res_header(&rs, "retry-after", wait_s);
    }
    if (h->again != LINE_AGAIN_UNSAID)
        res_header(&rs, "x-should-retry", h->again == LINE_AGAIN ? "true" : "false");
    origin_allow(web_parked_asked(call->parked), &rs);
    web_relay_start(web_parked_request(call->parked), &rs, call->length);
}

/* The answer is whole: the client's connection is free again. */
static void finish(struct web_call *call)
{
    leave(call);
    web_relay_end(web_parked_request(call->parked), call->length);
    web_parked_end(call->parked);
}

static bool got(void *arg, enum line_kind kind, uint32_t id, struct bytes payload)
{
    struct web_line *l = arg;
    struct web_call *call = slots[id % SLOTS];
    struct line_head head;

    if (kind == LINE_RESTS) {
        l->rests = true;
        return true;
    }
    /* What is of nobody was on its way when its client left. */
    if (call == NULL || call->id != id || call->line != l)
        return true;
    switch (kind) {
    case LINE_HEAD:
        if (payload.len != sizeof(head) || call->headed)
            return false;
        memcpy(&head, payload.data, sizeof(head));
        relay_head(call, &head);
        break;
    case LINE_DATA:
        if (!call->headed)
            return false;
        call->owed += payload.len;
        web_relay_add(web_parked_request(call->parked), payload, call->length);
        break;
    case LINE_END:
        if (!call->headed)
            return false;
        finish(call);
        return true;
    case LINE_OPEN:
    case LINE_BODY:
    case LINE_CREDIT:
    case LINE_GONE:
    case LINE_RESTS:
        return false;
    }
    list(&fresh, &call->fresh);
    return true;
}

/* What the client has taken, as much more may come. */
static void credit(struct web_call *call)
{
    const struct line_credit more = {(uint32_t)call->owed};

    if (call->line == NULL || call->owed == 0)
        return;
    put(call, LINE_CREDIT, (struct bytes){(const char *)&more, sizeof(more)}, BYTES(""));
    call->owed = 0;
}

/* One write for all that came in this round. Who takes it at once gets more before he runs dry. */
static void flush_fresh(void)
{
    while (fresh != NULL) {
        struct web_call *call = call_of(fresh);
        struct connection *c = web_parked_request(call->parked)->owner;

        web_link_remove(&call->fresh.link);
        if (web_relay_flush(c) > 0)
            list(&slow, &call->slow);
        else if (call->owed >= LINE_WINDOW / 2)
            credit(call);
    }
}

static void credit_slow(void)
{
    for (struct web_link *at = slow, *next; at != NULL; at = next) {
        struct web_call *call = call_of(at);

        next = at->next;
        if (web_relay_flush(web_parked_request(call->parked)->owner) > 0)
            continue;
        web_link_remove(at);
        credit(call);
    }
}

static void ready(void *event, int error)
{
    struct web_line *l = event;

    l->event.flags = 0;
    if (l->broken)
        return;
    if (error || !line_read(l->line) || !line_flush(l->line))
        l->broken = true;
    flush_fresh();
}

static void lose_all(const struct web_line *l)
{
    for (size_t i = 0; i < SLOTS && l->open > 0; i++)
        if (slots[i] != NULL && slots[i]->line == l)
            lose(slots[i]);
}

void web_line_start(const char *dir)
{
    static const struct web_lines_user user = {.got = got, .ready = ready, .lost = lose_all};

    web_lines_start(dir, &user);
}

static void open_call(struct web_call *call, struct web_line *l)
{
    char head[LINE_OPEN_MAX];
    size_t len = line_open_write(web_parked_park(call->parked)->call, head, sizeof(head));
    size_t first = call->rest.len < LINE_PAYLOAD_MAX - len ? call->rest.len
                                                           : LINE_PAYLOAD_MAX - len;

    if (len == 0)
        abort(); /* the gate bounds all that is in it */
    while (slots[next_id % SLOTS] != NULL)
        next_id++;
    call->id = next_id++;
    slots[call->id % SLOTS] = call;
    call->line = l;
    l->open++;
    put(call, LINE_OPEN, (struct bytes){head, len}, (struct bytes){call->rest.data, first});
    call->rest = (struct bytes){call->rest.data + first, call->rest.len - first};
    if (call->rest.len > 0)
        list(&sending, &call->sending);
    else
        web_parked_sent(call->parked);
}

struct web_call *web_line_call(struct web_parked *p)
{
    struct web_call *call = calloc(1, sizeof(*call));
    struct web_line *l;

    if (call == NULL)
        abort();
    call->parked = p;
    call->rest = web_parked_asked(p)->body;
    call->sending.call = call->fresh.call = call->slow.call = call->lost.call = call;
    l = web_lines_best();
    if (l == NULL) {
        lose(call);
        return call;
    }
    metric_add(METRIC_line_calls, 1);
    open_call(call, l);
    return call;
}

/* One piece of each body in turn, so that a large one holds up nobody. True: there is more. */
static bool send_bodies(void)
{
    bool more = false;

    for (struct web_link *at = sending, *next; at != NULL; at = next) {
        struct web_call *call = call_of(at);
        size_t len = call->rest.len < LINE_PAYLOAD_MAX ? call->rest.len : LINE_PAYLOAD_MAX;

        next = at->next;
        if (line_waiting(call->line->line) >= LINE_WINDOW)
            continue;
        put(call, LINE_BODY, (struct bytes){call->rest.data, len}, BYTES(""));
        call->rest = (struct bytes){call->rest.data + len, call->rest.len - len};
        if (call->rest.len > 0) {
            more = true;
            continue;
        }
        web_link_remove(at);
        web_parked_sent(call->parked);
    }
    return more;
}

void web_line_round(void)
{
    bool more;

    credit_slow();
    do { /* until the sockets are full: then they say when they take more */
        more = send_bodies();
        web_lines_flush();
    } while (more);
    web_lines_settle();
    while (lost != NULL) {
        struct web_call *call = call_of(lost);

        web_link_remove(&call->lost.link);
        web_parked_wake(call->parked, WAKE_LOST, (struct bytes){0});
    }
}
