/* See served_feed.h. */
#include "served_feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/shape.h"
#include "llm/frames.h"

static void must(bool good)
{
    if (!good)
        abort();
}

void served_feed_fault(struct ctx *c, rc_t rc)
{
    struct served_error e = served_error_of(&c->fault);
    struct buf out = buf_new(c->mem, MIB(1));
    json_t *root;

    must((rc == E_INVALID || rc == E_LIMIT) && c->fault.rc == rc);
    must(e.status == 400 || e.status == 413);
    must(text_utf8(bytes_of(c->fault.detail)));
    served_error_write(&e, &out);
    ctx_forgive(c);
    must(!out.over && json_parse(c, buf_bytes(&out), &root) == OK);
    must(json_is_string(json_object_get(json_object_get(root, "error"), "message")));
}

/* A question that passes the check makes a request of every API, or that API says it can't. */
static void ask_all(struct ctx *c, const struct llm_ask *ask)
{
    struct llm_account accounts[] = {{.key = "k"}, {.key = "k", .api = LLM_API_RESPONSES}};
    struct http_ask http;
    size_t all;
    const struct llm *const *llms = llm_all(&all);

    for (size_t i = 0; i < all; i++)
        for (size_t k = 0; llms[i]->ask != NULL && k < COUNT_OF(accounts); k++)
            if (llm_speaking(llms[i], &accounts[k])->ask(c, &accounts[k], ask, &http) != OK) {
                must(text_is(c->fault.code, "llm_cannot") ||
                     text_is(c->fault.code, "llm_no_message"));
                ctx_forgive(c);
            }
}

struct reading {
    struct ctx *c;
    const struct llm *reader;
    struct llm_stream stream;
};

static rc_t on_frame(void *arg, struct bytes event, struct bytes data)
{
    struct reading *r = arg;

    return r->reader->event(r->c, event, data, &r->stream);
}

static void same(const struct llm_answer *read, const struct llm_answer *given)
{
    must(text_is(read->text, given->text) && read->call_count == given->call_count);
}

/* Writes the answer whole and as a stream, and reads both. */
static void answer_again(struct ctx *c, const struct served *served, const struct llm *reader,
                         const struct served_ask *asked, const struct llm_answer *given)
{
    struct served_talk whole = {.asked = asked, .id = "a", .model = "m", .mem = c->mem},
                       flow = whole;
    struct buf body = buf_new(c->mem, MIB(64)), stream = buf_new(c->mem, MIB(64));
    struct http_answer http = {.status = 200, .retry_after_ms = -1};
    struct reading r = {.c = c, .reader = reader, .stream = llm_stream_new(c->mem)};
    struct frames f = frames_new(c->mem, LLM_SSE, LLM_FRAME_MAX);
    struct llm_answer read;

    served->whole(&whole, given, &body);
    http.body = buf_bytes(&body);
    must(!body.over && reader->answer(c, &http, &read) == OK);
    same(&read, given);
    served->end(&flow, given, &stream);
    must(!stream.over && frames_feed(&f, buf_bytes(&stream), on_frame, &r) == OK);
    must(frames_end(&f, on_frame, &r) == OK);
    must(llm_stream_finish(c, "m", &r.stream, &read) == OK);
    same(&read, given);
}

/* What an employee says, as the answer that it once was. */
static void as_answer(struct ctx *c, const struct served *served, const struct llm *reader,
                      const struct served_ask *asked, const struct llm_message *m)
{
    struct llm_part single;
    struct llm_answer a = {.stop = LLM_STOP_END};
    struct buf text = buf_new(c->mem, LLM_TEXT_MAX);

    a.parts = llm_parts(m, &single, &a.part_count);
    for (size_t i = 0; i < a.part_count; i++) {
        if (a.parts[i].kind == LLM_TEXT)
            buf_text(&text, a.parts[i].text);
        a.call_count += a.parts[i].kind == LLM_CALL;
        if (a.parts[i].kind == LLM_OPAQUE)
            return; /* the reader takes it only from who made it */
        if (a.parts[i].kind == LLM_CALL && strlen(a.parts[i].arguments) > LLM_ARGUMENTS_MAX)
            return;
    }
    a.text = buf_str(&text);
    a.stop = a.call_count > 0 ? LLM_STOP_CALLS : LLM_STOP_END;
    if (!text.over && a.part_count <= LLM_PARTS_MAX && (a.call_count > 0 || text.len > 0))
        answer_again(c, served, reader, asked, &a);
}

void served_feed(const struct served *served, const struct llm *reader, const uint8_t *data,
                 size_t len)
{
    struct ctx *c = ctx_new(MIB(512), NULL);
    struct served_ask asked;
    rc_t rc = served->read(c, (struct bytes){(const char *)data, len}, &asked);

    if (rc != OK) {
        served_feed_fault(c, rc);
    } else if (llm_check(c, &asked.ask) != OK) {
        served_feed_fault(c, c->fault.rc);
    } else {
        must(asked.ask.max_tokens > 0 && !text_blank(asked.ask.model));
        ask_all(c, &asked.ask);
        for (size_t i = 0; i < asked.ask.count; i++)
            if (asked.ask.messages[i].author == LLM_EMPLOYEE)
                as_answer(c, served, reader, &asked, &asked.ask.messages[i]);
    }
    ctx_end(c);
}
