/* See served_parts.h: what the questions of both APIs have in common. */
#include "base/shape.h"
#include "llm/gather.h"
#include "llm/served_parts.h"

#include <string.h>

rc_t served_common(struct ctx *c, const json_t *body, struct llm_ask *ask)
{
    const struct served_at *top = NULL;
    bool parallel = true;

    TRY(served_needed(c, top, body, "model", SERVED_MODEL_MAX, &ask->model));
    TRY(served_wish(c, top, body, "temperature", 2, &ask->temperature));
    TRY(served_wish(c, top, body, "top_p", 1, &ask->top_p));
    TRY(served_bool(c, top, body, "stream", &ask->stream));
    TRY(served_bool(c, top, body, "parallel_tool_calls", &parallel));
    TRY(served_text(c, top, body, "prompt_cache_key", &ask->cache_key));
    ask->one_call_only = !parallel;
    return OK;
}

/* "data:image/png;base64,AAAA": media and bytes; the bytes are not copied. */
static bool data_url(struct arena *mem, const char *url, struct llm_part *out)
{
    const char *media = url + strlen("data:"), *comma = strchr(media, ','),
               *mark = comma == NULL ? NULL : memmem(media, (size_t)(comma - media), ";base64", 7);

    if (mark == NULL)
        return false;
    out->media = text_copy(mem, media, strcspn(media, ";,"));
    if (text_is(out->media, "image/jpg")) /* often said, and everybody knows what is meant */
        out->media = "image/jpeg";
    out->base64 = comma + 1;
    return true;
}

rc_t served_image(struct ctx *c, const struct served_at *at, const char *key, const char *url,
                  struct llm_part *out)
{
    *out = (struct llm_part){.kind = LLM_IMAGE};
    if (text_starts(url, "data:"))
        return data_url(c->mem, url, out)
                   ? OK
                   : served_bad(c, at, key, "invalid_value", "this is no \"data:\" URL in base64.");
    if (!text_starts(url, "https://"))
        return served_bad(c, at, key, "invalid_value",
                          "this must be an https address or a \"data:\" URL in base64.");
    out->url = url;
    return OK;
}

static rc_t read_function(struct ctx *c, const struct served_at *at, const json_t *from,
                          struct llm_tool *out)
{
    json_t *schema = NULL;

    *out = (struct llm_tool){.schema = "{\"type\":\"object\",\"properties\":{}}"};
    TRY(served_needed(c, at, from, "name", LLM_NAME_MAX, &out->name));
    if (!gather_is_name(out->name))
        return served_bad(c, at, "name", "invalid_value",
                          "a name has letters, digits, \"_\" and \"-\" only.");
    TRY(served_text(c, at, from, "description", &out->about));
    TRY(served_bool(c, at, from, "strict", &out->strict));
    TRY(served_object(c, at, from, "parameters", &schema));
    if (schema != NULL)
        out->schema = json_text(c->mem, schema);
    return OK;
}

/*
 * The object with the members of a function, or, of what is no function, a fault in these words.
 */
static rc_t function_of(struct ctx *c, const struct served_at *at, const json_t *from,
                        const char *inside, const char *words, const json_t **out)
{
    const char *type = NULL;
    json_t *inner = NULL;

    TRY(served_needed(c, at, from, "type", 64, &type));
    if (!text_is(type, "function"))
        return served_cannot(c, at, "type", words);
    *out = from;
    if (inside == NULL)
        return OK;
    TRY(served_object(c, at, from, inside, &inner));
    *out = inner;
    return OK;
}

rc_t served_tools(struct ctx *c, const json_t *body, const char *inside, struct llm_ask *ask)
{
    const struct served_at list = {.key = "tools"};
    json_t *from = NULL;
    struct llm_tool *all;

    TRY(served_list(c, NULL, body, "tools", &from));
    if (json_array_size(from) > LLM_TOOLS_MAX)
        return ctx_fail(c, E_LIMIT, "llm_too_many", "There may be at most %d tools.",
                        LLM_TOOLS_MAX);
    all = arena_take(c->mem, (json_array_size(from) + 1) * sizeof(*all));
    for (size_t i = 0; i < json_array_size(from); i++) {
        const struct served_at one = {.up = &list, .index = i}, in = {.up = &one, .key = inside};
        const json_t *tool = json_array_get(from, i), *function;

        if (!json_is_object(tool))
            return served_wrong_type(c, &one, NULL, "an object");
        TRY(function_of(c, &one, tool, inside, "only tools of type function can be offered here.",
                        &function));
        TRY(read_function(c, inside == NULL ? &one : &in, function, &all[i]));
    }
    ask->tools = all;
    ask->tool_count = json_array_size(from);
    return OK;
}

static rc_t choice_by_word(struct ctx *c, const char *word, struct llm_ask *ask)
{
    if (text_is(word, "none"))
        ask->choice = LLM_CHOOSE_NONE;
    else if (text_is(word, "required"))
        ask->choice = LLM_CHOOSE_REQUIRED;
    else if (!text_is(word, "auto"))
        return served_bad(c, NULL, "tool_choice", "invalid_value",
                          "this must be none, auto, required, or an object with a function.");
    return OK;
}

rc_t served_tool_choice(struct ctx *c, const json_t *body, const char *inside, struct llm_ask *ask)
{
    const struct served_at at = {.key = "tool_choice"}, in = {.up = &at, .key = inside};
    const json_t *choice = json_object_get(body, "tool_choice"), *function;

    if (choice == NULL || json_is_null(choice))
        return OK;
    if (json_is_string(choice))
        return choice_by_word(c, json_string_value(choice), ask);
    if (!json_is_object(choice))
        return served_wrong_type(c, NULL, "tool_choice", "a text or an object");
    TRY(function_of(c, &at, choice, inside, "only a tool of type function can be chosen.",
                    &function));
    TRY(served_needed(c, inside == NULL ? &at : &in, function, "name", LLM_NAME_MAX, &ask->chosen));
    ask->choice = LLM_CHOOSE_ONE;
    return OK;
}

/* "minimal" is what the least effort is called for the models that have no "none". */
rc_t served_effort(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                   enum llm_effort *out)
{
    static const struct {
        const char *word;
        enum llm_effort effort;
    } rows[] = {
        {"none", LLM_EFFORT_NONE},     {"minimal", LLM_EFFORT_NONE}, {"low", LLM_EFFORT_LOW},
        {"medium", LLM_EFFORT_MEDIUM}, {"high", LLM_EFFORT_HIGH},    {"xhigh", LLM_EFFORT_HIGH},
        {"max", LLM_EFFORT_HIGH},
    };
    const char *word = NULL;

    TRY(served_text(c, at, from, key, &word));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (text_is(rows[i].word, word))
            *out = rows[i].effort;
    return word == NULL || *out != LLM_EFFORT_USUAL
               ? OK
               : served_bad(c, at, key, "invalid_value",
                            "this must be one of: none, minimal, low, medium, high, xhigh.");
}

static rc_t read_schema(struct ctx *c, const struct served_at *at, const json_t *from,
                        struct llm_ask *ask)
{
    json_t *schema = NULL;
    bool strict = false;

    TRY(served_needed(c, at, from, "name", LLM_NAME_MAX, &ask->format_name));
    if (!gather_is_name(ask->format_name))
        return served_bad(c, at, "name", "invalid_value",
                          "a name has letters, digits, \"_\" and \"-\" only.");
    TRY(served_bool(c, at, from, "strict", &strict));
    TRY(served_object(c, at, from, "schema", &schema));
    if (schema == NULL)
        return served_bad(c, at, "schema", "missing_required_parameter", "this is missing.");
    ask->format_schema = json_text(c->mem, schema);
    ask->format_loose = !strict;
    return OK;
}

rc_t served_format(struct ctx *c, const struct served_at *at, const json_t *from,
                   const char *inside, struct llm_ask *ask)
{
    const struct served_at in = {.up = at, .key = inside};
    const char *type = NULL;
    json_t *inner = NULL;

    if (from == NULL)
        return OK;
    TRY(served_needed(c, at, from, "type", 64, &type));
    ask->format_json = text_is(type, "json_object");
    if (ask->format_json || text_is(type, "text"))
        return OK;
    if (!text_is(type, "json_schema"))
        return served_cannot(c, at, "type", "this must be text, json_object or json_schema.");
    if (inside == NULL)
        return read_schema(c, at, from, ask);
    TRY(served_object(c, at, from, inside, &inner));
    return read_schema(c, &in, inner, ask);
}

void served_bound(struct served_ask *out)
{
    out->unbounded = out->ask.max_tokens == 0;
    if (out->unbounded)
        out->ask.max_tokens = SERVED_TOKENS_USUAL;
}

struct served_talked served_talked_new(struct ctx *c, size_t most, size_t bytes)
{
    return (struct served_talked){
        .messages = arena_take(c->mem, (most + 1) * sizeof(struct llm_message)),
        .system = buf_new(c->mem, bytes)};
}

void served_system(struct served_talked *talked, const char *text)
{
    if (text_blank(text))
        return;
    if (talked->system.len > 0)
        buf_text(&talked->system, "\n\n");
    buf_text(&talked->system, text);
}

void served_said(struct served_talked *talked, enum llm_author author, struct llm_part *parts,
                 size_t count)
{
    struct llm_message *m = &talked->messages[talked->count++];

    *m = (struct llm_message){.author = author, .text = ""};
    if (count == 1 && parts[0].kind == LLM_TEXT) {
        m->text = parts[0].text;
        return;
    }
    m->parts = count == 0 ? NULL : parts;
    m->part_count = count;
}

void served_settle(struct served_talked *talked, struct llm_ask *ask)
{
    /* Instructions alone are what is asked: not every provider answers to nobody. */
    if (talked->count == 0 && talked->system.len > 0) {
        talked->messages[talked->count++] = (struct llm_message)LLM_SAYS(
            LLM_PERSON, text_dup(talked->system.mem, buf_str(&talked->system)));
        talked->system.len = 0;
    }
    ask->messages = talked->messages;
    ask->count = talked->count;
    /* Who goes on with a conversation will come back with all of it; a lone question may be all. */
    for (size_t i = 0; i < talked->count && ask->stable_count == 0; i++)
        if (talked->messages[i].author == LLM_EMPLOYEE)
            ask->stable_count = talked->count;
    ask->system = talked->system.len == 0 ? NULL : buf_str(&talked->system);
}
