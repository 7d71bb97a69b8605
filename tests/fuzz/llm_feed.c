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

static void check_answer(const struct llm_answer *a)
{
    must(a->text != NULL && text_utf8(bytes_of(a->text)) && strlen(a->text) <= LLM_BODY_MAX);
    must(a->model == NULL || text_utf8(bytes_of(a->model)));
    must(a->input_tokens >= 0 && a->output_tokens >= 0);
    must(a->cached_tokens >= 0 && a->cached_tokens <= a->input_tokens);
    must(a->counted == (a->input_tokens > 0 || a->output_tokens > 0));
}

static void check_fault(const struct ctx *c, rc_t rc)
{
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
        check_answer(&a);
    else
        check_fault(c, rc);
}

struct reading {
    struct ctx *c;
    const struct llm *llm;
    struct llm_stream stream;
};

static rc_t on_frame(void *arg, struct bytes event, struct bytes data)
{
    struct reading *r = arg;
    struct ctx *own = ctx_new(MIB(64), NULL);
    rc_t rc = r->llm->event(own, event, data, &r->stream);

    if (rc != OK)
        check_fault(own, rc);
    ctx_end(own);
    return rc;
}

static void feed_stream(struct ctx *c, const struct llm *llm, struct bytes bytes)
{
    struct reading r = {.c = c, .llm = llm, .stream = llm_stream_new(c->mem)};
    struct frames f = frames_new(c->mem, llm->framing, LLM_FRAME_MAX);

    if (frames_feed(&f, bytes, on_frame, &r) == OK && frames_end(&f, on_frame, &r) == OK) {
        struct llm_answer a = llm_stream_answer(&r.stream);

        check_answer(&a);
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
        else
            feed_whole(c, llm, statuses[data[0] % COUNT_OF(statuses)], rest);
    }
    ctx_end(c);
}
