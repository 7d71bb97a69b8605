/*
 * OpenAI's chat completions, which nearly all others speak as well: any base address will do (vLLM,
 * Ollama, LM Studio, Azure's v1 API, gateways, an own endpoint).
 */
#include <string.h>

#include "llm/vendor.h"

#define NAME "openai"
#define HOME "https://api.openai.com/v1"

static rc_t openai_ask(struct ctx *c, const struct llm_account *account, const struct llm_ask *ask,
                       struct http_ask *out)
{
    const char *base = text_blank(account->base_url) ? HOME : account->base_url;
    /*
     * OpenAI's newer models refuse the old name of the limit; many servers that follow OpenAI know
     * only that one.
     */
    const char *limit = strstr(base, "://api.openai.com") != NULL ? "max_completion_tokens"
                                                                  : "max_tokens";
    json_t *body = json_pack("{s:s, s:[], s:I, s:b}", "model", ask->model, "messages", limit,
                             (json_int_t)ask->max_tokens, "stream", (int)ask->stream);
    json_t *messages = json_object_get(body, "messages");

    TRY(vendor_body(c, body));
    if (ask->stream)
        json_object_set_new(body, "stream_options", json_pack("{s:b}", "include_usage", 1));
    if (!text_blank(ask->system) && !vendor_say(messages, "system", ask->system))
        return ctx_fail(c, E_INVALID, "llm_bad_text", "the persona is not valid UTF-8");
    TRY(vendor_messages(c, ask, messages));
    vendor_post(c, vendor_url(c, base, "/v1", false, "/chat/completions"), body, out);
    if (account->key != NULL)
        http_header_add(out, "Authorization", text_printf(c->mem, "Bearer %s", account->key));
    return OK;
}

static rc_t read_usage(struct ctx *c, const json_t *root, struct llm_answer *out)
{
    json_t *usage = NULL, *details = NULL;

    TRY(vendor_object(c, NAME, root, "usage", &usage));
    TRY(vendor_count(c, NAME, usage, "prompt_tokens", &out->input_tokens));
    TRY(vendor_count(c, NAME, usage, "completion_tokens", &out->output_tokens));
    TRY(vendor_object(c, NAME, usage, "prompt_tokens_details", &details));
    TRY(vendor_count(c, NAME, details, "cached_tokens", &out->cached_tokens));
    vendor_settle(out);
    return OK;
}

static enum llm_stop stop_of(const char *reason)
{
    if (text_is(reason, "length"))
        return LLM_STOP_LENGTH;
    return text_is(reason, "content_filter") ? LLM_STOP_REFUSED : LLM_STOP_END;
}

/* The first choice; NULL when there is none. We ask for one only. */
static rc_t first_choice(struct ctx *c, const json_t *root, json_t **choice)
{
    json_t *choices = NULL;

    *choice = NULL;
    TRY(vendor_list(c, NAME, root, "choices", &choices));
    if (json_array_size(choices) == 0)
        return OK;
    *choice = json_array_get(choices, 0);
    if (!json_is_object(*choice))
        return ctx_fail(c, E_UPSTREAM, "llm_broken", NAME ": a choice is not an object");
    return OK;
}

static rc_t openai_answer(struct ctx *c, const struct http_answer *http, struct llm_answer *out)
{
    json_t *root, *choice, *message = NULL;
    const char *reason = NULL, *refusal = NULL;

    *out = (struct llm_answer){.text = ""};
    if (http->status < 200 || http->status > 299)
        return vendor_refusal(c, NAME, http);
    TRY(vendor_json(c, NAME, http->body, &root));
    if (json_is_object(json_object_get(root, "error")))
        return vendor_refusal(c, NAME, http);
    TRY(first_choice(c, root, &choice));
    TRY(vendor_object(c, NAME, choice, "message", &message));
    if (message == NULL)
        return ctx_fail(c, E_UPSTREAM, "llm_broken", NAME ": an answer without a message");
    TRY(vendor_text(c, NAME, message, "content", &out->text));
    TRY(vendor_text(c, NAME, message, "refusal", &refusal));
    TRY(vendor_text(c, NAME, choice, "finish_reason", &reason));
    TRY(vendor_text(c, NAME, root, "model", &out->model));
    out->stop = stop_of(reason);
    if (!text_blank(refusal)) {
        out->text = refusal;
        out->stop = LLM_STOP_REFUSED;
    }
    return read_usage(c, root, out);
}

static rc_t read_delta(struct ctx *c, const json_t *choice, struct llm_stream *stream)
{
    json_t *delta = NULL;
    const char *text = "", *refusal = "", *reason = NULL;

    TRY(vendor_object(c, NAME, choice, "delta", &delta));
    TRY(vendor_text(c, NAME, delta, "content", &text));
    TRY(vendor_text(c, NAME, delta, "refusal", &refusal));
    TRY(vendor_text(c, NAME, choice, "finish_reason", &reason));
    TRY(vendor_add(c, NAME, stream, text));
    TRY(vendor_add(c, NAME, stream, refusal));
    if (reason != NULL && stream->so_far.stop != LLM_STOP_REFUSED)
        stream->so_far.stop = stop_of(reason);
    if (refusal[0] != '\0')
        stream->so_far.stop = LLM_STOP_REFUSED;
    /*
     * The figures come after the last piece, and some servers never send [DONE]: the text is
     * complete here.
     */
    stream->ended = stream->ended || reason != NULL;
    return OK;
}

static rc_t openai_event(struct ctx *c, struct bytes event, struct bytes data,
                         struct llm_stream *stream)
{
    json_t *root, *choice;
    const char *model = NULL;

    if (bytes_is(data, "[DONE]")) {
        stream->ended = true;
        return OK;
    }
    TRY(vendor_json(c, NAME, data, &root));

    const json_t *error = json_object_get(root, "error");

    if (bytes_is(event, "error") || (error != NULL && !json_is_null(error)))
        return vendor_fault(c, NAME, 200, error == NULL ? root : error);
    TRY(first_choice(c, root, &choice));
    if (choice != NULL)
        TRY(read_delta(c, choice, stream));
    TRY(vendor_text(c, NAME, root, "model", &model));
    if (stream->so_far.model == NULL)
        stream->so_far.model = text_dup(stream->text.mem, model);
    return read_usage(c, root, &stream->so_far);
}

const struct llm llm_openai = {
    .name = NAME,
    .default_url = HOME,
    .can = LLM_CAN_STREAM,
    .framing = LLM_SSE,
    .needs_key = true,
    .ask = openai_ask,
    .answer = openai_answer,
    .event = openai_event,
};
