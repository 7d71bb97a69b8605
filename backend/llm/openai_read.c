/*
 * Answers of chat completions, whole and streamed, from OpenAI and those that speak like it. Where
 * they differ, and it is known how, both ways are read; nothing is guessed.
 */
#include <string.h>

#include "base/shape.h"
#include "llm/openai.h"

#define PLAIN_THINKING (-2) /* the index of thinking that has none */
#define CLOSED (-3)         /* and of thinking that is complete */

static rc_t broken(struct ctx *c, const char *what)
{
    return ctx_fail(c, E_UPSTREAM, "llm_broken", OPENAI ": %s", what);
}

static rc_t read_usage(struct ctx *c, const json_t *root, struct llm_answer *out)
{
    json_t *usage = NULL, *in = NULL, *made = NULL;

    TRY(vendor_object(c, OPENAI, root, "usage", &usage));
    TRY(vendor_count(c, OPENAI, usage, "prompt_tokens", &out->input_tokens));
    TRY(vendor_count(c, OPENAI, usage, "completion_tokens", &out->output_tokens));
    TRY(vendor_count(c, OPENAI, usage, "prompt_cache_hit_tokens", &out->cached_tokens));
    TRY(vendor_object(c, OPENAI, usage, "prompt_tokens_details", &in));
    TRY(vendor_count(c, OPENAI, in, "cached_tokens", &out->cached_tokens));
    TRY(vendor_count(c, OPENAI, in, "cache_write_tokens", &out->cache_write_tokens));
    TRY(vendor_count(c, OPENAI, in, "image_tokens", &out->image_tokens));
    TRY(vendor_object(c, OPENAI, usage, "completion_tokens_details", &made));
    TRY(vendor_count(c, OPENAI, made, "reasoning_tokens", &out->reasoning_tokens));
    vendor_settle(out);
    return OK;
}

/*
 * vLLM says in a member of its own whether it stopped at one of the texts it was given; at a token
 * it is a number.
 */
static enum llm_stop stop_of(const char *reason, const json_t *choice)
{
    static const struct {
        const char *reason;
        enum llm_stop stop;
    } rows[] = {{"length", LLM_STOP_LENGTH},
                {"model_length", LLM_STOP_LENGTH},
                {"tool_calls", LLM_STOP_CALLS},
                {"function_call", LLM_STOP_CALLS},
                {"content_filter", LLM_STOP_FILTERED}};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (text_is(reason, rows[i].reason))
            return rows[i].stop;
    return json_is_string(json_object_get(choice, "stop_reason")) ? LLM_STOP_SEQUENCE
                                                                  : LLM_STOP_END;
}

/* The first choice; NULL when there is none. We ask for one only. */
static rc_t first_choice(struct ctx *c, const json_t *root, json_t **choice)
{
    json_t *choices = NULL;

    *choice = NULL;
    TRY(vendor_list(c, OPENAI, root, "choices", &choices));
    if (json_array_size(choices) == 0)
        return OK;
    *choice = json_array_get(choices, 0);
    return json_is_object(*choice) ? OK : broken(c, "a choice is not an object");
}

/* A call's members, as far as this piece has them. */
struct call_piece {
    int64_t index; /* -1: none */
    const char *id, *name, *arguments;
};

static rc_t read_call_piece(struct ctx *c, const json_t *call, struct call_piece *out)
{
    json_t *function = NULL;
    const char *type = NULL;

    *out = (struct call_piece){.index = -1, .arguments = ""};
    if (!json_is_object(call))
        return broken(c, "a tool call is not an object");
    TRY(vendor_count(c, OPENAI, call, "index", &out->index));
    TRY(vendor_text(c, OPENAI, call, "id", &out->id));
    TRY(vendor_text(c, OPENAI, call, "type", &type));
    TRY(vendor_object(c, OPENAI, call, "function", &function));
    TRY(vendor_text(c, OPENAI, function, "name", &out->name));
    TRY(vendor_text(c, OPENAI, function, "arguments", &out->arguments));
    return text_blank(type) || text_is(type, "function")
               ? OK
               : broken(c, "a tool call of a kind that was not asked for");
}

/*
 * The call that a piece goes on with, or NULL when it begins one. Pieces carry the index of their
 * call; some servers leave it out, and some give every call the same, but then a new id begins it.
 */
static struct llm_block *call_of(struct llm_stream *s, const struct call_piece *piece)
{
    struct llm_block *b = piece->index >= 0 ? gather_find(s, LLM_CALL, piece->index)
                                            : gather_last(s);

    if (b == NULL || b->kind != LLM_CALL)
        return NULL;
    return text_blank(piece->id) || text_is(piece->id, b->id) ? b : NULL;
}

static rc_t read_call(struct ctx *c, const json_t *call, bool whole, struct llm_stream *s)
{
    struct call_piece piece;
    struct llm_block *b;

    TRY(read_call_piece(c, call, &piece));
    b = whole ? NULL : call_of(s, &piece);
    if (b == NULL) {
        if (text_blank(piece.id))
            piece.id = vendor_made_id(c->mem, s->so_far.id, piece.name, piece.arguments,
                                      s->call_count);
        TRY(gather_call(c, OPENAI, s, piece.index, piece.id, piece.name, &b));
    } else if (!text_blank(piece.name) && !text_is(piece.name, b->name)) {
        return broken(c, "a tool call changes its tool");
    }
    return gather_arguments(c, OPENAI, b, piece.arguments);
}

static rc_t read_calls(struct ctx *c, const json_t *from, bool whole, struct llm_stream *s)
{
    json_t *list = NULL, *call;
    size_t i;

    TRY(vendor_list(c, OPENAI, from, "tool_calls", &list));
    json_array_foreach(list, i, call) TRY(read_call(c, call, whole, s));
    return OK;
}

/*
 * OpenRouter's thinking: a list of blocks that must go back beside the calls they led to. In a
 * stream one block comes in pieces of the same index.
 */
static rc_t read_detail(struct ctx *c, json_t *detail, struct llm_stream *s)
{
    const char *type = NULL, *text = NULL, *summary = NULL, *signature = NULL;
    int64_t index = 0;
    struct llm_block *b;

    if (!json_is_object(detail))
        return broken(c, "a piece of thinking is not an object");
    TRY(vendor_text(c, OPENAI, detail, "type", &type));
    TRY(vendor_text(c, OPENAI, detail, "text", &text));
    TRY(vendor_text(c, OPENAI, detail, "summary", &summary));
    TRY(vendor_text(c, OPENAI, detail, "signature", &signature));
    TRY(vendor_count(c, OPENAI, detail, "index", &index));
    b = gather_find(s, LLM_OPAQUE, index);
    if (b == NULL || !text_is(b->id, type) ||
        (text == NULL && summary == NULL && signature == NULL)) {
        TRY(gather_opaque(c, OPENAI, s, index, OPENAI_CHAT_OWNER, detail, &b));
        b->id = text_dup(s->text.mem, type);
        return OK;
    }
    if (text == NULL)
        text = summary == NULL ? "" : summary;
    TRY(gather_opaque_piece(c, OPENAI, s, &b->content, text));
    return gather_opaque_piece(c, OPENAI, s, &b->signature, signature == NULL ? "" : signature);
}

static rc_t read_thinking(struct ctx *c, const json_t *from, struct llm_stream *s)
{
    json_t *details = NULL, *detail;
    const char *plain = "";
    struct llm_block *b;
    size_t i;

    TRY(vendor_list(c, OPENAI, from, "reasoning_details", &details));
    TRY(vendor_text(c, OPENAI, from, "reasoning_content", &plain));
    json_array_foreach(details, i, detail) TRY(read_detail(c, detail, s));
    if (plain[0] == '\0')
        return OK;
    b = gather_find(s, LLM_OPAQUE, PLAIN_THINKING);
    if (b == NULL) {
        json_t *empty = json_object();
        rc_t rc = gather_opaque(c, OPENAI, s, PLAIN_THINKING, OPENAI_CHAT_OWNER, empty, &b);

        json_decref(empty);
        TRY(rc);
    }
    return gather_opaque_piece(c, OPENAI, s, &b->content, plain);
}

/* The member that a block's pieces belong to gets them behind what it began with. */
static void join(json_t *block, const char *key, struct buf *more)
{
    const json_t *old = json_object_get(block, key);
    struct buf all = buf_new(more->mem, SIZE_MAX / 4);

    if (more->len == 0)
        return;
    buf_text(&all, json_is_string(old) ? json_string_value(old) : "");
    buf_text(&all, buf_str(more));
    json_object_set_new(block, key, json_string(buf_str(&all)));
}

/*
 * Thinking as members of the message that it goes back with. Only a call needs it: elsewhere these
 * servers do not want it again.
 */
static rc_t close_thinking(struct ctx *c, struct llm_stream *s)
{
    for (size_t i = 0; i < s->block_count; i++) {
        struct llm_block *b = &s->blocks[i];
        json_t *block, *members;

        if (b->kind != LLM_OPAQUE || b->index == CLOSED)
            continue;
        b->cut = s->call_count == 0;
        TRY(json_parse(c, bytes_of(b->whole), &block));
        if (b->index == PLAIN_THINKING) {
            join(block, "reasoning_content", &b->content);
            members = json_incref(block);
        } else {
            join(block, json_object_get(block, "summary") != NULL ? "summary" : "text",
                 &b->content);
            join(block, "signature", &b->signature);
            members = json_pack("{s:[O]}", "reasoning_details", block);
        }
        b->whole = json_text(s->text.mem, members);
        b->index = CLOSED;
        json_decref(members);
    }
    return OK;
}

/*
 * One text; or, where models think aloud (Mistral's), a list of parts, of which the text is said.
 */
static rc_t read_content(struct ctx *c, const json_t *from, struct llm_stream *s)
{
    const json_t *content = json_object_get(from, "content"), *part;
    const char *text = "";
    size_t i;

    if (!json_is_array(content)) {
        TRY(vendor_text(c, OPENAI, from, "content", &text));
        return gather_text(c, OPENAI, s, text);
    }
    json_array_foreach(content, i, part)
    {
        const char *type = NULL, *said = "";

        if (!json_is_object(part))
            return broken(c, "a part of the content is not an object");
        TRY(vendor_text(c, OPENAI, part, "type", &type));
        if (!text_is(type, "text"))
            continue;
        TRY(vendor_text(c, OPENAI, part, "text", &said));
        TRY(gather_text(c, OPENAI, s, said));
    }
    return OK;
}

/* What a whole message and a piece of one have in common. */
static rc_t read_message(struct ctx *c, const json_t *from, bool whole, struct llm_stream *s)
{
    const char *refusal = "";

    TRY(vendor_text(c, OPENAI, from, "refusal", &refusal));
    TRY(read_thinking(c, from, s));
    TRY(read_content(c, from, s));
    TRY(gather_refusal(c, OPENAI, s, refusal, false));
    return read_calls(c, from, whole, s);
}

static rc_t read_names(struct ctx *c, const json_t *root, struct llm_stream *s)
{
    const char *model = NULL, *id = NULL;

    TRY(vendor_text(c, OPENAI, root, "model", &model));
    TRY(vendor_text(c, OPENAI, root, "id", &id));
    gather_name(s, &s->so_far.model, model);
    gather_name(s, &s->so_far.id, id);
    return OK;
}

/* The reason why the choice ended; OpenRouter puts a fault of whom it asked there as well. */
static rc_t read_end(struct ctx *c, const json_t *choice, bool must, struct llm_stream *s)
{
    const char *reason = NULL;
    const json_t *error = json_object_get(choice, "error");

    if (error != NULL && !json_is_null(error))
        return vendor_fault(c, OPENAI, 200, error);
    TRY(vendor_text(c, OPENAI, choice, "finish_reason", &reason));
    if (text_is(reason, "error"))
        return broken(c, "the model ended with an error");
    if (reason == NULL && !must)
        return OK;
    gather_stop(s, stop_of(reason, choice));
    return close_thinking(c, s);
}

rc_t openai_answer(struct ctx *c, const struct http_answer *http, struct llm_answer *out)
{
    struct llm_stream s = llm_stream_new(c->mem);
    json_t *root, *choice, *message = NULL;

    *out = (struct llm_answer){.text = ""};
    if (http->status < 200 || http->status > 299)
        return vendor_refusal(c, OPENAI, http);
    TRY(vendor_json(c, OPENAI, http->body, &root));
    if (json_is_object(json_object_get(root, "error")))
        return vendor_refusal(c, OPENAI, http);
    TRY(first_choice(c, root, &choice));
    TRY(vendor_object(c, OPENAI, choice, "message", &message));
    if (message == NULL)
        return broken(c, "an answer without a message");
    TRY(read_names(c, root, &s));
    TRY(read_message(c, message, true, &s));
    TRY(read_end(c, choice, true, &s));
    TRY(read_usage(c, root, &s.so_far));
    s.so_far.request_id = http->request_id;
    return llm_stream_finish(c, OPENAI, &s, out);
}

static rc_t read_delta(struct ctx *c, const json_t *choice, struct llm_stream *s)
{
    json_t *delta = NULL;

    TRY(vendor_object(c, OPENAI, choice, "delta", &delta));
    TRY(read_message(c, delta, false, s));
    /*
     * The figures come after the last piece, and some servers never send [DONE]: the text is
     * complete here.
     */
    return read_end(c, choice, false, s);
}

/*
 * The piece says nothing but its text. Of the names around it the first that came stay, and they
 * came at the latest with it. `obfuscation`, and `p` with Mistral, hide how long the text is; what
 * Azure's filter found counts where it ends the answer, which is said elsewhere.
 */
static bool says_text_only(const json_t *root)
{
    const json_t *choices = json_object_get(root, "choices"), *choice = json_array_get(choices, 0),
                 *delta = json_object_get(choice, "delta");

    return like_only(root, "id object created model system_fingerprint provider service_tier "
                           "obfuscation p choices") &&
           json_array_size(choices) == 1 &&
           like_only(choice, "index delta content_filter_results") &&
           like_only(delta, "role content") && json_is_string(json_object_get(delta, "content"));
}

rc_t openai_event(struct ctx *c, struct bytes event, struct bytes data, struct llm_stream *stream)
{
    static const char *const varying[] = {"obfuscation", "p", NULL};
    const bool is_error = bytes_is(event, "error");
    json_t *root, *choice;
    struct bytes text;

    if (bytes_is(data, "[DONE]")) {
        stream->ended = true;
        return close_thinking(c, stream);
    }
    if (!is_error && like_read(&stream->like, c->mem, data, &text))
        return gather_bytes(c, OPENAI, stream, text);
    TRY(vendor_json(c, OPENAI, data, &root));

    const json_t *error = json_object_get(root, "error");

    if (is_error || (error != NULL && !json_is_null(error)))
        return vendor_fault(c, OPENAI, 200, error == NULL ? root : error);
    TRY(read_names(c, root, stream));
    TRY(first_choice(c, root, &choice));
    if (choice != NULL)
        TRY(read_delta(c, choice, stream));
    TRY(read_usage(c, root, &stream->so_far));
    if (says_text_only(root))
        like_learn(&stream->like, data, "content", varying);
    return OK;
}
