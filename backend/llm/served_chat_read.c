/* A request for a chat completion, as OpenAI's API has it. */
#include "llm/served_chat.h"

#include "llm/served_parts.h"

static const struct served_never nevers[] = {
    {"logprobs", "probabilities of tokens can't be had here."},
    {"top_logprobs", "probabilities of tokens can't be had here."},
    {"logit_bias", "tokens can't be weighed here."},
    {"presence_penalty", "penalties can't be set here."},
    {"frequency_penalty", "penalties can't be set here."},
    {"audio", "answers are text only."},
    {"web_search_options", "searching the web is not part of this endpoint."},
    {"functions", "this is the old form; use tools."},
    {"function_call", "this is the old form; use tool_choice."},
};

/* What is read at the moment. */
struct reading {
    struct ctx *c;
    struct llm_ask *ask;
    struct served_talked talked;
};

/* One part of a list of content; what a role can't say is refused. */
static rc_t part(struct reading *r, const struct served_at *at, bool may_show, const json_t *from,
                 struct llm_part *out)
{
    const char *type = NULL, *url = NULL;
    json_t *image = NULL;

    if (!json_is_object(from))
        return served_wrong_type(r->c, at, NULL, "an object");
    TRY(served_needed(r->c, at, from, "type", 64, &type));
    *out = (struct llm_part){.kind = LLM_TEXT, .text = ""};
    if (text_is(type, "text"))
        return served_text(r->c, at, from, "text", &out->text);
    if (text_is(type, "refusal"))
        return served_text(r->c, at, from, "refusal", &out->text);
    if (!may_show || !text_is(type, "image_url"))
        return served_cannot(r->c, at, "type",
                             may_show ? "only parts of type text and image_url can be read here."
                                      : "this message can have parts of type text only.");
    TRY(served_object(r->c, at, from, "image_url", &image));

    struct served_at in = {.up = at, .key = "image_url"};

    TRY(served_text(r->c, &in, image, "url", &url));
    if (url == NULL)
        return served_bad(r->c, &in, "url", "missing_required_parameter", "this is missing.");
    return served_image(r->c, &in, "url", url, out);
}

/*
 * The content, one text or a list of parts, with room for `more` parts behind it. Missing is a
 * fault, unless `more` parts follow.
 */
static rc_t content(struct reading *r, const struct served_at *at, const json_t *message,
                    bool may_show, bool may_miss, size_t more, struct llm_part **out, size_t *count)
{
    const json_t *from = json_object_get(message, "content");
    struct served_at in = {.up = at, .key = "content"};
    size_t len = json_is_array(from) ? json_array_size(from) : 1;

    *out = arena_take(r->c->mem, (len + more) * sizeof(**out));
    *count = 0;
    if (json_is_string(from)) {
        (*out)[(*count)++] = (struct llm_part){.kind = LLM_TEXT, .text = served_kept(r->c, from)};
        return OK;
    }
    if (from == NULL || json_is_null(from))
        return may_miss ? OK
                        : served_bad(r->c, at, "content", "missing_required_parameter",
                                     "this is missing.");
    if (!json_is_array(from))
        return served_wrong_type(r->c, at, "content", "a text or a list");
    for (size_t i = 0; i < len; i++) {
        struct served_at one = {.up = &in, .index = i};

        TRY(part(r, &one, may_show, json_array_get(from, i), &(*out)[i]));
    }
    *count = len;
    return OK;
}

/* Content that is text alone, joined. */
static rc_t only_text(struct reading *r, const struct served_at *at, const json_t *message,
                      const char **out)
{
    struct llm_part *parts;
    size_t count;
    struct buf joined = buf_new(r->c->mem, SERVED_BODY_MAX);

    TRY(content(r, at, message, false, false, 0, &parts, &count));
    for (size_t i = 0; i < count; i++)
        buf_text(&joined, parts[i].text);
    *out = count == 1 ? parts[0].text : buf_str(&joined);
    return OK;
}

static rc_t system_message(struct reading *r, const struct served_at *at, const json_t *message)
{
    const char *text;

    TRY(only_text(r, at, message, &text));
    served_system(&r->talked, text);
    return OK;
}

static rc_t user_message(struct reading *r, const struct served_at *at, const json_t *message)
{
    struct llm_part *parts;
    size_t count;

    TRY(content(r, at, message, true, false, 0, &parts, &count));
    served_said(&r->talked, LLM_PERSON, parts, count);
    return OK;
}

static rc_t call(struct reading *r, const struct served_at *at, const json_t *from,
                 struct llm_part *out)
{
    struct served_at in = {.up = at, .key = "function"};
    const char *type = "function";
    json_t *function = NULL;

    if (!json_is_object(from))
        return served_wrong_type(r->c, at, NULL, "an object");
    *out = (struct llm_part){.kind = LLM_CALL, .arguments = ""};
    TRY(served_text(r->c, at, from, "type", &type));
    if (!text_is(type, "function"))
        return served_cannot(r->c, at, "type", "only calls of type function can be read here.");
    TRY(served_needed(r->c, at, from, "id", LLM_ID_MAX, &out->call_id));
    TRY(served_object(r->c, at, from, "function", &function));
    TRY(served_needed(r->c, &in, function, "name", LLM_NAME_MAX, &out->tool));
    TRY(served_text(r->c, &in, function, "arguments", &out->arguments));
    if (text_blank(out->arguments))
        out->arguments = "{}";
    return OK;
}

static rc_t assistant_message(struct reading *r, const struct served_at *at, const json_t *message)
{
    struct served_at in = {.up = at, .key = "tool_calls"};
    const char *refusal = NULL;
    json_t *calls = NULL;
    struct llm_part *parts;
    size_t count;

    const json_t *old = json_object_get(message, "function_call");

    if (old != NULL && !json_is_null(old))
        return served_bad(r->c, at, "function_call", "unsupported_parameter",
                          "this is the old form; use tool_calls.");
    TRY(served_list(r->c, at, message, "tool_calls", &calls));
    TRY(served_text(r->c, at, message, "refusal", &refusal));
    TRY(content(r, at, message, false, true, json_array_size(calls) + 1, &parts, &count));
    if (count == 0 && refusal != NULL)
        parts[count++] = (struct llm_part){.kind = LLM_TEXT, .text = refusal};
    for (size_t i = 0; i < json_array_size(calls); i++) {
        struct served_at one = {.up = &in, .index = i};

        TRY(call(r, &one, json_array_get(calls, i), &parts[count++]));
    }
    served_said(&r->talked, LLM_EMPLOYEE, parts, count);
    return OK;
}

static rc_t tool_message(struct reading *r, const struct served_at *at, const json_t *message)
{
    struct llm_part *result = arena_take(r->c->mem, sizeof(*result));

    result->kind = LLM_RESULT;
    TRY(served_needed(r->c, at, message, "tool_call_id", LLM_ID_MAX, &result->call_id));
    TRY(only_text(r, at, message, &result->text));
    served_said(&r->talked, LLM_PERSON, result, 1);
    return OK;
}

static const struct {
    const char *role;
    rc_t (*read)(struct reading *r, const struct served_at *at, const json_t *message);
} roles[] = {
    {"user", user_message},        {"assistant", assistant_message}, {"system", system_message},
    {"developer", system_message}, {"tool", tool_message},
};

static rc_t message(struct reading *r, const struct served_at *at, const json_t *from)
{
    const char *role;

    if (!json_is_object(from))
        return served_wrong_type(r->c, at, NULL, "an object");
    TRY(served_needed(r->c, at, from, "role", 64, &role));
    for (size_t i = 0; i < COUNT_OF(roles); i++)
        if (text_is(role, roles[i].role))
            return roles[i].read(r, at, from);
    return served_bad(r->c, at, "role", "invalid_value",
                      "this must be one of: system, developer, user, assistant, tool.");
}

static rc_t messages(struct reading *r, const json_t *body, size_t bytes)
{
    struct served_at list = {.key = "messages"};
    json_t *from = NULL;

    TRY(served_list(r->c, NULL, body, "messages", &from));
    if (json_array_size(from) == 0)
        return served_bad(r->c, NULL, "messages", "missing_required_parameter",
                          "at least one message is needed.");
    if (json_array_size(from) > SERVED_MESSAGES_MAX)
        return ctx_fail(r->c, E_LIMIT, "llm_too_many", "There may be at most %d messages.",
                        SERVED_MESSAGES_MAX);
    r->talked = served_talked_new(r->c, json_array_size(from), 2 * bytes);
    for (size_t i = 0; i < json_array_size(from); i++) {
        struct served_at one = {.up = &list, .index = i};

        TRY(message(r, &one, json_array_get(from, i)));
    }
    served_settle(&r->talked, r->ask);
    return OK;
}

static rc_t format(struct reading *r, const json_t *body)
{
    const struct served_at at = {.key = "response_format"};
    json_t *from = NULL;

    TRY(served_object(r->c, NULL, body, at.key, &from));
    return served_format(r->c, &at, from, "json_schema", r->ask);
}

/* One text, or a list of them. */
static rc_t stops(struct reading *r, const json_t *body)
{
    struct served_at list = {.key = "stop"};
    const json_t *from = json_object_get(body, "stop");
    size_t len = json_is_array(from) ? json_array_size(from) : 1;
    const char **all = arena_take(r->c->mem, (len + 1) * sizeof(*all));

    if (from == NULL || json_is_null(from))
        return OK;
    if (!json_is_string(from) && !json_is_array(from))
        return served_wrong_type(r->c, NULL, "stop", "a text or a list of texts");
    if (len > LLM_STOPS_MAX)
        return served_bad(r->c, NULL, "stop", "invalid_value",
                          text_printf(r->c->mem, "at most %d texts.", LLM_STOPS_MAX));
    for (size_t i = 0; i < len; i++) {
        struct served_at one = {.up = &list, .index = i};

        const json_t *text = json_is_array(from) ? json_array_get(from, i) : from;

        if (!json_is_string(text))
            return served_wrong_type(r->c, &one, NULL, "a text");
        all[i] = served_kept(r->c, text);
        if (all[i][0] == '\0')
            return served_bad(r->c, &one, NULL, "invalid_value", "this is empty.");
    }
    r->ask->stops = all;
    r->ask->stop_count = len;
    return OK;
}

static rc_t limits(struct reading *r, const json_t *body)
{
    struct ctx *c = r->c;
    int64_t answers = 1, seed, *kept;

    TRY(served_int(c, NULL, body, "n", 1, 1, &answers));
    TRY(served_int(c, NULL, body, "max_tokens", 1, LLM_TOKENS_MAX, &r->ask->max_tokens));
    TRY(served_int(c, NULL, body, "max_completion_tokens", 1, LLM_TOKENS_MAX, &r->ask->max_tokens));
    if (!json_is_integer(json_object_get(body, "seed")))
        return served_int(c, NULL, body, "seed", INT64_MIN, INT64_MAX, &seed);
    kept = arena_take(c->mem, sizeof(*kept));
    *kept = json_integer_value(json_object_get(body, "seed"));
    r->ask->seed = kept;
    return OK;
}

/* Answers are text: a list of modalities that says so is no wish of its own. */
static rc_t modalities(struct reading *r, const json_t *body)
{
    struct served_at list = {.key = "modalities"};
    json_t *from = NULL;

    TRY(served_list(r->c, NULL, body, "modalities", &from));
    for (size_t i = 0; i < json_array_size(from); i++) {
        struct served_at one = {.up = &list, .index = i};

        if (!text_is(json_string_value(json_array_get(from, i)), "text"))
            return served_cannot(r->c, &one, NULL, "answers are text only.");
    }
    return OK;
}

rc_t served_chat_read(struct ctx *c, struct bytes body, struct served_ask *out)
{
    struct served_at options_at = {.key = "stream_options"};
    struct reading r = {.c = c, .ask = &out->ask};
    json_t *root, *options = NULL;

    *out = (struct served_ask){.usage = false};
    TRY(served_body(c, body, &root));
    TRY(served_refuse(c, root, nevers, COUNT_OF(nevers)));
    TRY(served_common(c, root, r.ask));
    TRY(messages(&r, root, body.len));
    TRY(served_tools(c, root, "function", r.ask));
    TRY(served_tool_choice(c, root, "function", r.ask));
    TRY(format(&r, root));
    TRY(stops(&r, root));
    TRY(limits(&r, root));
    served_bound(out);
    TRY(modalities(&r, root));
    TRY(served_effort(c, NULL, root, "reasoning_effort", &r.ask->effort));
    TRY(served_object(c, NULL, root, "stream_options", &options));
    TRY(served_bool(c, &options_at, options, "include_usage", &out->usage));
    json_object_clear(root);
    return OK;
}
