/*
 * Ollama's own API. A stream is one JSON object a line; a tool call comes in one piece, with an
 * object of arguments and, from most versions, without an id.
 */
#include "llm/ollama.h"

#include "base/shape.h"
#include "llm/gather.h"
#include "llm/turns.h"
#include "llm/vendor.h"

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

static rc_t say(struct ctx *c, json_t *list, const char *role, const char *text)
{
    return vendor_push(c, list, json_pack("{s:s, s:s}", "role", role, "content", text));
}

static rc_t results(struct ctx *c, const struct llm_turn *turns, size_t count,
                    const struct llm_turn *turn, json_t *list)
{
    for (size_t i = 0; i < turn->count; i++) {
        const struct llm_part *p = turn->parts[i];
        const char *text = p->text == NULL ? "" : p->text;

        if (p->kind != LLM_RESULT)
            continue;
        if (p->is_error)
            text = text_printf(c->mem, "The tool failed: %s", text);
        TRY(vendor_push(c, list,
                        json_pack("{s:s, s:s, s:s}", "role", "tool", "content", text, "tool_name",
                                  turns_tool_of(turns, count, p->call_id))));
    }
    return OK;
}

static rc_t person(struct ctx *c, const struct llm_turn *turn, json_t *list)
{
    json_t *images, *message;

    if (turn_has(turn, LLM_RESULT) == turn->count)
        return OK;
    message = json_pack("{s:s, s:s}", "role", "user", "content", turn_text(c->mem, turn));
    TRY(vendor_push(c, list, message));
    if (turn_has(turn, LLM_IMAGE) == 0)
        return OK;
    images = json_array();
    TRY(vendor_put(c, message, "images", images));
    for (size_t i = 0; i < turn->count; i++) {
        const struct llm_part *p = turn->parts[i];

        if (p->kind == LLM_IMAGE && p->base64 == NULL)
            return vendor_cannot(c, OLLAMA,
                                 "it fetches no images; they must come with their bytes");
        if (p->kind == LLM_IMAGE)
            TRY(vendor_push(c, images, json_string(p->base64)));
    }
    return OK;
}

static rc_t employee(struct ctx *c, const struct llm_turn *turn, json_t *list)
{
    json_t *calls = NULL, *given,
           *message = json_pack("{s:s, s:s}", "role", "assistant", "content",
                                turn_text(c->mem, turn));

    TRY(vendor_push(c, list, message));
    for (size_t i = 0; i < turn->count; i++) {
        const struct llm_part *p = turn->parts[i];

        if (p->kind == LLM_OPAQUE) {
            TRY(vendor_given(c, p->block, &given));
            json_object_update_missing(message, given);
        }
        if (p->kind != LLM_CALL)
            continue;
        if (calls == NULL) {
            calls = json_array();
            TRY(vendor_put(c, message, "tool_calls", calls));
        }
        TRY(vendor_given(c, p->arguments, &given));
        TRY(vendor_push(
            c, calls,
            json_pack("{s:{s:s, s:O}}", "function", "name", p->tool, "arguments", given)));
    }
    return OK;
}

static rc_t conversation(struct ctx *c, const struct llm_ask *ask, json_t *list)
{
    struct llm_turn *turns;
    size_t count;

    if (!text_blank(ask->system))
        TRY(say(c, list, "system", ask->system));
    TRY(turns_of(c, ask, OLLAMA, false, &turns, &count));
    for (size_t i = 0; i < count; i++) {
        if (turns[i].author == LLM_EMPLOYEE) {
            TRY(employee(c, &turns[i], list));
            continue;
        }
        TRY(results(c, turns, count, &turns[i], list));
        TRY(person(c, &turns[i], list));
    }
    return OK;
}

/* Which tool, if any, is the model's choice here: it can be kept from all, but not told one. */
static rc_t tools(struct ctx *c, const struct llm_ask *ask, json_t *body)
{
    json_t *list, *schema;

    if (ask->choice == LLM_CHOOSE_REQUIRED || ask->choice == LLM_CHOOSE_ONE)
        return vendor_cannot(c, OLLAMA, "it can't be told to call a tool");
    if (ask->tool_count == 0 || ask->choice == LLM_CHOOSE_NONE)
        return OK;
    list = json_array();
    TRY(vendor_put(c, body, "tools", list));
    for (size_t i = 0; i < ask->tool_count; i++) {
        const struct llm_tool *t = &ask->tools[i];

        TRY(vendor_given(c, t->schema, &schema));
        TRY(vendor_push(c, list,
                        json_pack("{s:s, s:{s:s, s:s, s:O}}", "type", "function", "function",
                                  "name", t->name, "description", t->about == NULL ? "" : t->about,
                                  "parameters", schema)));
    }
    return OK;
}

static rc_t options(struct ctx *c, const struct llm_ask *ask, json_t *to)
{
    json_t *list;

    if (ask->temperature != NULL)
        TRY(vendor_put(c, to, "temperature", json_real(*ask->temperature)));
    if (ask->top_p != NULL)
        TRY(vendor_put(c, to, "top_p", json_real(*ask->top_p)));
    if (ask->seed != NULL)
        TRY(vendor_put(c, to, "seed", json_integer(*ask->seed)));
    if (ask->stop_count == 0)
        return OK;
    list = json_array();
    TRY(vendor_put(c, to, "stop", list));
    for (size_t i = 0; i < ask->stop_count; i++)
        TRY(vendor_push(c, list, json_string(ask->stops[i])));
    return OK;
}

/* Models with degrees of thinking take a word; the others, that it shall be. */
static rc_t manner(struct ctx *c, const struct llm_ask *ask, json_t *body)
{
    static const char *const words[] = {
        [LLM_EFFORT_LOW] = "low", [LLM_EFFORT_MEDIUM] = "medium", [LLM_EFFORT_HIGH] = "high"};
    json_t *schema;

    if (ask->format_schema != NULL) {
        TRY(vendor_given(c, ask->format_schema, &schema));
        TRY(vendor_put(c, body, "format", json_incref(schema)));
    } else if (ask->format_json) {
        TRY(vendor_put(c, body, "format", json_string("json")));
    }
    if (ask->effort == LLM_EFFORT_USUAL)
        return OK;
    return vendor_put(c, body, "think",
                      ask->effort != LLM_EFFORT_NONE && text_starts(ask->model, "gpt-oss")
                          ? json_string(words[ask->effort])
                          : json_boolean(ask->effort != LLM_EFFORT_NONE));
}

static const char *base_of(const struct llm_account *account)
{
    return text_blank(account->base_url) ? OLLAMA_HOME : account->base_url;
}

static void key_add(struct ctx *c, const struct llm_account *account, struct http_ask *out)
{
    if (account->key != NULL)
        http_header_add(out, "Authorization", text_printf(c->mem, "Bearer %s", account->key));
}

static rc_t ollama_ask(struct ctx *c, const struct llm_account *account, const struct llm_ask *ask,
                       struct http_ask *out)
{
    json_t *body = json_pack("{s:s, s:[], s:b, s:{s:I, s:I}}", "model", ask->model, "messages",
                             "stream", (int)ask->stream, "options", "num_predict",
                             (json_int_t)ask->max_tokens, "num_ctx", (json_int_t)window(ask));

    TRY(vendor_body(c, body));
    TRY(conversation(c, ask, json_object_get(body, "messages")));
    TRY(tools(c, ask, body));
    TRY(options(c, ask, json_object_get(body, "options")));
    TRY(manner(c, ask, body));
    vendor_post(c, vendor_url(c, base_of(account), "/api", true, "/chat"), body, out);
    key_add(c, account, out);
    return OK;
}

static rc_t read_call(struct ctx *c, const json_t *call, const char *when, struct llm_stream *s)
{
    json_t *function = NULL, *arguments = NULL;
    const char *id = NULL, *name = NULL, *text;
    struct llm_block *b;

    if (!json_is_object(call))
        return ctx_fail(c, E_UPSTREAM, "llm_broken", OLLAMA ": a tool call is not an object");
    TRY(vendor_text(c, OLLAMA, call, "id", &id));
    TRY(vendor_object(c, OLLAMA, call, "function", &function));
    TRY(vendor_text(c, OLLAMA, function, "name", &name));
    TRY(vendor_object(c, OLLAMA, function, "arguments", &arguments));
    text = arguments == NULL ? "{}" : vendor_compact(c->mem, arguments);
    if (text_blank(id))
        id = vendor_made_id(c->mem, when, name, text, s->call_count);
    TRY(gather_call(c, OLLAMA, s, -1, id, name, &b));
    return gather_arguments(c, OLLAMA, b, text);
}

/* Thinking goes back with the calls it led to, in the message that carries them. */
static rc_t read_thinking(struct ctx *c, const char *thinking, struct llm_stream *s)
{
    struct llm_block *b = gather_find(s, LLM_OPAQUE, 0);
    json_t *empty = b == NULL && thinking[0] != '\0' ? json_object() : NULL;
    rc_t rc = empty == NULL ? OK : gather_opaque(c, OLLAMA, s, 0, OLLAMA, empty, &b);

    json_decref(empty);
    TRY(rc);
    return b == NULL ? OK : gather_opaque_piece(c, OLLAMA, s, &b->content, thinking);
}

static rc_t read_message(struct ctx *c, const json_t *root, struct llm_stream *s)
{
    json_t *message = NULL, *calls = NULL, *call;
    const char *text = "", *thinking = "", *when = NULL;
    size_t i;

    TRY(vendor_object(c, OLLAMA, root, "message", &message));
    TRY(vendor_text(c, OLLAMA, message, "content", &text));
    TRY(vendor_text(c, OLLAMA, message, "thinking", &thinking));
    TRY(vendor_list(c, OLLAMA, message, "tool_calls", &calls));
    TRY(vendor_text(c, OLLAMA, root, "created_at", &when));
    TRY(read_thinking(c, thinking, s));
    TRY(gather_text(c, OLLAMA, s, text));
    json_array_foreach(calls, i, call) TRY(read_call(c, call, when, s));
    return OK;
}

/*
 * What the whole answer and the last line of a stream have in common. A cached prompt is not
 * counted by Ollama.
 */
static rc_t read_end(struct ctx *c, const json_t *root, struct llm_stream *s)
{
    struct llm_block *thinking = gather_find(s, LLM_OPAQUE, 0);
    const char *reason = NULL;

    TRY(vendor_text(c, OLLAMA, root, "done_reason", &reason));
    TRY(vendor_count(c, OLLAMA, root, "prompt_eval_count", &s->so_far.input_tokens));
    TRY(vendor_count(c, OLLAMA, root, "eval_count", &s->so_far.output_tokens));
    vendor_settle(&s->so_far);
    gather_stop(s, text_is(reason, "length") ? LLM_STOP_LENGTH : LLM_STOP_END);
    if (thinking == NULL)
        return OK;

    json_t *members = json_pack("{s:s}", "thinking", buf_str(&thinking->content));

    thinking->cut = s->call_count == 0;
    thinking->whole = json_text(s->text.mem, members);
    json_decref(members);
    return OK;
}

static rc_t read_model(struct ctx *c, const json_t *root, struct llm_stream *s)
{
    const char *model = NULL;

    TRY(vendor_text(c, OLLAMA, root, "model", &model));
    gather_name(s, &s->so_far.model, model);
    return OK;
}

static rc_t ollama_answer(struct ctx *c, const struct http_answer *http, struct llm_answer *out)
{
    struct llm_stream s = llm_stream_new(c->mem);
    json_t *root;

    *out = (struct llm_answer){.text = ""};
    if (http->status < 200 || http->status > 299)
        return vendor_refusal(c, OLLAMA, http);
    TRY(vendor_json(c, OLLAMA, http->body, &root));
    if (json_object_get(root, "error") != NULL)
        return vendor_refusal(c, OLLAMA, http);
    if (!json_is_object(json_object_get(root, "message")))
        return ctx_fail(c, E_UPSTREAM, "llm_broken", OLLAMA ": an answer without a message");
    TRY(read_message(c, root, &s));
    TRY(read_model(c, root, &s));
    TRY(read_end(c, root, &s));
    s.so_far.request_id = http->request_id;
    return llm_stream_finish(c, OLLAMA, &s, out);
}

/* When it was said means nothing, as long as nothing is called. */
static bool says_text_only(const json_t *root)
{
    const json_t *message = json_object_get(root, "message"), *done = json_object_get(root, "done");

    return like_only(root, "model created_at message done") &&
           (done == NULL || json_is_false(done)) && like_only(message, "role content") &&
           json_is_string(json_object_get(message, "content"));
}

static rc_t ollama_event(struct ctx *c, struct bytes event, struct bytes data,
                         struct llm_stream *stream)
{
    static const char *const varying[] = {"created_at", NULL};
    struct bytes text;
    json_t *root;

    (void)event;
    if (like_read(&stream->like, c->mem, data, &text))
        return gather_bytes(c, OLLAMA, stream, text);
    TRY(vendor_json(c, OLLAMA, data, &root));
    if (json_object_get(root, "error") != NULL)
        return vendor_fault(c, OLLAMA, 200, json_object_get(root, "error"));
    TRY(read_message(c, root, stream));
    TRY(read_model(c, root, stream));
    if (says_text_only(root))
        like_learn(&stream->like, data, "content", varying);
    return json_is_true(json_object_get(root, "done")) ? read_end(c, root, stream) : OK;
}

static rc_t ollama_list(struct ctx *c, const struct llm_account *account, struct http_ask *out)
{
    vendor_get(vendor_url(c, base_of(account), "/api", true, "/tags"), out);
    key_add(c, account, out);
    return OK;
}

static rc_t ollama_listed(struct ctx *c, const struct llm_account *account,
                          const struct http_answer *http, const char **names)
{
    (void)account;
    return vendor_names(c, OLLAMA, http, "models", "name", names);
}

const struct llm llm_ollama = {
    .name = OLLAMA,
    .vectors = &ollama_vectors,
    .default_url = OLLAMA_HOME,
    .can = LLM_CAN_STREAM,
    .framing = LLM_LINES,
    .needs_key = false,
    .ask = ollama_ask,
    .answer = ollama_answer,
    .event = ollama_event,
    .list = ollama_list,
    .listed = ollama_listed,
};
