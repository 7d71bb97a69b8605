/*
 * Calls that a worker of this machine answers: hands requests to it over the line, and its bytes
 * on to the clients as fast as they take them. A client that goes is told of at once, a worker
 * that goes loses its calls, which are then told so.
 */
#include "app/web.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "api/origin.h"
#include "base/log.h"
#include "base/metric.h"
#include "flow/line_open.h"

#define SLOTS PARK_PER_PROCESS /* a power of two */
#define LINES_MAX 64
#define LOOK_EVERY_MS 1000
#define QUEUED_MAX MIB(4) /* bytes that a worker may leave unread before it gets no more bodies */

struct web_line {
    struct kore_event event; /* first: the loop calls its handle */
    struct line *line;
    bool rests, broken, writing;
    size_t open;
    char name[]; /* of its socket */
};

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

static const char *folder;
static struct web_line *lines[LINES_MAX];
static size_t line_count;
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

static void watch(struct web_line *l)
{
    bool writing = line_waiting(l->line) > 0;

    if (writing != l->writing)
        kore_platform_event_schedule(line_fd(l->line), writing ? EPOLLIN | EPOLLOUT : EPOLLIN, 0,
                                     l);
    l->writing = writing;
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

/* The others see what became of it in this round; its memory must outlive what the loop holds. */
static void drop_line(size_t index)
{
    struct web_line *l = lines[index];

    for (size_t i = 0; i < SLOTS && l->open > 0; i++)
        if (slots[i] != NULL && slots[i]->line == l)
            lose(slots[i]);
    log_warn("line_lost", "name", l->name, NULL);
    lines[index] = lines[--line_count];
    line_free(l->line);
    free(l);
}

static void drop_broken(void)
{
    for (size_t i = line_count; i > 0; i--)
        if (lines[i - 1]->broken)
            drop_line(i - 1);
}

static bool known(const char *name)
{
    for (size_t i = 0; i < line_count; i++)
        if (strcmp(lines[i]->name, name) == 0)
            return true;
    return false;
}

static void join(const char *name)
{
    char path[128];
    size_t len = strlen(name), end = strlen(LINE_ENDING);

    if (len <= end || strcmp(name + len - end, LINE_ENDING) != 0 || known(name) ||
        line_count == LINES_MAX ||
        (size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
        return;

    int fd = line_connect(path);

    if (fd < 0) /* of a worker that is gone */
        return;

    struct web_line *l = calloc(1, sizeof(*l) + len + 1);

    if (l == NULL)
        abort();
    l->event.handle = ready;
    memcpy(l->name, name, len + 1);
    l->line = line_new(fd, got, l);
    lines[line_count++] = l;
    kore_platform_event_schedule(fd, EPOLLIN, 0, l);
}

static void look(void)
{
    DIR *dir = folder == NULL ? NULL : opendir(folder);
    const struct dirent *entry;

    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL)
        join(entry->d_name);
    closedir(dir);
}

void web_line_start(const char *dir)
{
    folder = dir;
}

/* A worker that has just started is found with the next tick when there is no other. */
void web_line_tick(int64_t now_ms)
{
    static int64_t next_ms;

    if (now_ms < next_ms && line_count > 0)
        return;
    next_ms = now_ms + LOOK_EVERY_MS;
    look();
}

static struct web_line *least_busy(void)
{
    struct web_line *best = NULL;

    for (size_t i = 0; i < line_count; i++) {
        struct web_line *l = lines[i];

        if (!l->broken && !l->rests && line_waiting(l->line) < QUEUED_MAX &&
            (best == NULL || l->open < best->open))
            best = l;
    }
    return best;
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
    if (line_count == 0)
        look();
    l = least_busy();
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

static void flush_lines(void)
{
    for (size_t i = 0; i < line_count; i++)
        lines[i]->broken |= !lines[i]->broken && !line_flush(lines[i]->line);
}

void web_line_round(void)
{
    bool more;

    credit_slow();
    do { /* until the sockets are full: then they say when they take more */
        more = send_bodies();
        flush_lines();
    } while (more);
    for (size_t i = 0; i < line_count; i++)
        if (!lines[i]->broken)
            watch(lines[i]);
    drop_broken();
    while (lost != NULL) {
        struct web_call *call = call_of(lost);

        web_link_remove(&call->lost.link);
        web_parked_wake(call->parked, WAKE_LOST, (struct bytes){0});
    }
}
