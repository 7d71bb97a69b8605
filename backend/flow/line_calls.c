/* See line_calls.h. */
#include "flow/line_calls.h"

#include <stdlib.h>
#include <string.h>

#include "flow/v1_call.h"
#include "llm/served.h"

#define BODIES_MAX MIB(256)   /* questions that come in or are being asked */
#define CALL_MEMORY MIB(64)   /* beside five times the body, which its reader may need */
#define HELD_BACK LINE_WINDOW /* bytes that wait for credit before the model is held back */

struct call {
    uint32_t id;
    struct line_calls *of;
    struct ctx *c; /* until it is started; so is the body */
    struct line_open open;
    char *body;
    size_t body_have;
    struct v1_call *v1; /* NULL: not begun, or its answer is complete */
    bool complete, held;
    size_t credit;
    char *out; /* waits for credit */
    size_t out_at, out_len, out_room;
};

static size_t bodies; /* bytes, of all calls of this process */
static size_t count;

size_t line_calls_count(void)
{
    return count;
}

static void put(struct call *call, enum line_kind kind, struct bytes payload)
{
    line_put(call->of->line, kind, call->id, payload, BYTES(""));
    call->of->flush(call->of->arg);
}

static void forget(struct call *call)
{
    call->of->calls[call->id % LINE_SLOTS] = NULL;
    count--;
    bodies -= call->open.body_len;
    if (call->c != NULL)
        ctx_end(call->c);
    if (call->v1 != NULL)
        v1_call_leave(call->v1);
    free(call->body);
    free(call->out);
    free(call);
}

static void send_now(struct call *call, struct bytes data)
{
    while (data.len > 0) {
        size_t len = data.len < LINE_PAYLOAD_MAX ? data.len : LINE_PAYLOAD_MAX;

        put(call, LINE_DATA, (struct bytes){data.data, len});
        call->credit -= len;
        data = (struct bytes){data.data + len, data.len - len};
    }
}

/* What the credit does not cover waits here. */
static void keep(struct call *call, struct bytes data)
{
    if (call->out_at > 0) {
        memmove(call->out, call->out + call->out_at, call->out_len - call->out_at);
        call->out_len -= call->out_at;
        call->out_at = 0;
    }
    if (call->out_room < call->out_len + data.len) {
        size_t room = 2 * (call->out_len + data.len);
        char *larger = realloc(call->out, room);

        if (larger == NULL)
            abort();
        call->out = larger;
        call->out_room = room;
    }
    memcpy(call->out + call->out_len, data.data, data.len);
    call->out_len += data.len;
}

static void hold(struct call *call, bool yes)
{
    if (call->held == yes || call->v1 == NULL)
        return;
    call->held = yes;
    v1_call_hold(call->v1, yes);
}

static void on_head(void *arg, const struct line_head *head)
{
    put(arg, LINE_HEAD, (struct bytes){(const char *)head, sizeof(*head)});
}

static void on_data(void *arg, struct bytes piece)
{
    struct call *call = arg;
    size_t now = call->out_len > call->out_at ? 0
                 : piece.len < call->credit   ? piece.len
                                              : call->credit;

    send_now(call, (struct bytes){piece.data, now});
    if (now < piece.len)
        keep(call, (struct bytes){piece.data + now, piece.len - now});
    if (call->out_len - call->out_at > HELD_BACK)
        hold(call, true);
}

static void end_if_out(struct call *call)
{
    if (!call->complete || call->out_at < call->out_len)
        return;
    put(call, LINE_END, BYTES(""));
    forget(call);
}

static void on_end(void *arg)
{
    struct call *call = arg;

    call->v1 = NULL;
    call->complete = true;
    end_if_out(call);
}

static void on_credit(struct call *call, uint32_t more)
{
    size_t waiting, now;

    call->credit += more;
    waiting = call->out_len - call->out_at;
    now = waiting < call->credit ? waiting : call->credit;
    send_now(call, (struct bytes){call->out + call->out_at, now});
    call->out_at += now;
    if (now == waiting)
        hold(call, false);
    end_if_out(call);
}

static void start(struct call *call)
{
    const struct v1_out out = {.head = on_head, .data = on_data, .end = on_end, .arg = call};
    struct ctx *c = call->c;
    char *body = call->body;

    call->c = NULL;
    call->body = NULL;
    call->v1 = v1_call_start(call->of->place, c, &call->open, body, call->body_have, &out);
}

/* An answer without a question: the body was never read. */
static void refuse_busy(struct call *call)
{
    const struct fault busy = {.rc = E_UNAVAILABLE, .code = "busy"};
    struct served_error error = served_error_of(&busy);
    struct buf body = buf_new(call->c->mem, KIB(4));

    served_error_write(&error, &body);

    const struct line_head head = {
        .status = (uint16_t)error.status, .again = LINE_AGAIN, .wait_s = 1, .length = body.len};

    on_head(call, &head);
    on_data(call, buf_bytes(&body));
    call->complete = true;
    end_if_out(call);
}

static bool on_open(struct line_calls *l, uint32_t id, struct bytes payload)
{
    struct call *call = calloc(1, sizeof(*call));
    struct ctx *c = ctx_new(CALL_MEMORY + 6 * (size_t)SERVED_BODY_MAX, l->db);
    size_t read = line_open_read(c->mem, payload, &call->open);

    if (read == 0 || l->calls[id % LINE_SLOTS] != NULL || call->open.body_len > SERVED_BODY_MAX ||
        call->open.body_len < payload.len - read) {
        ctx_end(c);
        free(call);
        return false;
    }
    c->tenant_id = call->open.tenant_id;
    c->reference = call->open.reference;
    call->id = id;
    call->of = l;
    call->c = c;
    call->credit = LINE_WINDOW;
    l->calls[id % LINE_SLOTS] = call;
    count++;
    bodies += call->open.body_len;
    if (bodies > BODIES_MAX) {
        refuse_busy(call);
        return true;
    }
    call->body = malloc(call->open.body_len + 1);
    if (call->body == NULL)
        abort();
    call->body_have = payload.len - read;
    memcpy(call->body, payload.data + read, call->body_have);
    if (call->body_have == call->open.body_len)
        start(call);
    return true;
}

static bool on_body(struct call *call, struct bytes more)
{
    if (call->body == NULL || more.len > call->open.body_len - call->body_have)
        return false;
    memcpy(call->body + call->body_have, more.data, more.len);
    call->body_have += more.len;
    if (call->body_have == call->open.body_len)
        start(call);
    return true;
}

bool line_calls_got(struct line_calls *l, enum line_kind kind, uint32_t id, struct bytes payload)
{
    struct call *call = l->calls[id % LINE_SLOTS];
    struct line_credit credit;

    if (kind == LINE_OPEN)
        return on_open(l, id, payload);
    /* It ended while this was on its way. */
    if (call == NULL || call->id != id)
        return true;
    switch (kind) {
    case LINE_BODY:
        return on_body(call, payload);
    case LINE_CREDIT:
        if (payload.len != sizeof(credit))
            return false;
        memcpy(&credit, payload.data, sizeof(credit));
        on_credit(call, credit.bytes);
        return true;
    case LINE_GONE:
        forget(call);
        return true;
    case LINE_OPEN:
    case LINE_HEAD:
    case LINE_DATA:
    case LINE_END:
    case LINE_RESTS:
        break;
    }
    return false;
}

void line_calls_forget(struct line_calls *l)
{
    for (size_t i = 0; i < LINE_SLOTS; i++)
        if (l->calls[i] != NULL)
            forget(l->calls[i]);
}
