/*
 * OpenAI's Responses toward a program: whole, and as a stream of events. All text is one message.
 * In a stream it comes first, because blocks and calls are known at the end only.
 */
#include "llm/served_responses.h"

#include "base/shape.h"
#include "llm/openai.h"
#include "llm/served_parts.h"

/* One item of the output: the message (NULL), a call or a block. */
struct items {
    const struct llm_part *at[LLM_PARTS_MAX + 1];
    size_t count;
};

static const char *text_of(struct served_talk *t, const struct llm_answer *a)
{
    return t->sent > 0 ? buf_str(&t->all) : a->text;
}

static struct items items_of(const struct served_talk *t, const struct llm_answer *a)
{
    struct items items = {.count = 0};
    bool said = t->sent > 0, speaks = said || a->text[0] != '\0' || a->refusal != NULL;

    if (said)
        items.at[items.count++] = NULL;
    for (size_t i = 0; i < a->part_count && i < LLM_PARTS_MAX; i++) {
        const struct llm_part *p = &a->parts[i];

        if (p->kind == LLM_TEXT && speaks && !said) {
            said = true;
            items.at[items.count++] = NULL;
        }
        if (p->kind == LLM_CALL || (p->kind == LLM_OPAQUE && t->asked->blocks))
            items.at[items.count++] = p;
    }
    if (speaks && !said)
        items.at[items.count++] = NULL;
    return items;
}

static void field(struct buf *out, const char *name, int64_t number)
{
    buf_text(out, name);
    buf_number(out, number);
}

/* "msg_ID" or "fc_ID_2": the item's own name. */
static void item_id(const struct served_talk *t, const struct llm_part *p, size_t index,
                    struct buf *out)
{
    buf_text(out, p == NULL ? "\"msg_" : p->kind == LLM_CALL ? "\"fc_" : "\"rs_");
    buf_text(out, t->id);
    field(out, "_", (int64_t)index);
    buf_char(out, '"');
}

/* What a message says: a refusal's words, where they were not streamed as text before. */
static void content(const char *text, const char *refusal, struct buf *out)
{
    if (refusal != NULL) {
        buf_text(out, "{\"type\":\"refusal\",\"refusal\":");
        served_string(out, refusal);
    } else {
        buf_text(out, "{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":");
        served_string(out, text);
    }
    buf_char(out, '}');
}

static void message(struct served_talk *t, size_t index, const char *status, const char *text,
                    const char *refusal, struct buf *out)
{
    buf_text(out, "{\"id\":");
    item_id(t, NULL, index, out);
    buf_text(out, ",\"type\":\"message\",\"role\":\"assistant\",\"status\":");
    served_string(out, status);
    buf_text(out, ",\"content\":[");
    if (text != NULL || refusal != NULL)
        content(text, refusal, out);
    buf_text(out, "]}");
}

static void call(struct served_talk *t, const struct llm_part *p, size_t index, bool done,
                 struct buf *out)
{
    buf_text(out, "{\"id\":");
    item_id(t, p, index, out);
    buf_text(out, done ? ",\"type\":\"function_call\",\"status\":\"completed\",\"call_id\":"
                       : ",\"type\":\"function_call\",\"status\":\"in_progress\",\"call_id\":");
    served_string(out, p->call_id);
    buf_text(out, ",\"name\":");
    served_string(out, p->tool);
    buf_text(out, ",\"arguments\":");
    served_string(out, done ? p->arguments : "");
    buf_char(out, '}');
}

/* A block goes back to who made it; OpenAI's own are items already. */
static void block(struct served_talk *t, const struct llm_part *p, size_t index, struct buf *out)
{
    struct buf inside = buf_new(t->mem, 2 * LLM_OPAQUE_MAX);

    if (text_is(p->owner, OPENAI_RESPONSES_OWNER)) {
        buf_text(out, p->block);
        return;
    }
    buf_text(&inside, "{\"owner\":");
    served_string(&inside, p->owner);
    buf_text(&inside, ",\"block\":");
    buf_text(&inside, p->block);
    buf_char(&inside, '}');
    buf_text(out, "{\"id\":");
    item_id(t, p, index, out);
    buf_text(out, ",\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":"
                  "\"" SERVED_BLOCK_MARK);
    buf_text(out, text_base64url(t->mem, buf_bytes(&inside)));
    buf_text(out, "\"}");
}

static const char *refusal_of(const struct served_talk *t, const struct llm_answer *a)
{
    return t->sent == 0 ? served_only_refusal(a) : NULL;
}

/* A finished item. */
static void item(struct served_talk *t, const struct llm_answer *a, const struct llm_part *p,
                 size_t index, struct buf *out)
{
    if (p == NULL)
        message(t, index, "completed", text_of(t, a), refusal_of(t, a), out);
    else if (p->kind == LLM_CALL)
        call(t, p, index, true, out);
    else
        block(t, p, index, out);
}

static void usage(const struct llm_answer *a, struct buf *out)
{
    field(out, "\"usage\":{\"input_tokens\":", a->input_tokens);
    field(out, ",\"input_tokens_details\":{\"cached_tokens\":", a->cached_tokens);
    field(out, ",\"cache_write_tokens\":", a->cache_write_tokens);
    field(out, "},\"output_tokens\":", a->output_tokens);
    field(out, ",\"output_tokens_details\":{\"reasoning_tokens\":", a->reasoning_tokens);
    field(out, "},\"total_tokens\":", a->input_tokens + a->output_tokens);
    buf_char(out, '}');
}

/* Why an answer is not whole, or NULL. */
static const char *incomplete(const struct served_talk *t, const struct llm_answer *a)
{
    if (a->stop == LLM_STOP_LENGTH || a->stop == LLM_STOP_PAUSED)
        return "max_output_tokens";
    if (a->stop == LLM_STOP_FILTERED || (a->stop == LLM_STOP_REFUSED && refusal_of(t, a) == NULL))
        return "content_filter";
    return NULL;
}

/* The response up to its output. */
static void beginning(const struct served_talk *t, const char *status, struct buf *out)
{
    buf_text(out, "{\"id\":\"resp_");
    buf_text(out, t->id);
    field(out, "\",\"object\":\"response\",\"created_at\":", t->created);
    buf_text(out, ",\"status\":");
    served_string(out, status);
    buf_text(out, ",\"model\":");
    served_string(out, t->model);
    buf_char(out, ',');
    if (t->asked->echo != NULL && t->asked->echo[0] != '\0') {
        buf_text(out, t->asked->echo);
        buf_char(out, ',');
    }
}

static void unfinished(const struct served_talk *t, struct buf *out)
{
    beginning(t, "in_progress", out);
    buf_text(out, "\"error\":null,\"incomplete_details\":null,\"output\":[]}");
}

static void whole(struct served_talk *t, const struct llm_answer *a, struct buf *out)
{
    struct items items = items_of(t, a);
    const char *why = incomplete(t, a);

    beginning(t, why == NULL ? "completed" : "incomplete", out);
    buf_text(out, "\"error\":null,\"incomplete_details\":");
    if (why != NULL)
        buf_text(out, "{\"reason\":");
    served_string(out, why);
    buf_text(out, why == NULL ? ",\"output\":[" : "},\"output\":[");
    for (size_t i = 0; i < items.count; i++) {
        if (i > 0)
            buf_char(out, ',');
        item(t, a, items.at[i], i, out);
    }
    buf_text(out, "],");
    usage(a, out);
    buf_char(out, '}');
}

/* An event up to the members that only it has. */
static void event(struct served_talk *t, const char *type, struct buf *out)
{
    buf_text(out, "event: ");
    buf_text(out, type);
    buf_text(out, "\ndata: {\"type\":\"");
    buf_text(out, type);
    field(out, "\",\"sequence_number\":", t->number++);
}

/* The same for an event of an item. */
static void item_event(struct served_talk *t, const char *type, const struct llm_part *p,
                       size_t index, struct buf *out)
{
    event(t, type, out);
    buf_text(out, ",\"item_id\":");
    item_id(t, p, index, out);
    field(out, ",\"output_index\":", (int64_t)index);
}

static void added_or_done(struct served_talk *t, const char *type, size_t index, struct buf *out)
{
    event(t, type, out);
    field(out, ",\"output_index\":", (int64_t)index);
    buf_text(out, ",\"item\":");
}

static void begin(struct served_talk *t, struct buf *out)
{
    t->begun = true;
    t->all = buf_new(t->mem, LLM_TEXT_MAX);
    event(t, "response.created", out);
    buf_text(out, ",\"response\":");
    unfinished(t, out);
    buf_text(out, "}\n\n");
    event(t, "response.in_progress", out);
    buf_text(out, ",\"response\":");
    unfinished(t, out);
    buf_text(out, "}\n\n");
}

static void open_message(struct served_talk *t, size_t index, const char *refusal, struct buf *out)
{
    added_or_done(t, "response.output_item.added", index, out);
    message(t, index, "in_progress", NULL, NULL, out);
    buf_text(out, "}\n\n");
    item_event(t, "response.content_part.added", NULL, index, out);
    buf_text(out, ",\"content_index\":0,\"part\":");
    content("", refusal == NULL ? NULL : "", out);
    buf_text(out, "}\n\n");
}

static void piece_of(struct served_talk *t, size_t index, bool refusal, struct bytes piece,
                     struct buf *out)
{
    item_event(t, refusal ? "response.refusal.delta" : "response.output_text.delta", NULL, index,
               out);
    buf_text(out, refusal ? ",\"content_index\":0,\"delta\":\""
                          : ",\"content_index\":0,\"logprobs\":[],\"delta\":\"");
    buf_json(out, piece);
    buf_text(out, "\"}\n\n");
}

static void text(struct served_talk *t, struct bytes piece, struct buf *out)
{
    if (piece.len == 0)
        return;
    if (t->sent == 0)
        open_message(t, 0, NULL, out);
    t->sent += piece.len;
    buf_add(&t->all, piece.data, piece.len);
    piece_of(t, 0, false, piece, out);
}

static void close_message(struct served_talk *t, const struct llm_answer *a, size_t index,
                          struct buf *out)
{
    const char *refusal = refusal_of(t, a);

    item_event(t, refusal == NULL ? "response.output_text.done" : "response.refusal.done", NULL,
               index, out);
    buf_text(out, refusal == NULL ? ",\"content_index\":0,\"logprobs\":[],\"text\":"
                                  : ",\"content_index\":0,\"refusal\":");
    served_string(out, refusal == NULL ? text_of(t, a) : refusal);
    buf_text(out, "}\n\n");
    item_event(t, "response.content_part.done", NULL, index, out);
    buf_text(out, ",\"content_index\":0,\"part\":");
    content(text_of(t, a), refusal, out);
    buf_text(out, "}\n\n");
}

static void stream_call(struct served_talk *t, const struct llm_part *p, size_t index,
                        struct buf *out)
{
    added_or_done(t, "response.output_item.added", index, out);
    call(t, p, index, false, out);
    buf_text(out, "}\n\n");
    item_event(t, "response.function_call_arguments.delta", p, index, out);
    buf_text(out, ",\"delta\":");
    served_string(out, p->arguments);
    buf_text(out, "}\n\n");
    item_event(t, "response.function_call_arguments.done", p, index, out);
    buf_text(out, ",\"name\":");
    served_string(out, p->tool);
    buf_text(out, ",\"arguments\":");
    served_string(out, p->arguments);
    buf_text(out, "}\n\n");
}

/* Everything of an item that has not been written yet. */
static void stream_item(struct served_talk *t, const struct llm_answer *a, const struct llm_part *p,
                        size_t index, struct buf *out)
{
    const char *refusal = refusal_of(t, a);

    if (p == NULL && t->sent == 0) {
        open_message(t, index, refusal, out);
        piece_of(t, index, refusal != NULL, bytes_of(refusal == NULL ? a->text : refusal), out);
    }
    if (p == NULL)
        close_message(t, a, index, out);
    else if (p->kind == LLM_CALL)
        stream_call(t, p, index, out);
    else {
        added_or_done(t, "response.output_item.added", index, out);
        block(t, p, index, out);
        buf_text(out, "}\n\n");
    }
    added_or_done(t, "response.output_item.done", index, out);
    item(t, a, p, index, out);
    buf_text(out, "}\n\n");
}

static void end(struct served_talk *t, const struct llm_answer *a, struct buf *out)
{
    struct items items = items_of(t, a);

    if (!t->begun)
        begin(t, out);
    for (size_t i = 0; i < items.count; i++)
        stream_item(t, a, items.at[i], i, out);
    event(t, incomplete(t, a) == NULL ? "response.completed" : "response.incomplete", out);
    buf_text(out, ",\"response\":");
    whole(t, a, out);
    buf_text(out, "}\n\n");
}

/* The fault stands in a member of its own as well, because that is where clients look for it. */
static void broke(struct served_talk *t, const struct served_error *error, struct buf *out)
{
    struct buf body = buf_new(t->mem, KIB(64));

    served_error_write(error, &body);
    event(t, "error", out);
    buf_text(out, ",\"code\":");
    served_string(out, error->code);
    buf_text(out, ",\"message\":");
    served_string(out, error->message);
    buf_text(out, ",\"param\":");
    served_string(out, error->param);
    buf_char(out, ',');
    buf_add(out, body.data + 1, body.len - 1);
    buf_text(out, "\n\n");
}

const struct served served_responses = {
    .path = "/v1/responses",
    .read = served_responses_read,
    .whole = whole,
    .begin = begin,
    .text = text,
    .end = end,
    .broke = broke,
};
