/*
 * The members of a request that every response repeats. One that is too long to be said three times
 * in a stream counts as if it had not been there.
 */
#include <string.h>

#include "base/shape.h"
#include "llm/served_parts.h"
#include "llm/served_responses.h"

#define MEMBER_MAX KIB(128)

/* Each member and what stands for it when it was not there. */
static const struct {
    const char *key, *missing;
} rows[] = {
    {"instructions", "null"},
    {"max_output_tokens", "null"},
    {"metadata", "{}"},
    {"parallel_tool_calls", "true"},
    {"reasoning", "{\"effort\":null,\"summary\":null}"},
    {"temperature", "null"},
    {"text", "{\"format\":{\"type\":\"text\"}}"},
    {"tool_choice", "\"auto\""},
    {"top_p", "null"},
};

/* Tools as they are taken here: what was left out has its usual value. */
static const char *tools(struct ctx *c, const struct llm_ask *ask)
{
    struct buf out = buf_new(c->mem, MEMBER_MAX);

    buf_char(&out, '[');
    for (size_t i = 0; i < ask->tool_count; i++) {
        const struct llm_tool *tool = &ask->tools[i];

        if (i > 0)
            buf_char(&out, ',');
        buf_text(&out, "{\"type\":\"function\",\"name\":");
        served_string(&out, tool->name);
        buf_text(&out, ",\"description\":");
        served_string(&out, tool->about);
        buf_text(&out, ",\"parameters\":");
        buf_text(&out, tool->schema);
        buf_text(&out, tool->strict ? ",\"strict\":true}" : ",\"strict\":false}");
    }
    buf_char(&out, ']');
    return out.over ? "[]" : buf_str(&out);
}

static const char *member(struct ctx *c, const json_t *value, const char *missing)
{
    const char *text = value == NULL || json_is_null(value) ? missing : json_text(c->mem, value);

    return strlen(text) > MEMBER_MAX ? missing : text;
}

const char *served_responses_echo(struct ctx *c, const json_t *body, const struct llm_ask *ask)
{
    struct buf out = buf_new(c->mem, (COUNT_OF(rows) + 2) * MEMBER_MAX);

    buf_text(&out, "\"background\":false,\"previous_response_id\":null,"
                   "\"truncation\":\"disabled\",");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        buf_printf(&out, "\"%s\":", rows[i].key);
        buf_text(&out, member(c, json_object_get(body, rows[i].key), rows[i].missing));
        buf_char(&out, ',');
    }
    buf_text(&out, "\"tools\":");
    buf_text(&out, tools(c, ask));
    return buf_str(&out);
}
