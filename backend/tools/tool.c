/* See tool.h. */
#include "tools/tool.h"

#include <stdlib.h>

#define TOOL(name) extern const struct tool tool_##name;
#include "tools/tools.def"
#undef TOOL

static const struct tool *const tools[] = {
#define TOOL(name) &tool_##name,
#include "tools/tools.def"
#undef TOOL
};

const struct tool *const *tools_all(size_t *count)
{
    *count = COUNT_OF(tools);
    return tools;
}

const struct tool *tool_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(tools); i++)
        if (text_is(tools[i]->name, name))
            return tools[i];
    return NULL;
}

static json_t *field_schema(const struct field *f)
{
    static const char *const types[] = {
        [F_TEXT] = "string", [F_INT] = "integer", [F_BOOL] = "boolean", [F_NUM] = "number"};
    json_t *schema = json_pack("{s:s}", "type", types[f->kind]);

    if (f->about != NULL)
        json_object_set_new(schema, "description", json_string(f->about));
    return schema;
}

const char *tool_schema(struct arena *mem, const struct tool *tool)
{
    json_t *properties = json_object(), *required = json_array(), *schema;
    const char *text;

    for (size_t i = 0; i < tool->input->count; i++) {
        const struct field *f = &tool->input->fields[i];

        json_object_set_new(properties, f->name, field_schema(f));
        if (f->flags & REQUIRED)
            json_array_append_new(required, json_string(f->name));
    }
    schema = json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties,
                       "required", required, "additionalProperties", 0);
    if (schema == NULL)
        abort();
    text = json_text(mem, schema);
    json_decref(schema);
    return text;
}

rc_t tool_offer(struct ctx *c, const struct tool *tool, const struct employee_brain *who,
                struct tool_offer *out)
{
    *out = (struct tool_offer){.about = tool->about};
    return tool->offer == NULL ? OK : tool->offer(c, who, out);
}

rc_t tool_run(struct ctx *c, const struct tool *tool, const struct tool_host *host,
              const char *arguments, const char **out)
{
    void *in = arena_take(c->mem, tool->input->size);

    TRY(shape_read(c, tool->input, bytes_of(arguments), in));
    return tool->run(c, host, in, out);
}
