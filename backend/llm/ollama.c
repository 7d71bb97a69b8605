/* Ollama's own API. A stream is one JSON object a line. */
#include "llm/vendor.h"

#define NAME "ollama"
#define HOME "http://127.0.0.1:11434"

/*
 * The window to ask for. Left alone, Ollama takes a small one and drops the start of what does not
 * fit, the persona first, without a word. Powers of two, because each new size loads the model
 * again.
 */
static int64_t window(const struct llm_ask *ask)
{
    int64_t need = llm_estimate_ask(ask) * 5 / 4 + ask->max_tokens, size = 4096;

    while (size < need && size < 131072)
        size *= 2;
    return size;
}

static rc_t ollama_ask(struct ctx *c, const struct llm_account *account, const struct llm_ask *ask,
                       struct http_ask *out)
{
    const char *base = text_blank(account->base_url) ? HOME : account->base_url;
    json_t *body = json_pack("{s:s, s:[], s:b, s:{s:I, s:I}}", "model", ask->model, "messages",
                             "stream", (int)ask->stream, "options", "num_predict",
                             (json_int_t)ask->max_tokens, "num_ctx", (json_int_t)window(ask));
    json_t *messages = json_object_get(body, "messages");

    TRY(vendor_body(c, body));
    if (!text_blank(ask->system) && !vendor_say(messages, "system", ask->system))
        return ctx_fail(c, E_INVALID, "llm_bad_text", "the persona is not valid UTF-8");
    TRY(vendor_messages(c, ask, messages));
    vendor_post(c, vendor_url(c, base, "/api", true, "/chat"), body, out);
    if (account->key != NULL)
        http_header_add(out, "Authorization", text_printf(c->mem, "Bearer %s", account->key));
    return OK;
}

/*
 * What the whole answer and the last line of a stream have in common. A cached prompt is not
 * counted by Ollama.
 */
static rc_t read_end(struct ctx *c, const json_t *root, struct llm_answer *out)
{
    const char *reason = NULL;

    TRY(vendor_text(c, NAME, root, "done_reason", &reason));
    TRY(vendor_count(c, NAME, root, "prompt_eval_count", &out->input_tokens));
    TRY(vendor_count(c, NAME, root, "eval_count", &out->output_tokens));
    out->stop = text_is(reason, "length") ? LLM_STOP_LENGTH : LLM_STOP_END;
    vendor_settle(out);
    return OK;
}

static rc_t read_text(struct ctx *c, const json_t *root, const char **text)
{
    json_t *message = NULL;

    TRY(vendor_object(c, NAME, root, "message", &message));
    return vendor_text(c, NAME, message, "content", text);
}

static rc_t ollama_answer(struct ctx *c, const struct http_answer *http, struct llm_answer *out)
{
    json_t *root;

    *out = (struct llm_answer){.text = ""};
    if (http->status < 200 || http->status > 299)
        return vendor_refusal(c, NAME, http);
    TRY(vendor_json(c, NAME, http->body, &root));
    if (json_object_get(root, "error") != NULL)
        return vendor_refusal(c, NAME, http);
    if (!json_is_object(json_object_get(root, "message")))
        return ctx_fail(c, E_UPSTREAM, "llm_broken", NAME ": an answer without a message");
    TRY(read_text(c, root, &out->text));
    TRY(vendor_text(c, NAME, root, "model", &out->model));
    return read_end(c, root, out);
}

static rc_t ollama_event(struct ctx *c, struct bytes event, struct bytes data,
                         struct llm_stream *stream)
{
    json_t *root;
    const char *text = "", *model = NULL;

    (void)event;
    TRY(vendor_json(c, NAME, data, &root));
    if (json_object_get(root, "error") != NULL)
        return vendor_fault(c, NAME, 200, json_object_get(root, "error"));
    TRY(read_text(c, root, &text));
    TRY(vendor_add(c, NAME, stream, text));
    TRY(vendor_text(c, NAME, root, "model", &model));
    if (stream->so_far.model == NULL)
        stream->so_far.model = text_dup(stream->text.mem, model);
    if (!json_is_true(json_object_get(root, "done")))
        return OK;
    stream->ended = true;
    return read_end(c, root, &stream->so_far);
}

const struct llm llm_ollama = {
    .name = NAME,
    .default_url = HOME,
    .can = LLM_CAN_STREAM,
    .framing = LLM_LINES,
    .needs_key = false,
    .ask = ollama_ask,
    .answer = ollama_answer,
    .event = ollama_event,
};
