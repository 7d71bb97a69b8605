/*
 * A question as OpenAI's Responses. Nothing is stored at OpenAI: the conversation goes along each
 * time, thinking included, which OpenAI hands out encrypted for that.
 */
#include "llm/openai.h"
#include "llm/turns.h"

/* What a person says beside results. */
static rc_t say(struct ctx *c, const struct llm_turn *turn, json_t *input)
{
    json_t *message, *content;

    if (turn_has(turn, LLM_TEXT) + turn_has(turn, LLM_IMAGE) == 0)
        return OK;
    message = json_pack("{s:s, s:[]}", "role", "user", "content");
    content = json_object_get(message, "content");
    TRY(vendor_push(c, input, message));
    for (size_t i = 0; i < turn->count; i++) {
        const struct llm_part *p = turn->parts[i];

        if (p->kind == LLM_TEXT)
            TRY(vendor_push(c, content,
                            json_pack("{s:s, s:s}", "type", "input_text", "text", p->text)));
        if (p->kind == LLM_IMAGE)
            TRY(vendor_push(c, content,
                            json_pack("{s:s, s:s, s:s}", "type", "input_image", "detail", "auto",
                                      "image_url", vendor_image_url(c->mem, p))));
    }
    return OK;
}

static rc_t results(struct ctx *c, const struct llm_turn *turn, json_t *input)
{
    for (size_t i = 0; i < turn->count; i++) {
        const struct llm_part *p = turn->parts[i];

        if (p->kind == LLM_RESULT)
            TRY(vendor_push(c, input,
                            json_pack("{s:s, s:s, s:s}", "type", "function_call_output", "call_id",
                                      vendor_call_id(c->mem, p->call_id), "output",
                                      openai_result(c->mem, p))));
    }
    return OK;
}

/* What the model said, item by item in its own order: thinking before the call that it led to. */
static rc_t said(struct ctx *c, const struct llm_part *p, json_t *input)
{
    json_t *block;

    switch (p->kind) {
    case LLM_TEXT:
        return vendor_push(c, input,
                           json_pack("{s:s, s:s}", "role", "assistant", "content", p->text));
    case LLM_CALL:
        return vendor_push(c, input,
                           json_pack("{s:s, s:s, s:s, s:s}", "type", "function_call", "call_id",
                                     vendor_call_id(c->mem, p->call_id), "name", p->tool,
                                     "arguments", p->arguments));
    case LLM_OPAQUE:
        TRY(vendor_given(c, p->block, &block));
        return vendor_push(c, input, json_incref(block));
    case LLM_IMAGE:
    case LLM_RESULT:
        break;
    }
    return OK;
}

static rc_t conversation(struct ctx *c, const struct llm_ask *ask, json_t *input)
{
    struct llm_turn *turns;
    size_t count;

    TRY(turns_of(c, ask, OPENAI_RESPONSES_OWNER, false, &turns, &count));
    for (size_t i = 0; i < count; i++) {
        if (turns[i].author == LLM_PERSON) {
            TRY(results(c, &turns[i], input));
            TRY(say(c, &turns[i], input));
            continue;
        }
        for (size_t k = 0; k < turns[i].count; k++)
            TRY(said(c, turns[i].parts[k], input));
    }
    return OK;
}

/* This API takes a tool without the word for a strict one: so the word is always said. */
static rc_t add_tool(struct ctx *c, const struct llm_tool *tool, json_t *list)
{
    json_t *schema, *item = json_pack("{s:s, s:s}", "type", "function", "name", tool->name);

    TRY(vendor_push(c, list, item));
    if (!text_blank(tool->about))
        TRY(vendor_put(c, item, "description", json_string(tool->about)));
    TRY(vendor_given(c, tool->schema, &schema));
    TRY(vendor_put(c, item, "parameters", json_incref(schema)));
    return vendor_put(c, item, "strict", json_boolean(tool->strict));
}

static rc_t tools(struct ctx *c, const struct llm_ask *ask, json_t *body)
{
    static const char *const words[] = {[LLM_CHOOSE_FREELY] = "auto",
                                        [LLM_CHOOSE_NONE] = "none",
                                        [LLM_CHOOSE_REQUIRED] = "required",
                                        [LLM_CHOOSE_ONE] = NULL};
    json_t *list;

    if (ask->tool_count == 0)
        return OK;
    list = json_array();
    TRY(vendor_put(c, body, "tools", list));
    for (size_t i = 0; i < ask->tool_count; i++)
        TRY(add_tool(c, &ask->tools[i], list));
    if (ask->one_call_only)
        TRY(vendor_put(c, body, "parallel_tool_calls", json_false()));
    return vendor_put(c, body, "tool_choice",
                      ask->choice == LLM_CHOOSE_ONE
                          ? json_pack("{s:s, s:s}", "type", "function", "name", ask->chosen)
                          : json_string(words[ask->choice]));
}

static rc_t format(struct ctx *c, const struct llm_ask *ask, json_t *body)
{
    json_t *schema;

    if (ask->format_schema == NULL)
        return ask->format_json
                   ? vendor_put(c, body, "text",
                                json_pack("{s:{s:s}}", "format", "type", "json_object"))
                   : OK;
    TRY(vendor_given(c, ask->format_schema, &schema));
    return vendor_put(c, body, "text",
                      json_pack("{s:{s:s, s:s, s:b, s:O}}", "format", "type", "json_schema", "name",
                                ask->format_name, "strict", (int)!ask->format_loose, "schema",
                                schema));
}

/* Thinking is asked for encrypted only where the model thinks: others refuse the wish. */
static rc_t thinking(struct ctx *c, const struct llm_ask *ask, json_t *body)
{
    const char *word = openai_effort(ask);

    if (!openai_thinks(ask->model))
        return OK;
    if (word != NULL)
        TRY(vendor_put(c, body, "reasoning", json_pack("{s:s}", "effort", word)));
    return vendor_put(c, body, "include", json_pack("[s]", "reasoning.encrypted_content"));
}

rc_t responses_ask(struct ctx *c, const struct llm_account *account, const struct llm_ask *ask,
                   struct http_ask *out)
{
    json_t *body = json_pack("{s:s, s:[], s:I, s:b, s:b}", "model", ask->model, "input",
                             "max_output_tokens", (json_int_t)ask->max_tokens, "stream",
                             (int)ask->stream, "store", 0);

    TRY(vendor_body(c, body));
    if (ask->stop_count > 0)
        return vendor_cannot(c, OPENAI, "the Responses API can't be told where to stop");
    if (!text_blank(ask->system))
        TRY(vendor_put(c, body, "instructions", json_string(ask->system)));
    TRY(conversation(c, ask, json_object_get(body, "input")));
    TRY(tools(c, ask, body));
    TRY(format(c, ask, body));
    TRY(openai_sampling(c, ask, body));
    TRY(thinking(c, ask, body));
    if (openai_host(account) == OPENAI_OWN && !text_blank(ask->cache_key))
        TRY(vendor_put(c, body, "prompt_cache_key", json_string(ask->cache_key)));
    openai_post(c, account, ask->model, false, "/responses", body, out);
    return OK;
}
