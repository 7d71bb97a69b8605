/* See llm_reading.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "llm/frames.h"
#include "llm_reading.h"
#include "llm_recorded.h"

static void told(const char *about)
{
    print_message("# %s\n", about);
}

static rc_t whole(struct ctx *c, const struct llm *llm, int status, struct bytes body,
                  struct llm_answer *out)
{
    struct http_answer http = {.status = status, .body = body, .retry_after_ms = -1};

    ctx_forgive(c);
    return llm->answer(c, &http, out);
}

static void check_figures(const struct llm_answer *a, const char *text, const char *model,
                          enum llm_stop stop, int64_t input, int64_t cached, int64_t output)
{
    assert_string_equal(a->text, text);
    if (model != NULL)
        assert_string_equal(a->model, model);
    else
        assert_null(a->model);
    assert_int_equal(a->stop, stop);
    assert_int_equal(a->input_tokens, input);
    assert_int_equal(a->cached_tokens, cached);
    assert_int_equal(a->output_tokens, output);
    assert_int_equal(a->counted, input > 0 || output > 0);
}

void llm_check_wholes(const struct llm *llm, const struct llm_whole *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct ctx *c = ctx_new(MIB(16), NULL);
        struct llm_answer a;
        rc_t rc = whole(c, llm, rows[i].status, bytes_of(rows[i].body), &a);

        told(rows[i].about);
        assert_int_equal(rc, rows[i].code == NULL ? OK : E_UPSTREAM);
        if (rows[i].code != NULL)
            assert_string_equal(c->fault.code, rows[i].code);
        else
            check_figures(&a, rows[i].text, rows[i].model, rows[i].stop, rows[i].input,
                          rows[i].cached, rows[i].output);
        ctx_end(c);
    }
}

static rc_t flow(struct recorded_stream *r, struct bytes bytes)
{
    struct frames f = frames_new(r->c->mem, r->llm->framing, LLM_FRAME_MAX);

    ctx_forgive(r->c);
    r->stream = llm_stream_new(r->c->mem);
    TRY(frames_feed(&f, bytes, recorded_event, r));
    return frames_end(&f, recorded_event, r);
}

void llm_check_flows(const struct llm *llm, const struct llm_flow *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct recorded_stream r = {.c = ctx_new(MIB(16), NULL), .llm = llm};
        rc_t rc = flow(&r, bytes_of(rows[i].bytes));
        struct llm_answer a = llm_stream_answer(&r.stream);

        told(rows[i].about);
        assert_int_equal(rc, rows[i].code == NULL ? OK : E_UPSTREAM);
        if (rows[i].code != NULL) {
            assert_string_equal(r.c->fault.code, rows[i].code);
        } else {
            assert_int_equal(!r.stream.ended, rows[i].torn);
            check_figures(&a, rows[i].text, rows[i].model, rows[i].stop, rows[i].input,
                          rows[i].cached, rows[i].output);
        }
        ctx_end(r.c);
    }
}

static const char *deep(struct ctx *c, size_t levels)
{
    char *text = arena_take(c->mem, levels * 2 + 1);

    memset(text, '[', levels);
    memset(text + levels, ']', levels);
    return text;
}

void llm_check_nonsense(const struct llm *llm)
{
    struct ctx *c = ctx_new(MIB(64), NULL);
    const char *const bodies[] = {
        "",
        " ",
        "null",
        "42",
        "\"text\"",
        "[]",
        "{}",
        "{",
        "{malformed json: <<<chaos>>>",
        "<html><body>502 Bad Gateway</body></html>",
        "{\"choices\":[]}",
        "{\"choices\":{}}",
        "{\"choices\":[7]}",
        "{\"choices\":[{}]}",
        "{\"choices\":[{\"message\":\"text\"}]}",
        "{\"choices\":[{\"message\":{\"content\":7}}]}",
        "{\"choices\":[{\"message\":{\"content\":{\"text\":\"x\"}}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"},\"finish_reason\":{}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"usage\":[]}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"usage\":{\"prompt_tokens\":\"9\"}}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"usage\":{\"prompt_tokens\":-1}}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"usage\":{\"prompt_tokens\":1.5}}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"usage\":{\"completion_tokens\":"
        "9000000000}}",
        "{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"model\":1}",
        "{\"content\":7}",
        "{\"content\":[{\"type\":7}]}",
        "{\"content\":[{\"type\":\"text\",\"text\":[]}]}",
        "{\"content\":[{\"type\":\"text\",\"text\":\"x\"}],\"usage\":{\"input_tokens\":null,"
        "\"output_tokens\":\"x\"}}",
        "{\"content\":[{\"type\":\"text\",\"text\":\"x\"}],\"stop_reason\":[]}",
        "{\"message\":\"x\"}",
        "{\"message\":{\"content\":[]},\"done\":true}",
        "{\"message\":{\"content\":\"x\"},\"eval_count\":{}}",
        "{\"message\":{\"content\":\"x\"},\"done_reason\":1}",
        "{\"choices\":[{\"message\":{\"content\":\"\xff\xfe\"}}]}",
        "{\"content\":[{\"type\":\"text\",\"text\":\"\xc3\"}]}",
        "{\"message\":{\"content\":\"\xed\xa0\x80\"}}",
        "{\"choices\":[{\"message\":{\"content\":\"a\\u0000b\"}}]}",
        "{\"message\":{\"content\":\"\\ud800\"}}",
        "{\"choices\":[],\"choices\":[{\"message\":{\"content\":\"twice\"}}]}",
        deep(c, 20000),
    };
    struct llm_answer a;

    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        told(bodies[i][0] == '[' ? "deeply nested" : bodies[i]);
        assert_int_equal(whole(c, llm, 200, bytes_of(bodies[i]), &a), E_UPSTREAM);
        assert_string_equal(c->fault.code, "llm_broken");
    }
    /* The same as a refusal: the status says what it is, whatever stands in the body. */
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        assert_int_equal(whole(c, llm, 500, bytes_of(bodies[i]), &a), E_UPSTREAM);
        assert_string_equal(c->fault.code, "llm_broken");
        assert_int_equal(whole(c, llm, 429, bytes_of(bodies[i]), &a), E_UPSTREAM);
        assert_string_equal(c->fault.code, "llm_rate_limited");
    }
    ctx_end(c);
}

void llm_check_truncated(const struct llm *llm, const char *whole_text, const char *flow_text)
{
    for (size_t len = 0; len < strlen(whole_text); len++) {
        struct ctx *c = ctx_new(MIB(16), NULL);
        struct llm_answer a;

        assert_int_equal(whole(c, llm, 200, (struct bytes){whole_text, len}, &a), E_UPSTREAM);
        assert_string_equal(c->fault.code, "llm_broken");
        ctx_end(c);
    }
    for (size_t len = 0; len < strlen(flow_text); len++) {
        struct recorded_stream r = {.c = ctx_new(MIB(16), NULL), .llm = llm};
        rc_t rc = flow(&r, (struct bytes){flow_text, len});
        struct recorded_stream all = {.c = r.c, .llm = llm};

        if (rc != OK)
            assert_string_equal(r.c->fault.code, "llm_broken");
        if (rc == OK && r.stream.ended) {
            const char *text = llm_stream_answer(&r.stream).text;

            assert_int_equal(flow(&all, bytes_of(flow_text)), OK);
            assert_string_equal(text, llm_stream_answer(&all.stream).text);
        }
        ctx_end(r.c);
    }
}
