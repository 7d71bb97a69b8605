/*
 * Anthropic's messages API: what is asked. Tools, system text and the stable beginning of the
 * conversation are marked for its prompt cache.
 */
#include "llm/anthropic.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "llm/turns.h"

#define VERSION "2023-06-01"
#define BUDGET_LEAST 1024 /* of thinking, where it is counted */
#define NEWEST 1000
#define ADAPTIVE 46    /* from here on the model finds out itself how long to think */
#define NO_SAMPLING 47 /* and from here on it refuses temperature and top_p */

/*
 * The model's generation as ten times its number: 45 for "claude-haiku-4-5-20251001", 37 for
 * "claude-3-7-sonnet-latest". Names without one are taken for new.
 */
static int generation(const char *model)
{
    const char *at = strpbrk(model, "0123456789");
    char *rest;

    if (at == NULL)
        return NEWEST;

    long major = strtol(at, &rest, 10), minor = 0;

    if ((rest[0] == '-' || rest[0] == '.') && isdigit((unsigned char)rest[1]))
        minor = strtol(rest + 1, NULL, 10);
    if (major > 99)
        return NEWEST;
    return (int)(major * 10 + (minor > 9 ? 0 : minor)); /* a longer number is a date */
}

/*
 * Thinking goes with free choice of tools only. And older models want their own thinking back in
 * front of each call of the tool loop that is going on: where another one made them, they can't
 * think now.
 */
static bool may_think(const struct llm_ask *ask, const struct llm_turn *turns, size_t count)
{
    if (ask->effort == LLM_EFFORT_USUAL || ask->effort == LLM_EFFORT_NONE)
        return false;
    if (ask->tool_count > 0 &&
        (ask->choice == LLM_CHOOSE_REQUIRED || ask->choice == LLM_CHOOSE_ONE))
        return false;
    for (size_t i = count; i-- > 0 && generation(ask->model) < ADAPTIVE;) {
        bool goes_on = turns[i].author == LLM_EMPLOYEE || turn_has(&turns[i], LLM_RESULT) > 0;

        if (!goes_on)
            return true;
        if (turn_has(&turns[i], LLM_CALL) > 0 && turns[i].parts[0]->kind != LLM_OPAQUE)
            return false;
    }
    return true;
}

static rc_t think(struct ctx *c, const struct llm_ask *ask, json_t *body, json_t *config)
{
    static const char *const words[] = {
        [LLM_EFFORT_LOW] = "low", [LLM_EFFORT_MEDIUM] = "medium", [LLM_EFFORT_HIGH] = "high"};
    int64_t budget = ask->max_tokens / 4 * (ask->effort - LLM_EFFORT_LOW + 1);

    if (generation(ask->model) >= ADAPTIVE) {
        TRY(vendor_put(c, config, "effort", json_string(words[ask->effort])));
        return vendor_put(c, body, "thinking", json_pack("{s:s}", "type", "adaptive"));
    }
    if (budget < BUDGET_LEAST)
        return OK; /* an answer this short leaves no room for it */
    return vendor_put(
        c, body, "thinking",
        json_pack("{s:s, s:I}", "type", "enabled", "budget_tokens", (json_int_t)budget));
}

/* The API takes one of the two wishes, and neither from a model that thinks. */
static rc_t sampling(struct ctx *c, const struct llm_ask *ask, json_t *body)
{
    if (generation(ask->model) >= NO_SAMPLING || json_object_get(body, "thinking") != NULL)
        return OK;
    if (ask->temperature != NULL)
        return vendor_put(c, body, "temperature",
                          json_real(*ask->temperature > 1 ? 1 : *ask->temperature));
    return ask->top_p == NULL ? OK : vendor_put(c, body, "top_p", json_real(*ask->top_p));
}

static json_t *cached(void)
{
    return json_pack("{s:s}", "type", "ephemeral");
}

static rc_t add_tool(struct ctx *c, const struct llm_tool *tool, bool last, json_t *list)
{
    json_t *schema, *item = json_pack("{s:s}", "name", tool->name);

    TRY(vendor_push(c, list, item));
    if (!text_blank(tool->about))
        TRY(vendor_put(c, item, "description", json_string(tool->about)));
    TRY(vendor_given(c, tool->schema, &schema));
    if (json_object_get(schema, "type") == NULL) /* the API insists on what is clear anyway */
        TRY(vendor_put(c, schema, "type", json_string("object")));
    if (tool->strict)
        TRY(anthropic_schema(c, schema));
    TRY(vendor_put(c, item, "input_schema", json_incref(schema)));
    if (tool->strict)
        TRY(vendor_put(c, item, "strict", json_true()));
    return last ? vendor_put(c, item, "cache_control", cached()) : OK;
}

static rc_t tools(struct ctx *c, const struct llm_ask *ask, json_t *body)
{
    static const char *const words[] = {[LLM_CHOOSE_FREELY] = "auto",
                                        [LLM_CHOOSE_NONE] = "none",
                                        [LLM_CHOOSE_REQUIRED] = "any",
                                        [LLM_CHOOSE_ONE] = "tool"};
    json_t *list, *choice;

    if (ask->tool_count == 0)
        return OK;
    list = json_array();
    TRY(vendor_put(c, body, "tools", list));
    for (size_t i = 0; i < ask->tool_count; i++)
        TRY(add_tool(c, &ask->tools[i], i + 1 == ask->tool_count, list));
    if (ask->choice == LLM_CHOOSE_FREELY && !ask->one_call_only)
        return OK;
    choice = json_pack("{s:s}", "type", words[ask->choice]);
    TRY(vendor_put(c, body, "tool_choice", choice));
    if (ask->choice == LLM_CHOOSE_ONE)
        TRY(vendor_put(c, choice, "name", json_string(ask->chosen)));
    return ask->one_call_only && ask->choice != LLM_CHOOSE_NONE
               ? vendor_put(c, choice, "disable_parallel_tool_use", json_true())
               : OK;
}

static rc_t format(struct ctx *c, const struct llm_ask *ask, json_t *config)
{
    json_t *schema;

    if (ask->format_schema == NULL)
        return ask->format_json ? vendor_cannot(c, ANTHROPIC, "it answers in JSON only by a schema")
                                : OK;
    TRY(vendor_given(c, ask->format_schema, &schema));
    TRY(anthropic_schema(c, schema));
    return vendor_put(c, config, "format",
                      json_pack("{s:s, s:O}", "type", "json_schema", "schema", schema));
}

static rc_t stops(struct ctx *c, const struct llm_ask *ask, json_t *body)
{
    json_t *list;

    if (ask->stop_count == 0)
        return OK;
    list = json_array();
    TRY(vendor_put(c, body, "stop_sequences", list));
    for (size_t i = 0; i < ask->stop_count; i++) {
        if (text_blank(ask->stops[i]))
            return vendor_cannot(c, ANTHROPIC, "it can't stop at white space");
        TRY(vendor_push(c, list, json_string(ask->stops[i])));
    }
    return OK;
}

/* What is said about how to answer; the rest of the body is said already. */
static rc_t manner(struct ctx *c, const struct llm_ask *ask, bool thinks, json_t *body)
{
    json_t *config = json_object();

    TRY(vendor_put(c, body, "output_config", config));
    TRY(format(c, ask, config));
    if (thinks)
        TRY(think(c, ask, body, config));
    if (json_object_size(config) == 0)
        json_object_del(body, "output_config");
    TRY(sampling(c, ask, body));
    return stops(c, ask, body);
}

static const char *base_of(const struct llm_account *account)
{
    return text_blank(account->base_url) ? ANTHROPIC_HOME : account->base_url;
}

static void sign(const struct llm_account *account, struct http_ask *out)
{
    http_header_add(out, "anthropic-version", VERSION);
    if (account->key != NULL)
        http_header_add(out, "x-api-key", account->key);
}

static rc_t anthropic_ask(struct ctx *c, const struct llm_account *account,
                          const struct llm_ask *ask, struct http_ask *out)
{
    json_t *body = json_pack("{s:s, s:I, s:[], s:b}", "model", ask->model, "max_tokens",
                             (json_int_t)ask->max_tokens, "messages", "stream", (int)ask->stream);
    struct llm_turn *turns;
    size_t count;

    TRY(vendor_body(c, body));
    if (!text_blank(ask->system))
        TRY(vendor_put(c, body, "system",
                       json_pack("[{s:s, s:s, s:o}]", "type", "text", "text", ask->system,
                                 "cache_control", cached())));
    TRY(turns_of(c, ask, ANTHROPIC, true, &turns, &count));
    TRY(anthropic_messages(c, turns, count, json_object_get(body, "messages")));
    TRY(tools(c, ask, body));
    TRY(manner(c, ask, may_think(ask, turns, count), body));
    vendor_post(c, vendor_url(c, base_of(account), "/v1", true, "/messages"), body, out);
    sign(account, out);
    return OK;
}

static rc_t anthropic_list(struct ctx *c, const struct llm_account *account, struct http_ask *out)
{
    const char *url = vendor_url(c, base_of(account), "/v1", true, "/models");

    vendor_get(text_printf(c->mem, "%s%climit=1000", url, strchr(url, '?') == NULL ? '?' : '&'),
               out);
    sign(account, out);
    return OK;
}

static rc_t anthropic_listed(struct ctx *c, const struct llm_account *account,
                             const struct http_answer *http, const char **names)
{
    (void)account;
    return vendor_names(c, ANTHROPIC, http, "data", "id", names);
}

const struct llm llm_anthropic = {
    .name = ANTHROPIC,
    .default_url = ANTHROPIC_HOME,
    .can = LLM_CAN_STREAM,
    .framing = LLM_SSE,
    .needs_key = true,
    .ask = anthropic_ask,
    .answer = anthropic_answer,
    .event = anthropic_event,
    .list = anthropic_list,
    .listed = anthropic_listed,
};
