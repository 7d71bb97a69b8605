/* The members of a request that every response repeats. */
#include "base/shape.h"
#include "llm/served_parts.h"
#include "llm/served_responses.h"

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
static void tools(const struct llm_ask *ask, struct buf *out)
{
    buf_text(out, "\"tools\":[");
    for (size_t i = 0; i < ask->tool_count; i++) {
        const struct llm_tool *tool = &ask->tools[i];

        buf_text(out,
                 i == 0 ? "{\"type\":\"function\",\"name\":" : ",{\"type\":\"function\",\"name\":");
        served_string(out, tool->name);
        buf_text(out, ",\"description\":");
        served_string(out, tool->about);
        buf_text(out, ",\"parameters\":");
        buf_text(out, tool->schema);
        buf_text(out, tool->strict ? ",\"strict\":true}" : ",\"strict\":false}");
    }
    buf_char(out, ']');
}

const char *served_responses_echo(struct ctx *c, const json_t *body, const struct llm_ask *ask)
{
    struct buf out = buf_new(c->mem, 2 * SERVED_BODY_MAX);

    buf_text(&out, "\"background\":false,\"previous_response_id\":null,"
                   "\"truncation\":\"disabled\",");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const json_t *v = json_object_get(body, rows[i].key);

        buf_printf(&out, "\"%s\":", rows[i].key);
        buf_text(&out, v == NULL || json_is_null(v) ? rows[i].missing : json_text(c->mem, v));
        buf_char(&out, ',');
    }
    tools(ask, &out);
    return buf_str(&out);
}
