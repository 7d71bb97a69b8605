/* See llm_feed.h. */
#include "llm_feed.h"

#include <stdlib.h>
#include <string.h>

#include "llm/frames.h"

static void must(bool good)
{
    if (!good)
        abort();
}

static void check_figures(const struct llm_answer *a)
{
    must(a->input_tokens >= 0 && a->output_tokens >= 0);
    must(a->cached_tokens >= 0 && a->cached_tokens <= a->input_tokens);
    must(a->cache_write_tokens >= 0 && a->cache_write_tokens <= a->input_tokens - a->cached_tokens);
    must(a->image_tokens >= 0 && a->image_tokens <= a->input_tokens);
    must(a->reasoning_tokens >= 0 && a->reasoning_tokens <= a->output_tokens);
    must(a->counted == (a->input_tokens > 0 || a->output_tokens > 0));
}

/*
 * Whatever was taken for an answer can be sent back: it passes the check of questions, and every
 * API makes a request of it.
 */
static void send_back(struct ctx *c, const struct llm_answer *a)
{
    struct llm_part results[LLM_CALLS_MAX];
    struct llm_message messages[] = {
        LLM_SAYS(LLM_PERSON, "x"),
        {.author = LLM_EMPLOYEE, .parts = a->parts, .part_count = a->part_count},
        {.author = LLM_PERSON, .parts = results}};
    struct llm_ask ask = {.model = "m", .messages = messages, .count = 2, .max_tokens = 9};
    struct llm_account accounts[] = {{.key = "k"}, {.key = "k", .api = LLM_API_RESPONSES}};
    struct http_ask http;
    size_t all;
    const struct llm *const *llms = llm_all(&all);

    for (size_t i = 0; i < a->part_count; i++)
        if (a->parts[i].kind == LLM_CALL)
            results[messages[2].part_count++] = (struct llm_part){.kind = LLM_RESULT,
                                                                  .call_id = a->parts[i].call_id};
    must(messages[2].part_count == a->call_count);
    ask.count += a->call_count > 0;
    must(llm_check(c, &ask) == OK);
    for (size_t i = 0; i < all; i++)
        for (size_t k = 0; llms[i]->ask != NULL && k < 2; k++)
            must(llm_speaking(llms[i], &accounts[k])->ask(c, &accounts[k], &ask, &http) == OK);
}

static void check_answer(struct ctx *c, const struct llm_answer *a)
{
    must(a->text != NULL && text_utf8(bytes_of(a->text)) && strlen(a->text) <= LLM_TEXT_MAX);
    must(a->model == NULL || text_utf8(bytes_of(a->model)));
    must(a->refusal == NULL || text_utf8(bytes_of(a->refusal)));
    must(a->part_count <= LLM_PARTS_MAX && a->call_count <= LLM_CALLS_MAX);
    must(a->call_count == 0 || !llm_refused(a));
    must(a->stop != LLM_STOP_CALLS || a->call_count > 0);
    check_figures(a);
    if (a->part_count > 0)
        send_back(c, a);
}

/* What a reader that failed leaves behind is looked at, too: its tokens are counted. */
static void check_fault(const struct ctx *c, rc_t rc, const struct llm_answer *a)
{
    must(a == NULL || a->part_count == 0 || a->parts != NULL);
    must(rc == E_UPSTREAM && c->fault.rc == rc);
    must(text_starts(c->fault.code, "llm_"));
    must(text_utf8(bytes_of(c->fault.detail)));
}

static void feed_whole(struct ctx *c, const struct llm *llm, int status, struct bytes body)
{
    struct http_answer http = {.status = status, .body = body, .retry_after_ms = -1};
    struct llm_answer a;
    rc_t rc = llm->answer(c, &http, &a);

    must(rc == OK ? status == 200 : true);
    if (rc == OK)
        check_answer(c, &a);
    else
        check_fault(c, rc, &a);
}

/* A list of the account's models: names that can be told apart by their blanks. */
static void feed_list(struct ctx *c, const struct llm *llm, struct bytes body)
{
    const struct http_answer http = {.status = 200, .body = body, .retry_after_ms = -1};
    const struct llm_account account = {.key = "k"};
    const char *names;
    rc_t rc = llm->listed(c, &account, &http, &names);

    if (rc != OK)
        check_fault(c, rc, NULL);
    else
        must(text_utf8(bytes_of(names)) && strlen(names) <= LLM_NAMES_MAX &&
             strpbrk(names, "\t\r\n") == NULL);
}

struct reading {
    struct ctx *c;
    const struct llm *llm;
    struct llm_stream stream;
    /* the same, without knowing any piece by the one before (llm/like.h) */
    struct llm_stream plain;
};

/* What comes of a piece that is known by the one before is what comes of it read as JSON. */
static void read_plain(struct reading *r, struct bytes event, struct bytes data, rc_t rc)
{
    struct ctx *own = ctx_new(MIB(64), NULL);

    r->plain.like.count = 0;
    must(r->llm->event(own, event, data, &r->plain) == rc);
    must(bytes_eq(buf_bytes(&r->stream.text), buf_bytes(&r->plain.text)));
    must(bytes_eq(buf_bytes(&r->stream.refusal), buf_bytes(&r->plain.refusal)));
    must(r->stream.block_count == r->plain.block_count && r->stream.ended == r->plain.ended);
    must(r->stream.so_far.input_tokens == r->plain.so_far.input_tokens);
    ctx_end(own);
}

static rc_t on_frame(void *arg, struct bytes event, struct bytes data)
{
    struct reading *r = arg;
    struct ctx *own = ctx_new(MIB(64), NULL);
    rc_t rc = r->llm->event(own, event, data, &r->stream);

    if (rc != OK)
        check_fault(own, rc, NULL);
    ctx_end(own);
    read_plain(r, event, data, rc);
    return rc;
}

static void feed_stream(struct ctx *c, const struct llm *llm, struct bytes bytes)
{
    struct reading r = {
        .c = c, .llm = llm, .stream = llm_stream_new(c->mem), .plain = llm_stream_new(c->mem)};
    struct frames f = frames_new(c->mem, llm->framing, LLM_FRAME_MAX);

    if (frames_feed(&f, bytes, on_frame, &r) == OK && frames_end(&f, on_frame, &r) == OK) {
        struct llm_answer a;
        rc_t rc = llm_stream_finish(c, llm->name, &r.stream, &a);

        check_figures(&a);
        if (rc == OK)
            check_answer(c, &a);
        else
            check_fault(c, rc, &a);
    }
}

void llm_feed(const struct llm *llm, const uint8_t *data, size_t len)
{
    static const int statuses[] = {200, 200, 400, 401, 404, 429, 500, 503};
    struct ctx *c = ctx_new(MIB(256), NULL);

    if (len > 0) {
        struct bytes rest = {(const char *)data + 1, len - 1};

        if (data[0] == 's')
            feed_stream(c, llm, rest);
        else if (data[0] == 'l' && llm->listed != NULL)
            feed_list(c, llm, rest);
        else
            feed_whole(c, llm, statuses[data[0] % COUNT_OF(statuses)], rest);
    }
    ctx_end(c);
}
