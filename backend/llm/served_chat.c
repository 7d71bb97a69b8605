/* Chat completions toward a program: whole answers, and streams of chunks. */
#include "llm/served_chat.h"

#include "llm/served_parts.h"

/* `said`: the refusal's words went into the member that is for them, which tells it well enough. */
static const char *finish_reason(enum llm_stop stop, bool said)
{
    switch (stop) {
    case LLM_STOP_LENGTH:
    case LLM_STOP_PAUSED: /* not at its end, and nobody goes on */
        return "length";
    case LLM_STOP_CALLS:
        return "tool_calls";
    case LLM_STOP_FILTERED:
        return "content_filter";
    case LLM_STOP_REFUSED:
        return said ? "stop" : "content_filter";
    case LLM_STOP_END:
    case LLM_STOP_SEQUENCE:
        break;
    }
    return "stop";
}

static void field(struct buf *out, const char *name, int64_t number)
{
    buf_text(out, name);
    buf_number(out, number);
}

static void usage(const struct llm_answer *a, struct buf *out)
{
    field(out, "\"usage\":{\"prompt_tokens\":", a->input_tokens);
    field(out, ",\"completion_tokens\":", a->output_tokens);
    field(out, ",\"total_tokens\":", a->input_tokens + a->output_tokens);
    field(out, ",\"prompt_tokens_details\":{\"cached_tokens\":", a->cached_tokens);
    field(out, ",\"audio_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":",
          a->reasoning_tokens);
    buf_text(out, ",\"audio_tokens\":0,\"accepted_prediction_tokens\":0,"
                  "\"rejected_prediction_tokens\":0}}");
}

/* What each body and each chunk begins with. */
static void beginning(const struct served_talk *t, const char *object, struct buf *out)
{
    buf_text(out, "{\"id\":\"chatcmpl-");
    buf_text(out, t->id);
    buf_text(out, "\",\"object\":\"");
    buf_text(out, object);
    field(out, "\",\"created\":", t->created);
    buf_text(out, ",\"model\":");
    served_string(out, t->model);
    buf_text(out, ",\"choices\":[");
}

static void one_call(const struct llm_part *p, struct buf *out)
{
    buf_text(out, "\"id\":");
    served_string(out, p->call_id);
    buf_text(out, ",\"type\":\"function\",\"function\":{\"name\":");
    served_string(out, p->tool);
    buf_text(out, ",\"arguments\":");
    served_string(out, p->arguments);
    buf_text(out, "}}");
}

static void calls(const struct llm_answer *a, struct buf *out)
{
    const char *before = ",\"tool_calls\":[{";

    for (size_t i = 0; i < a->part_count; i++) {
        if (a->parts[i].kind != LLM_CALL)
            continue;
        buf_text(out, before);
        one_call(&a->parts[i], out);
        before = ",{";
    }
    if (before[1] == '{')
        buf_char(out, ']');
}

static void whole(struct served_talk *t, const struct llm_answer *a, struct buf *out)
{
    const char *refusal = served_only_refusal(a);
    bool silent = refusal != NULL || (a->text[0] == '\0' && a->call_count > 0);

    beginning(t, "chat.completion", out);
    buf_text(out, "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":");
    served_string(out, silent ? NULL : a->text);
    buf_text(out, ",\"refusal\":");
    served_string(out, refusal);
    buf_text(out, ",\"annotations\":[]");
    calls(a, out);
    buf_text(out, "},\"logprobs\":null,\"finish_reason\":\"");
    buf_text(out, finish_reason(a->stop, refusal != NULL));
    buf_text(out, "\"}],");
    usage(a, out);
    buf_char(out, '}');
}

/* A chunk up to its delta's members, and from there to its end. */
static void open_chunk(const struct served_talk *t, struct buf *out)
{
    buf_add(out, t->head.data, t->head.len);
    buf_text(out, "{\"index\":0,\"delta\":{");
}

static void close_chunk(const struct served_talk *t, const char *reason, struct buf *out)
{
    buf_text(out, "},\"logprobs\":null,\"finish_reason\":");
    served_string(out, reason);
    buf_text(out, t->asked->usage ? "}],\"usage\":null}\n\n" : "}]}\n\n");
}

static void begin(struct served_talk *t, struct buf *out)
{
    t->begun = true;
    t->head = buf_new(t->mem, KIB(4));
    buf_text(&t->head, "data: ");
    beginning(t, "chat.completion.chunk", &t->head);
    open_chunk(t, out);
    buf_text(out, "\"role\":\"assistant\",\"content\":\"\",\"refusal\":null");
    close_chunk(t, NULL, out);
}

static void piece_of(struct served_talk *t, const char *member, struct bytes piece, struct buf *out)
{
    t->sent += piece.len;
    open_chunk(t, out);
    buf_text(out, member);
    buf_json(out, piece);
    buf_char(out, '"');
    close_chunk(t, NULL, out);
}

static void text(struct served_talk *t, struct bytes piece, struct buf *out)
{
    if (piece.len > 0)
        piece_of(t, "\"content\":\"", piece, out);
}

/* Calls come whole, so each is one chunk. */
static void call_chunks(struct served_talk *t, const struct llm_answer *a, struct buf *out)
{
    int64_t number = 0;

    for (size_t i = 0; i < a->part_count; i++) {
        if (a->parts[i].kind != LLM_CALL)
            continue;
        open_chunk(t, out);
        field(out, "\"tool_calls\":[{\"index\":", number++);
        buf_char(out, ',');
        one_call(&a->parts[i], out);
        buf_char(out, ']');
        close_chunk(t, NULL, out);
    }
}

static void end(struct served_talk *t, const struct llm_answer *a, struct buf *out)
{
    /* What was streamed went out as content: nobody knew yet that it was a refusal. */
    const char *refusal = t->sent == 0 ? served_only_refusal(a) : NULL;

    if (!t->begun)
        begin(t, out);
    if (refusal != NULL)
        piece_of(t, "\"refusal\":\"", bytes_of(refusal), out);
    else if (t->sent == 0)
        text(t, bytes_of(a->text), out);
    call_chunks(t, a, out);
    open_chunk(t, out);
    close_chunk(t, finish_reason(a->stop, refusal != NULL), out);
    if (t->asked->usage) {
        buf_add(out, t->head.data, t->head.len);
        buf_text(out, "],");
        usage(a, out);
        buf_text(out, "}\n\n");
    }
    buf_text(out, "data: [DONE]\n\n");
}

static void broke(struct served_talk *t, const struct served_error *error, struct buf *out)
{
    (void)t;
    buf_text(out, "data: ");
    served_error_write(error, out);
    buf_text(out, "\n\n");
}

const struct served served_chat = {
    .path = "/v1/chat/completions",
    .read = served_chat_read,
    .whole = whole,
    .begin = begin,
    .text = text,
    .end = end,
    .broke = broke,
};
