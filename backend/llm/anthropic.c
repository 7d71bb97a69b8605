/*
 * Anthropic's messages API. The system text is marked for its prompt cache: it is the same in every
 * turn.
 */
#include "llm/vendor.h"

#define NAME "anthropic"
#define HOME "https://api.anthropic.com"
#define VERSION "2023-06-01"

/* The API wants authors in turns, a person first. Messages of one author in a row become one. */
static rc_t merge(struct ctx *c, const struct llm_ask *ask, json_t *list)
{
    struct buf text = buf_new(c->mem, SIZE_MAX / 2);
    enum llm_author author = LLM_PERSON;

    for (size_t i = 0; i <= ask->count; i++) {
        const struct llm_message *m = i < ask->count ? &ask->messages[i] : NULL;

        if (m != NULL && text_blank(m->text))
            continue;
        if (text.len > 0 && (m == NULL || m->author != author)) {
            if (!vendor_say(list, author == LLM_PERSON ? "user" : "assistant", buf_str(&text)))
                return ctx_fail(c, E_INVALID, "llm_bad_text", "a message is not valid UTF-8");
            text.len = 0;
        }
        if (m == NULL)
            break;
        if (m->author == LLM_EMPLOYEE && json_array_size(list) == 0 && text.len == 0)
            vendor_say(list, "user", "(Earlier messages are not shown.)");
        if (text.len > 0)
            buf_text(&text, "\n\n");
        buf_text(&text, m->text);
        author = m->author;
    }
    if (json_array_size(list) == 0)
        return ctx_fail(c, E_INVALID, "llm_no_message",
                        "the conversation has no message with text");
    return OK;
}

static rc_t anthropic_ask(struct ctx *c, const struct llm_account *account,
                          const struct llm_ask *ask, struct http_ask *out)
{
    const char *base = text_blank(account->base_url) ? HOME : account->base_url;
    json_t *body = json_pack("{s:s, s:I, s:[], s:b}", "model", ask->model, "max_tokens",
                             (json_int_t)ask->max_tokens, "messages", "stream", (int)ask->stream);

    TRY(vendor_body(c, body));
    if (!text_blank(ask->system)) {
        json_t *system = json_pack("[{s:s, s:s, s:{s:s}}]", "type", "text", "text", ask->system,
                                   "cache_control", "type", "ephemeral");

        if (json_object_set_new(body, "system", system) != 0)
            return ctx_fail(c, E_INVALID, "llm_bad_text", "the persona is not valid UTF-8");
    }
    TRY(merge(c, ask, json_object_get(body, "messages")));
    vendor_post(c, vendor_url(c, base, "/v1", true, "/messages"), body, out);
    http_header_add(out, "anthropic-version", VERSION);
    if (account->key != NULL)
        http_header_add(out, "x-api-key", account->key);
    return OK;
}

/* Anthropic counts what it read from and wrote to its cache beside the rest of the input. */
static rc_t read_usage(struct ctx *c, const json_t *from, struct llm_answer *out)
{
    json_t *usage = NULL;
    int64_t plain = 0, read = 0, written = 0;

    TRY(vendor_object(c, NAME, from, "usage", &usage));
    TRY(vendor_count(c, NAME, usage, "input_tokens", &plain));
    TRY(vendor_count(c, NAME, usage, "cache_read_input_tokens", &read));
    TRY(vendor_count(c, NAME, usage, "cache_creation_input_tokens", &written));
    TRY(vendor_count(c, NAME, usage, "output_tokens", &out->output_tokens));
    /* At the end of a stream some servers repeat the input, others say the output only. */
    if (plain + read + written > 0) {
        out->input_tokens = plain + read + written;
        out->cached_tokens = read;
    }
    vendor_settle(out);
    return OK;
}

static enum llm_stop stop_of(const char *reason)
{
    if (text_is(reason, "max_tokens") || text_is(reason, "model_context_window_exceeded"))
        return LLM_STOP_LENGTH;
    return text_is(reason, "refusal") ? LLM_STOP_REFUSED : LLM_STOP_END;
}

/* Joins the text blocks; thinking and other kinds are not for the person. */
static rc_t read_blocks(struct ctx *c, const json_t *root, struct llm_answer *out)
{
    struct llm_stream joined = llm_stream_new(c->mem);
    json_t *blocks = NULL, *block;
    size_t i;

    TRY(vendor_list(c, NAME, root, "content", &blocks));
    if (blocks == NULL)
        return ctx_fail(c, E_UPSTREAM, "llm_broken", NAME ": an answer without content");
    json_array_foreach(blocks, i, block)
    {
        const char *type = NULL, *text = NULL;

        TRY(vendor_text(c, NAME, block, "type", &type));
        if (!text_is(type, "text"))
            continue;
        TRY(vendor_text(c, NAME, block, "text", &text));
        TRY(vendor_add(c, NAME, &joined, text == NULL ? "" : text));
    }
    out->text = buf_str(&joined.text);
    return OK;
}

static rc_t anthropic_answer(struct ctx *c, const struct http_answer *http, struct llm_answer *out)
{
    json_t *root;
    const char *reason = NULL;

    *out = (struct llm_answer){.text = ""};
    if (http->status < 200 || http->status > 299)
        return vendor_refusal(c, NAME, http);
    TRY(vendor_json(c, NAME, http->body, &root));
    if (json_is_object(json_object_get(root, "error")))
        return vendor_refusal(c, NAME, http);
    TRY(read_blocks(c, root, out));
    TRY(vendor_text(c, NAME, root, "stop_reason", &reason));
    TRY(vendor_text(c, NAME, root, "model", &out->model));
    out->stop = stop_of(reason);
    return read_usage(c, root, out);
}

static rc_t on_start(struct ctx *c, const json_t *root, struct llm_stream *stream)
{
    json_t *message = NULL;
    const char *model = NULL;

    TRY(vendor_object(c, NAME, root, "message", &message));
    TRY(vendor_text(c, NAME, message, "model", &model));
    stream->so_far.model = text_dup(stream->text.mem, model);
    return read_usage(c, message, &stream->so_far);
}

static rc_t on_text(struct ctx *c, const json_t *root, struct llm_stream *stream)
{
    json_t *delta = NULL;
    const char *type = NULL, *text = "";

    TRY(vendor_object(c, NAME, root, "delta", &delta));
    TRY(vendor_text(c, NAME, delta, "type", &type));
    if (!text_is(type, "text_delta"))
        return OK;
    TRY(vendor_text(c, NAME, delta, "text", &text));
    return vendor_add(c, NAME, stream, text);
}

static rc_t on_last(struct ctx *c, const json_t *root, struct llm_stream *stream)
{
    json_t *delta = NULL;
    const char *reason = NULL;

    TRY(vendor_object(c, NAME, root, "delta", &delta));
    TRY(vendor_text(c, NAME, delta, "stop_reason", &reason));
    if (reason != NULL) {
        stream->so_far.stop = stop_of(reason);
        stream->ended = true;
    }
    return read_usage(c, root, &stream->so_far);
}

static rc_t on_end(struct ctx *c, const json_t *root, struct llm_stream *stream)
{
    (void)c;
    (void)root;
    stream->ended = true;
    return OK;
}

static rc_t on_error(struct ctx *c, const json_t *root, struct llm_stream *stream)
{
    (void)stream;
    return vendor_fault(c, NAME, 200, json_object_get(root, "error"));
}

/* New kinds of events may come at any time and are to be ignored, says the API's description. */
static rc_t anthropic_event(struct ctx *c, struct bytes event, struct bytes data,
                            struct llm_stream *stream)
{
    static const struct {
        const char *type;
        rc_t (*read)(struct ctx *c, const json_t *root, struct llm_stream *stream);
    } kinds[] = {
        {"message_start", on_start}, {"content_block_delta", on_text},
        {"message_delta", on_last},  {"message_stop", on_end},
        {"error", on_error},
    };
    const char *type = NULL;
    json_t *root;

    (void)event; /* the data names its type as well */
    TRY(vendor_json(c, NAME, data, &root));
    TRY(vendor_text(c, NAME, root, "type", &type));
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (text_is(type, kinds[i].type))
            return kinds[i].read(c, root, stream);
    return OK;
}

const struct llm llm_anthropic = {
    .name = NAME,
    .default_url = HOME,
    .can = LLM_CAN_STREAM,
    .framing = LLM_SSE,
    .needs_key = true,
    .ask = anthropic_ask,
    .answer = anthropic_answer,
    .event = anthropic_event,
};
