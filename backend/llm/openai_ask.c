/* A question as OpenAI's chat completions, which nearly all others understand as well. */
#include <string.h>

#include "llm/openai.h"
#include "llm/turns.h"

/*
 * OpenAI's newer models refuse the old name of the limit, behind a gateway as well; many servers
 * that follow OpenAI know only that one.
 */
static const char *limit_name(enum openai_host host, const char *model)
{
    bool is_new = host == OPENAI_OWN || host == OPENAI_AZURE ||
                  (host == OPENAI_LIKE && openai_thinks(model));

    return is_new ? "max_completion_tokens" : "max_tokens";
}

static rc_t say(struct ctx *c, json_t *list, const char *role, const char *text)
{
    json_t *message = json_object();

    TRY(vendor_push(c, list, message));
    TRY(vendor_put(c, message, "role", vendor_string(role)));
    return vendor_put(c, message, "content", vendor_string(text));
}

/* What a person says beside results: one text, or a list as soon as there is an image. */
static rc_t person(struct ctx *c, const struct llm_turn *turn, json_t *list)
{
    json_t *message, *content;

    if (turn_has(turn, LLM_RESULT) == turn->count)
        return OK;
    if (turn_has(turn, LLM_IMAGE) == 0)
        return say(c, list, "user", turn_text(c->mem, turn));
    message = json_pack("{s:s, s:[]}", "role", "user", "content");
    content = json_object_get(message, "content");
    TRY(vendor_push(c, list, message));
    for (size_t i = 0; i < turn->count; i++) {
        const struct llm_part *p = turn->parts[i];

        if (p->kind == LLM_TEXT)
            TRY(vendor_push(c, content, json_pack("{s:s, s:s}", "type", "text", "text", p->text)));
        if (p->kind == LLM_IMAGE)
            TRY(vendor_push(c, content,
                            json_pack("{s:s, s:{s:s}}", "type", "image_url", "image_url", "url",
                                      vendor_image_url(c->mem, p))));
    }
    return OK;
}

static rc_t results(struct ctx *c, const struct llm_turn *turn, json_t *list)
{
    for (size_t i = 0; i < turn->count; i++) {
        const struct llm_part *p = turn->parts[i];

        if (p->kind == LLM_RESULT)
            TRY(vendor_push(c, list,
                            json_pack("{s:s, s:s, s:s}", "role", "tool", "tool_call_id",
                                      vendor_call_id(c->mem, p->call_id), "content",
                                      openai_result(c->mem, p))));
    }
    return OK;
}

static rc_t calls(struct ctx *c, const struct llm_turn *turn, json_t *message)
{
    json_t *list = json_array();

    TRY(vendor_put(c, message, "tool_calls", list));
    for (size_t i = 0; i < turn->count; i++) {
        const struct llm_part *p = turn->parts[i];

        if (p->kind == LLM_CALL)
            TRY(vendor_push(c, list,
                            json_pack("{s:s, s:s, s:{s:s, s:s}}", "id",
                                      vendor_call_id(c->mem, p->call_id), "type", "function",
                                      "function", "name", p->tool, "arguments", p->arguments)));
    }
    return OK;
}

/*
 * A block of this API holds members of the message that carried it, thinking above all; lists of
 * several blocks are joined.
 */
static rc_t own_members(struct ctx *c, const struct llm_turn *turn, json_t *message)
{
    for (size_t i = 0; i < turn->count; i++) {
        json_t *block, *value, *old;
        const char *key;

        if (turn->parts[i]->kind != LLM_OPAQUE)
            continue;
        TRY(vendor_given(c, turn->parts[i]->block, &block));
        json_object_foreach(block, key, value)
        {
            old = json_object_get(message, key);
            if (old == NULL)
                json_object_set_new(message, key, json_copy(value));
            else if (json_is_array(old) && json_is_array(value))
                json_array_extend(old, value);
        }
    }
    return OK;
}

static rc_t employee(struct ctx *c, const struct llm_turn *turn, json_t *list)
{
    const char *text = turn_text(c->mem, turn);
    json_t *message = json_pack("{s:s, s:s?}", "role", "assistant", "content",
                                text[0] == '\0' ? NULL : text);

    TRY(vendor_push(c, list, message));
    if (turn_has(turn, LLM_CALL) > 0)
        TRY(calls(c, turn, message));
    return own_members(c, turn, message);
}

static rc_t conversation(struct ctx *c, const struct llm_ask *ask, json_t *list)
{
    struct llm_turn *turns;
    size_t count;

    if (!text_blank(ask->system))
        TRY(say(c, list, "system", ask->system));
    TRY(turns_of(c, ask, OPENAI_CHAT_OWNER, false, &turns, &count));
    for (size_t i = 0; i < count; i++) {
        if (turns[i].author == LLM_EMPLOYEE) {
            TRY(employee(c, &turns[i], list));
            continue;
        }
        TRY(results(c, &turns[i], list));
        TRY(person(c, &turns[i], list));
    }
    return OK;
}

static rc_t add_tool(struct ctx *c, const struct llm_tool *tool, json_t *list)
{
    json_t *schema, *function = json_pack("{s:s}", "name", tool->name);

    TRY(vendor_push(c, list, json_pack("{s:s, s:o?}", "type", "function", "function", function)));
    if (!text_blank(tool->about))
        TRY(vendor_put(c, function, "description", json_string(tool->about)));
    TRY(vendor_given(c, tool->schema, &schema));
    TRY(vendor_put(c, function, "parameters", json_incref(schema)));
    return tool->strict ? vendor_put(c, function, "strict", json_true()) : OK;
}

static rc_t tools(struct ctx *c, const struct llm_ask *ask, json_t *body)
{
    static const char *const words[] = {[LLM_CHOOSE_FREELY] = NULL,
                                        [LLM_CHOOSE_NONE] = "none",
                                        [LLM_CHOOSE_REQUIRED] = "required",
                                        [LLM_CHOOSE_ONE] = NULL};
    json_t *list = json_array();

    if (ask->tool_count == 0) {
        json_decref(list);
        return OK;
    }
    TRY(vendor_put(c, body, "tools", list));
    for (size_t i = 0; i < ask->tool_count; i++)
        TRY(add_tool(c, &ask->tools[i], list));
    if (ask->one_call_only)
        TRY(vendor_put(c, body, "parallel_tool_calls", json_false()));
    if (ask->choice == LLM_CHOOSE_ONE)
        return vendor_put(
            c, body, "tool_choice",
            json_pack("{s:s, s:{s:s}}", "type", "function", "function", "name", ask->chosen));
    return words[ask->choice] == NULL
               ? OK
               : vendor_put(c, body, "tool_choice", json_string(words[ask->choice]));
}

static rc_t format(struct ctx *c, const struct llm_ask *ask, json_t *body)
{
    json_t *schema;

    if (ask->format_schema == NULL)
        return ask->format_json ? vendor_put(c, body, "response_format",
                                             json_pack("{s:s}", "type", "json_object"))
                                : OK;
    TRY(vendor_given(c, ask->format_schema, &schema));
    return vendor_put(c, body, "response_format",
                      json_pack("{s:s, s:{s:s, s:b, s:O}}", "type", "json_schema", "json_schema",
                                "name", ask->format_name, "strict", (int)!ask->format_loose,
                                "schema", schema));
}

static rc_t stops(struct ctx *c, const struct llm_ask *ask, json_t *body)
{
    json_t *list;

    if (ask->stop_count == 0)
        return OK;
    if (openai_thinks(ask->model))
        return vendor_cannot(c, OPENAI, "this model can't be told where to stop");
    list = json_array();
    TRY(vendor_put(c, body, "stop", list));
    for (size_t i = 0; i < ask->stop_count; i++)
        TRY(vendor_push(c, list, json_string(ask->stops[i])));
    return OK;
}

static rc_t effort(struct ctx *c, enum openai_host host, const struct llm_ask *ask, json_t *body)
{
    const char *word = openai_effort(ask);

    if (word == NULL || (host == OPENAI_OWN && !openai_thinks(ask->model)))
        return OK;
    if (host == OPENAI_OPENROUTER)
        return vendor_put(c, body, "reasoning", json_pack("{s:s}", "effort", word));
    return vendor_put(c, body, "reasoning_effort", json_string(word));
}

static rc_t wishes(struct ctx *c, enum openai_host host, const struct llm_ask *ask, json_t *body)
{
    TRY(openai_sampling(c, ask, body));
    if (ask->seed != NULL)
        TRY(vendor_put(c, body, "seed", json_integer(*ask->seed)));
    TRY(stops(c, ask, body));
    TRY(effort(c, host, ask, body));
    if (host == OPENAI_OWN && !text_blank(ask->cache_key))
        TRY(vendor_put(c, body, "prompt_cache_key", json_string(ask->cache_key)));
    return OK;
}

rc_t openai_ask(struct ctx *c, const struct llm_account *account, const struct llm_ask *ask,
                struct http_ask *out)
{
    enum openai_host host = openai_host(account);
    json_t *body = json_pack("{s:s, s:[], s:I, s:b}", "model", ask->model, "messages",
                             limit_name(host, ask->model), (json_int_t)ask->max_tokens, "stream",
                             (int)ask->stream);

    TRY(vendor_body(c, body));
    if (ask->stream)
        TRY(vendor_put(c, body, "stream_options", json_pack("{s:b}", "include_usage", 1)));
    TRY(conversation(c, ask, json_object_get(body, "messages")));
    TRY(tools(c, ask, body));
    TRY(format(c, ask, body));
    TRY(wishes(c, host, ask, body));
    openai_post(c, account, ask->model, true, "/chat/completions", body, out);
    return OK;
}
