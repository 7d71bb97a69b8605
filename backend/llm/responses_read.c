/*
 * Answers of OpenAI's Responses, whole and streamed. A stream's text comes in pieces; calls and
 * thinking are taken from their finished items, and the pieces of a call's arguments must agree
 * with them.
 */
#include "llm/openai.h"

static rc_t broken(struct ctx *c, const char *what)
{
    return ctx_fail(c, E_UPSTREAM, "llm_broken", OPENAI ": %s", what);
}

static rc_t read_usage(struct ctx *c, const json_t *response, struct llm_answer *out)
{
    json_t *usage = NULL, *in = NULL, *made = NULL;

    TRY(vendor_object(c, OPENAI, response, "usage", &usage));
    TRY(vendor_count(c, OPENAI, usage, "input_tokens", &out->input_tokens));
    TRY(vendor_count(c, OPENAI, usage, "output_tokens", &out->output_tokens));
    TRY(vendor_object(c, OPENAI, usage, "input_tokens_details", &in));
    TRY(vendor_count(c, OPENAI, in, "cached_tokens", &out->cached_tokens));
    TRY(vendor_count(c, OPENAI, in, "cache_write_tokens", &out->cache_write_tokens));
    TRY(vendor_count(c, OPENAI, in, "image_tokens", &out->image_tokens));
    TRY(vendor_object(c, OPENAI, usage, "output_tokens_details", &made));
    TRY(vendor_count(c, OPENAI, made, "reasoning_tokens", &out->reasoning_tokens));
    vendor_settle(out);
    return OK;
}

/* The texts of a message; in a stream they came in pieces before. */
static rc_t read_message(struct ctx *c, const json_t *item, struct llm_stream *s)
{
    json_t *content = NULL, *part;
    size_t i;

    TRY(vendor_list(c, OPENAI, item, "content", &content));
    json_array_foreach(content, i, part)
    {
        const char *text = "", *refusal = "";

        if (!json_is_object(part))
            return broken(c, "a part of a message is not an object");
        TRY(vendor_text(c, OPENAI, part, "text", &text));
        TRY(vendor_text(c, OPENAI, part, "refusal", &refusal));
        TRY(gather_text(c, OPENAI, s, text));
        TRY(gather_refusal(c, OPENAI, s, refusal, false));
    }
    return OK;
}

static rc_t begin_call(struct ctx *c, const json_t *item, int64_t index, struct llm_stream *s,
                       struct llm_block **out)
{
    const char *id = NULL, *name = NULL;

    TRY(vendor_text(c, OPENAI, item, "call_id", &id));
    TRY(vendor_text(c, OPENAI, item, "name", &name));
    return gather_call(c, OPENAI, s, index, id, name, out);
}

static rc_t end_call(struct ctx *c, const json_t *item, int64_t index, struct llm_stream *s)
{
    struct llm_block *b = index < 0 ? NULL : gather_find(s, LLM_CALL, index);
    const char *arguments = NULL, *status = NULL;

    if (b == NULL)
        TRY(begin_call(c, item, index, s, &b));
    TRY(vendor_text(c, OPENAI, item, "arguments", &arguments));
    TRY(vendor_text(c, OPENAI, item, "status", &status));
    b->cut = text_is(status, "incomplete");
    if (arguments == NULL)
        return OK;
    if (b->content.len > 0 && !text_is(buf_str(&b->content), arguments))
        return b->cut ? OK : broken(c, "the arguments of a tool call differ from their pieces");
    b->content.len = 0;
    return gather_arguments(c, OPENAI, b, arguments);
}

/* Without its encrypted content a block of thinking is of no use to anybody but OpenAI's store. */
static rc_t keep_thinking(struct ctx *c, const json_t *item, struct llm_stream *s)
{
    const char *encrypted = NULL;
    struct llm_block *b;

    TRY(vendor_text(c, OPENAI, item, "encrypted_content", &encrypted));
    return text_blank(encrypted)
               ? OK
               : gather_opaque(c, OPENAI, s, -1, OPENAI_RESPONSES_OWNER, item, &b);
}

/* A finished item; of kinds that nobody asked for nothing is read. */
static rc_t read_item(struct ctx *c, const json_t *item, int64_t index, bool whole,
                      struct llm_stream *s)
{
    const char *type = NULL;

    if (!json_is_object(item))
        return broken(c, "an item is not an object");
    TRY(vendor_text(c, OPENAI, item, "type", &type));
    if (text_is(type, "message") && whole)
        return read_message(c, item, s);
    if (text_is(type, "function_call"))
        return end_call(c, item, index, s);
    return text_is(type, "reasoning") ? keep_thinking(c, item, s) : OK;
}

/* How and why the response ended, its names and figures. */
static rc_t read_end(struct ctx *c, const json_t *response, struct llm_stream *s)
{
    const char *status = NULL, *reason = NULL, *model = NULL, *id = NULL;
    const json_t *error = json_object_get(response, "error");
    json_t *details = NULL;

    if (error != NULL && !json_is_null(error))
        return vendor_fault(c, OPENAI, 200, error);
    TRY(vendor_text(c, OPENAI, response, "status", &status));
    TRY(vendor_object(c, OPENAI, response, "incomplete_details", &details));
    TRY(vendor_text(c, OPENAI, details, "reason", &reason));
    TRY(vendor_text(c, OPENAI, response, "model", &model));
    TRY(vendor_text(c, OPENAI, response, "id", &id));
    gather_name(s, &s->so_far.model, model);
    gather_name(s, &s->so_far.id, id);
    TRY(read_usage(c, response, &s->so_far));
    if (text_is(status, "completed"))
        gather_stop(s, LLM_STOP_END);
    else if (text_is(status, "incomplete"))
        gather_stop(s, text_is(reason, "content_filter") ? LLM_STOP_FILTERED : LLM_STOP_LENGTH);
    else
        return broken(c, "a response that neither completed nor says why");
    return OK;
}

static rc_t read_output(struct ctx *c, const json_t *response, struct llm_stream *s)
{
    json_t *output = NULL, *item;
    size_t i;

    TRY(vendor_list(c, OPENAI, response, "output", &output));
    if (output == NULL)
        return broken(c, "a response without its output");
    json_array_foreach(output, i, item) TRY(read_item(c, item, (int64_t)i, true, s));
    return OK;
}

rc_t responses_answer(struct ctx *c, const struct http_answer *http, struct llm_answer *out)
{
    struct llm_stream s = llm_stream_new(c->mem);
    json_t *root;

    *out = (struct llm_answer){.text = ""};
    if (http->status < 200 || http->status > 299)
        return vendor_refusal(c, OPENAI, http);
    TRY(vendor_json(c, OPENAI, http->body, &root));
    if (json_is_object(json_object_get(root, "error")))
        return vendor_refusal(c, OPENAI, http);
    TRY(read_output(c, root, &s));
    TRY(read_end(c, root, &s));
    s.so_far.request_id = http->request_id;
    return llm_stream_finish(c, OPENAI, &s, out);
}

static rc_t on_begin(struct ctx *c, const json_t *event, struct llm_stream *s)
{
    json_t *response = NULL;
    const char *model = NULL, *id = NULL;

    TRY(vendor_object(c, OPENAI, event, "response", &response));
    TRY(vendor_text(c, OPENAI, response, "model", &model));
    TRY(vendor_text(c, OPENAI, response, "id", &id));
    gather_name(s, &s->so_far.model, model);
    gather_name(s, &s->so_far.id, id);
    return OK;
}

static rc_t item_of(struct ctx *c, const json_t *event, json_t **item, int64_t *index)
{
    *item = NULL;
    *index = -1;
    TRY(vendor_object(c, OPENAI, event, "item", item));
    TRY(vendor_count(c, OPENAI, event, "output_index", index));
    return *item != NULL && *index >= 0 ? OK : broken(c, "an event without its item");
}

static rc_t on_item(struct ctx *c, const json_t *event, struct llm_stream *s)
{
    const char *type = NULL;
    struct llm_block *b;
    json_t *item;
    int64_t index;

    TRY(item_of(c, event, &item, &index));
    TRY(vendor_text(c, OPENAI, item, "type", &type));
    return text_is(type, "function_call") ? begin_call(c, item, index, s, &b) : OK;
}

static rc_t on_item_done(struct ctx *c, const json_t *event, struct llm_stream *s)
{
    json_t *item;
    int64_t index;

    TRY(item_of(c, event, &item, &index));
    return read_item(c, item, index, false, s);
}

static rc_t on_text(struct ctx *c, const json_t *event, struct llm_stream *s)
{
    const char *text = "";

    TRY(vendor_text(c, OPENAI, event, "delta", &text));
    return gather_text(c, OPENAI, s, text);
}

static rc_t on_refusal(struct ctx *c, const json_t *event, struct llm_stream *s)
{
    const char *text = "";

    TRY(vendor_text(c, OPENAI, event, "delta", &text));
    return gather_refusal(c, OPENAI, s, text, false);
}

static rc_t on_arguments(struct ctx *c, const json_t *event, struct llm_stream *s)
{
    const char *piece = "";
    int64_t index = -1;
    struct llm_block *b;

    TRY(vendor_text(c, OPENAI, event, "delta", &piece));
    TRY(vendor_count(c, OPENAI, event, "output_index", &index));
    b = gather_find(s, LLM_CALL, index);
    return b == NULL ? broken(c, "arguments of no tool call")
                     : gather_arguments(c, OPENAI, b, piece);
}

/* A stream that gave no piece and no item has them in its last event. */
static rc_t on_end(struct ctx *c, const json_t *event, struct llm_stream *s)
{
    json_t *response = NULL;

    TRY(vendor_object(c, OPENAI, event, "response", &response));
    if (response == NULL)
        return broken(c, "an end without its response");
    if (s->block_count == 0 && json_object_get(response, "output") != NULL)
        TRY(read_output(c, response, s));
    return read_end(c, response, s);
}

/* The fault stands in the event itself, or as elsewhere in a member of it. */
static rc_t on_error(struct ctx *c, const json_t *event, struct llm_stream *s)
{
    const json_t *error = json_object_get(event, "error");

    (void)s;
    return vendor_fault(c, OPENAI, 200, json_is_object(error) ? error : event);
}

static rc_t on_failed(struct ctx *c, const json_t *event, struct llm_stream *s)
{
    json_t *response = NULL;

    (void)s;
    TRY(vendor_object(c, OPENAI, event, "response", &response));
    return vendor_fault(c, OPENAI, 200, json_object_get(response, "error"));
}

/* All but the text is ignored in such an event. */
static bool says_text_only(const json_t *root, const char *type)
{
    return text_is(type, "response.output_text.delta") &&
           json_is_string(json_object_get(root, "delta"));
}

rc_t responses_event(struct ctx *c, struct bytes event, struct bytes data,
                     struct llm_stream *stream)
{
    static const struct {
        const char *type;
        rc_t (*read)(struct ctx *c, const json_t *event, struct llm_stream *s);
    } kinds[] = {
        {"response.created", on_begin},
        {"response.output_item.added", on_item},
        {"response.output_item.done", on_item_done},
        {"response.output_text.delta", on_text},
        {"response.refusal.delta", on_refusal},
        {"response.function_call_arguments.delta", on_arguments},
        {"response.completed", on_end},
        {"response.incomplete", on_end},
        {"response.failed", on_failed},
        {"error", on_error},
    };
    static const char *const varying[] = {"sequence_number", "obfuscation", NULL};
    const char *type = NULL;
    struct bytes text;
    json_t *root;

    if (bytes_is(data, "[DONE]"))
        return OK; /* some servers say it here, too; it ends nothing */
    if (like_read(&stream->like, c->mem, data, &text))
        return gather_bytes(c, OPENAI, stream, text);
    TRY(vendor_json(c, OPENAI, data, &root));
    TRY(vendor_text(c, OPENAI, root, "type", &type));
    if (type == NULL && (bytes_is(event, "error") || json_object_get(root, "error") != NULL))
        return on_error(c, root, stream);
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (text_is(type, kinds[i].type))
            TRY(kinds[i].read(c, root, stream));
    if (says_text_only(root, type))
        like_learn(&stream->like, data, "delta", varying);
    return OK;
}
