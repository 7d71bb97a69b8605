/* Answers of Anthropic's messages API, whole and streamed. */
#include "base/shape.h"
#include "llm/anthropic.h"

static rc_t broken(struct ctx *c, const char *what)
{
    return ctx_fail(c, E_UPSTREAM, "llm_broken", ANTHROPIC ": %s", what);
}

/* Anthropic counts what it read from and wrote to its cache beside the rest of the input. */
static rc_t read_usage(struct ctx *c, const json_t *from, struct llm_answer *out)
{
    json_t *usage = NULL, *details = NULL;
    int64_t plain = 0, read = 0, written = 0;

    TRY(vendor_object(c, ANTHROPIC, from, "usage", &usage));
    TRY(vendor_count(c, ANTHROPIC, usage, "input_tokens", &plain));
    TRY(vendor_count(c, ANTHROPIC, usage, "cache_read_input_tokens", &read));
    TRY(vendor_count(c, ANTHROPIC, usage, "cache_creation_input_tokens", &written));
    TRY(vendor_count(c, ANTHROPIC, usage, "output_tokens", &out->output_tokens));
    TRY(vendor_object(c, ANTHROPIC, usage, "output_tokens_details", &details));
    TRY(vendor_count(c, ANTHROPIC, details, "thinking_tokens", &out->reasoning_tokens));
    /* At the end of a stream some servers repeat the input, others say the output only. */
    if (plain + read + written > 0) {
        out->input_tokens = plain + read + written;
        out->cached_tokens = read;
        out->cache_write_tokens = written;
    }
    vendor_settle(out);
    return OK;
}

static enum llm_stop stop_of(const char *reason)
{
    static const struct {
        const char *reason;
        enum llm_stop stop;
    } rows[] = {
        {"max_tokens", LLM_STOP_LENGTH},      {"model_context_window_exceeded", LLM_STOP_LENGTH},
        {"tool_use", LLM_STOP_CALLS},         {"refusal", LLM_STOP_REFUSED},
        {"stop_sequence", LLM_STOP_SEQUENCE}, {"pause_turn", LLM_STOP_PAUSED}};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (text_is(reason, rows[i].reason))
            return rows[i].stop;
    return LLM_STOP_END;
}

/* Thinking that was not signed to its end would be refused if it came back. */
static void drop_unsigned(struct llm_stream *s)
{
    for (size_t i = 0; i < s->block_count; i++) {
        struct llm_block *b = &s->blocks[i];

        if (b->kind == LLM_OPAQUE && text_is(b->id, "thinking"))
            b->cut = b->content.len > 0 || b->signature.len > 0 || !b->is_signed;
    }
}

/*
 * Why the answer ended; `from` holds the reason. A call at the very end of an answer that the limit
 * cut may be half of one, however whole its arguments look.
 */
static rc_t read_stop(struct ctx *c, const json_t *from, const char *reason, struct llm_stream *s)
{
    const char *words = "";
    json_t *details = NULL;
    struct llm_block *last = gather_last(s);

    TRY(vendor_object(c, ANTHROPIC, from, "stop_details", &details));
    TRY(vendor_text(c, ANTHROPIC, details, "explanation", &words));
    if (text_is(reason, "refusal"))
        TRY(gather_refusal(c, ANTHROPIC, s, words, s->text.len > 0));
    gather_stop(s, stop_of(reason));
    drop_unsigned(s);
    if (s->so_far.stop == LLM_STOP_LENGTH && last != NULL && last->kind == LLM_CALL)
        last->cut = true;
    return OK;
}

static rc_t read_names(struct ctx *c, const json_t *message, struct llm_stream *s)
{
    const char *model = NULL, *id = NULL;

    TRY(vendor_text(c, ANTHROPIC, message, "model", &model));
    TRY(vendor_text(c, ANTHROPIC, message, "id", &id));
    gather_name(s, &s->so_far.model, model);
    gather_name(s, &s->so_far.id, id);
    return OK;
}

static rc_t begin_thinking(struct ctx *c, const json_t *block, int64_t index, const char *type,
                           struct llm_stream *s)
{
    const char *thinking = NULL, *signature = NULL;
    struct llm_block *b;

    TRY(vendor_text(c, ANTHROPIC, block, "thinking", &thinking));
    TRY(vendor_text(c, ANTHROPIC, block, "signature", &signature));
    TRY(gather_opaque(c, ANTHROPIC, s, index, ANTHROPIC, block, &b));
    b->id = text_is(type, "thinking") ? "thinking" : NULL;
    b->is_signed = !text_blank(signature);
    return OK;
}

/*
 * A block, or the beginning of one; a call's input is whole here only when `whole`. Kinds that
 * nobody asked for are not for anybody.
 */
static rc_t read_block(struct ctx *c, const json_t *block, int64_t index, bool whole,
                       struct llm_stream *s)
{
    const char *type = NULL, *text = "", *id = NULL, *name = NULL;
    json_t *input = NULL;
    struct llm_block *b;

    if (!json_is_object(block))
        return broken(c, "a block is not an object");
    TRY(vendor_text(c, ANTHROPIC, block, "type", &type));
    if (text_is(type, "text")) {
        TRY(vendor_text(c, ANTHROPIC, block, "text", &text));
        return gather_text(c, ANTHROPIC, s, text);
    }
    if (text_is(type, "thinking") || text_is(type, "redacted_thinking"))
        return begin_thinking(c, block, index, type, s);
    if (!text_is(type, "tool_use"))
        return OK;
    TRY(vendor_text(c, ANTHROPIC, block, "id", &id));
    TRY(vendor_text(c, ANTHROPIC, block, "name", &name));
    TRY(vendor_object(c, ANTHROPIC, block, "input", &input));
    TRY(gather_call(c, ANTHROPIC, s, index, id, name, &b));
    if (input == NULL || (!whole && json_object_size(input) == 0))
        return OK;
    return gather_arguments(c, ANTHROPIC, b, vendor_compact(c->mem, input));
}

rc_t anthropic_answer(struct ctx *c, const struct http_answer *http, struct llm_answer *out)
{
    struct llm_stream s = llm_stream_new(c->mem);
    json_t *root, *blocks = NULL, *block;
    const char *reason = NULL;
    size_t i;

    *out = (struct llm_answer){.text = ""};
    if (http->status < 200 || http->status > 299)
        return vendor_refusal(c, ANTHROPIC, http);
    TRY(vendor_json(c, ANTHROPIC, http->body, &root));
    if (json_is_object(json_object_get(root, "error")))
        return vendor_refusal(c, ANTHROPIC, http);
    TRY(vendor_list(c, ANTHROPIC, root, "content", &blocks));
    if (blocks == NULL)
        return broken(c, "an answer without content");
    json_array_foreach(blocks, i, block) TRY(read_block(c, block, (int64_t)i, true, &s));
    TRY(vendor_text(c, ANTHROPIC, root, "stop_reason", &reason));
    TRY(read_names(c, root, &s));
    TRY(read_stop(c, root, reason, &s));
    TRY(read_usage(c, root, &s.so_far));
    s.so_far.request_id = http->request_id;
    return llm_stream_finish(c, ANTHROPIC, &s, out);
}

static rc_t on_start(struct ctx *c, const json_t *root, struct llm_stream *s)
{
    json_t *message = NULL;

    TRY(vendor_object(c, ANTHROPIC, root, "message", &message));
    TRY(read_names(c, message, s));
    return read_usage(c, message, &s->so_far);
}

static rc_t on_block(struct ctx *c, const json_t *root, struct llm_stream *s)
{
    json_t *block = NULL;
    int64_t index = -1;

    TRY(vendor_object(c, ANTHROPIC, root, "content_block", &block));
    TRY(vendor_count(c, ANTHROPIC, root, "index", &index));
    return read_block(c, block, index, false, s);
}

/* A piece of a call's input or of thinking, for the block of that index. */
static rc_t add_piece(struct ctx *c, const json_t *delta, int64_t index, const char *type,
                      struct llm_stream *s)
{
    bool is_input = text_is(type, "input_json_delta"), is_sign = text_is(type, "signature_delta");
    const char *key = is_input ? "partial_json" : (is_sign ? "signature" : "thinking");
    struct llm_block *b = gather_find(s, is_input ? LLM_CALL : LLM_OPAQUE, index);
    const char *piece = "";

    TRY(vendor_text(c, ANTHROPIC, delta, key, &piece));
    if (b == NULL)
        return is_input ? OK : broken(c, "a piece of thinking that did not begin");
    if (is_input)
        return gather_arguments(c, ANTHROPIC, b, piece);
    return gather_opaque_piece(c, ANTHROPIC, s, is_sign ? &b->signature : &b->content, piece);
}

static rc_t on_piece(struct ctx *c, const json_t *root, struct llm_stream *s)
{
    json_t *delta = NULL;
    const char *type = NULL, *text = "";
    int64_t index = -1;

    TRY(vendor_object(c, ANTHROPIC, root, "delta", &delta));
    TRY(vendor_text(c, ANTHROPIC, delta, "type", &type));
    TRY(vendor_count(c, ANTHROPIC, root, "index", &index));
    if (text_is(type, "text_delta")) {
        TRY(vendor_text(c, ANTHROPIC, delta, "text", &text));
        return gather_text(c, ANTHROPIC, s, text);
    }
    if (text_is(type, "input_json_delta") || text_is(type, "thinking_delta") ||
        text_is(type, "signature_delta"))
        return add_piece(c, delta, index, type, s);
    return OK;
}

static void set_joined(json_t *block, const char *key, struct buf *more)
{
    const char *begun = json_str(block, key);
    struct buf all = buf_new(more->mem, SIZE_MAX / 4);

    if (more->len == 0)
        return;
    buf_text(&all, begun == NULL ? "" : begun);
    buf_text(&all, buf_str(more));
    json_object_set_new(block, key, json_string(buf_str(&all)));
}

/* Thinking is complete: the block as it must go back, byte for byte in each of its texts. */
static rc_t on_block_end(struct ctx *c, const json_t *root, struct llm_stream *s)
{
    int64_t index = -1;
    struct llm_block *b;
    json_t *block;

    TRY(vendor_count(c, ANTHROPIC, root, "index", &index));
    b = gather_find(s, LLM_OPAQUE, index);
    if (b == NULL)
        return OK;
    TRY(json_parse(c, bytes_of(b->whole), &block));
    set_joined(block, "thinking", &b->content);
    set_joined(block, "signature", &b->signature);
    b->whole = json_text(s->text.mem, block);
    b->is_signed = !text_blank(json_str(block, "signature"));
    b->content.len = b->signature.len = 0;
    return OK;
}

static rc_t on_last(struct ctx *c, const json_t *root, struct llm_stream *s)
{
    json_t *delta = NULL;
    const char *reason = NULL;

    TRY(vendor_object(c, ANTHROPIC, root, "delta", &delta));
    TRY(vendor_text(c, ANTHROPIC, delta, "stop_reason", &reason));
    if (reason != NULL)
        TRY(read_stop(c, delta, reason, s));
    return read_usage(c, root, &s->so_far);
}

static rc_t on_end(struct ctx *c, const json_t *root, struct llm_stream *s)
{
    (void)c;
    (void)root;
    s->ended = true;
    return OK;
}

static rc_t on_error(struct ctx *c, const json_t *root, struct llm_stream *s)
{
    (void)s;
    return vendor_fault(c, ANTHROPIC, 200, json_object_get(root, "error"));
}

/* All but the text is ignored in such an event. */
static bool says_text_only(const json_t *root, const char *type)
{
    const json_t *delta = json_object_get(root, "delta");

    return text_is(type, "content_block_delta") && text_is(json_str(delta, "type"), "text_delta") &&
           json_str(delta, "text") != NULL;
}

/* New kinds of events may come at any time and are to be ignored, says the API's description. */
rc_t anthropic_event(struct ctx *c, struct bytes event, struct bytes data,
                     struct llm_stream *stream)
{
    static const struct {
        const char *type;
        rc_t (*read)(struct ctx *c, const json_t *root, struct llm_stream *s);
    } kinds[] = {
        {"message_start", on_start},
        {"content_block_start", on_block},
        {"content_block_delta", on_piece},
        {"content_block_stop", on_block_end},
        {"message_delta", on_last},
        {"message_stop", on_end},
        {"error", on_error},
    };
    static const char *const varying[] = {NULL};
    const char *type = NULL;
    struct bytes text;
    json_t *root;

    (void)event; /* the data names its type as well */
    if (like_read(&stream->like, c->mem, data, &text))
        return gather_bytes(c, ANTHROPIC, stream, text);
    TRY(vendor_json(c, ANTHROPIC, data, &root));
    TRY(vendor_text(c, ANTHROPIC, root, "type", &type));
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (text_is(type, kinds[i].type))
            TRY(kinds[i].read(c, root, stream));
    if (says_text_only(root, type))
        like_learn(&stream->like, data, "text", varying);
    return OK;
}
