/* See llm_recorded.h. */
#include "llm_recorded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "base/shape.h"
#include "llm/frames.h"

#define FILE_MAX MIB(1)

const struct llm *recorded_api(const char *folder)
{
    struct llm_account responses = {.api = LLM_API_RESPONSES};
    const struct llm *llm = text_is(folder, "responses")
                                ? llm_speaking(llm_find("openai"), &responses)
                                : llm_find(folder);

    assert_non_null(llm);
    return llm;
}

struct bytes recorded_file(struct ctx *c, const char *path)
{
    FILE *file = fopen(text_printf(c->mem, "tests/unit/recordings/%s", path), "r");
    char *bytes = arena_take(c->mem, FILE_MAX + 1);

    assert_non_null(file);

    size_t len = fread(bytes, 1, FILE_MAX, file);

    fclose(file);
    assert_in_range(len, 1, FILE_MAX - 1);
    return (struct bytes){bytes, len};
}

rc_t recorded_event(void *stream, struct bytes event, struct bytes data)
{
    struct recorded_stream *r = stream;
    struct ctx *own = ctx_new(MIB(32), NULL);
    rc_t rc = r->llm->event(own, event, data, &r->stream);

    if (rc != OK)
        rc = ctx_fail(r->c, rc, own->fault.code, "%s", own->fault.detail);
    ctx_end(own);
    return rc;
}

rc_t recorded_read(struct ctx *c, const struct llm *llm, const char *path, struct bytes bytes,
                   int status, size_t step, struct llm_answer *out)
{
    struct recorded_stream r = {.c = c, .llm = llm, .stream = llm_stream_new(c->mem)};
    struct frames f = frames_new(c->mem, llm->framing, LLM_FRAME_MAX);
    struct http_answer http = {
        .status = status, .body = bytes, .retry_after_ms = -1, .request_id = "req-1"};

    *out = (struct llm_answer){.text = ""};
    if (strstr(path, ".json") != NULL)
        return llm->answer(c, &http, out);
    for (size_t at = 0; at < bytes.len; at += step) {
        size_t len = bytes.len - at < step ? bytes.len - at : step;

        TRY(frames_feed(&f, (struct bytes){bytes.data + at, len}, recorded_event, &r));
    }
    TRY(frames_end(&f, recorded_event, &r));
    return llm_stream_finish(c, llm->name, &r.stream, out);
}

static void set_text(json_t *o, const char *key, const char *value)
{
    if (value != NULL)
        json_object_set_new(o, key, json_string(value));
}

static void set_count(json_t *o, const char *key, int64_t value)
{
    if (value != 0)
        json_object_set_new(o, key, json_integer(value));
}

static json_t *part_json(const struct llm_part *p)
{
    static const char *const kinds[] = {"text", "image", "call", "result", "opaque"};
    json_t *o = json_pack("{s:s}", "kind", kinds[p->kind]);

    set_text(o, "text", p->text);
    set_text(o, "id", p->call_id);
    set_text(o, "tool", p->tool);
    set_text(o, "arguments", p->arguments);
    set_text(o, "owner", p->owner);
    if (p->block != NULL)
        json_object_set_new(o, "block", json_loads(p->block, 0, NULL));
    return o;
}

static json_t *answer_json(const struct llm_answer *a)
{
    static const char *const stops[] = {"end",      "length",   "refused", "calls",
                                        "filtered", "sequence", "paused"};
    json_t *o = json_pack("{s:s, s:s, s:[]}", "stop", stops[a->stop], "text", a->text, "parts");

    for (size_t i = 0; i < a->part_count; i++)
        json_array_append_new(json_object_get(o, "parts"), part_json(&a->parts[i]));
    set_text(o, "model", a->model);
    set_text(o, "id", a->id);
    set_text(o, "refusal", a->refusal);
    set_count(o, "calls", (int64_t)a->call_count);
    set_count(o, "cut_calls", (int64_t)a->cut_calls);
    set_count(o, "input", a->input_tokens);
    set_count(o, "cached", a->cached_tokens);
    set_count(o, "cache_write", a->cache_write_tokens);
    set_count(o, "images", a->image_tokens);
    set_count(o, "output", a->output_tokens);
    set_count(o, "reasoning", a->reasoning_tokens);
    assert_int_equal(a->counted, a->input_tokens > 0 || a->output_tokens > 0);
    return o;
}

json_t *recorded_json(const struct ctx *c, rc_t rc, const struct llm_answer *answer)
{
    if (rc == OK)
        return answer_json(answer);
    assert_int_equal(rc, E_UPSTREAM);
    return json_pack("{s:s}", "fault", c->fault.code);
}
