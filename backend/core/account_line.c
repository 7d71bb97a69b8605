/* See account_line.h. */
#include "core/account_line.h"

#include "base/shape.h"

static enum account_said said(const json_t *line, const char *key)
{
    const json_t *v = json_object_get(line, key);

    if (v == NULL)
        return SAID_NOTHING;
    return json_is_true(v) ? SAID_YES : SAID_NO;
}

static int64_t number(const json_t *line, const char *key)
{
    return json_integer_value(json_object_get(line, key));
}

static struct account_line line_of(const json_t *line)
{
    return (struct account_line){.name = json_str(line, "name"),
                                 .priced = json_object_get(line, "input") != NULL,
                                 .price = {.input = number(line, "input"),
                                           .cached = number(line, "cached"),
                                           .cache_write = number(line, "cache_write"),
                                           .output = number(line, "output"),
                                           .from = json_str(line, "from"),
                                           .own = true},
                                 .tools = said(line, "tools"),
                                 .images = said(line, "images"),
                                 .size = json_str(line, "size"),
                                 .context = number(line, "context"),
                                 .answer = number(line, "answer")};
}

rc_t account_lines_read(struct ctx *c, const char *json, const struct account_line **out,
                        size_t *count)
{
    struct account_line *lines;
    json_t *root;

    *out = NULL;
    *count = 0;
    if (json == NULL)
        return OK;
    TRY(json_parse(c, bytes_of(json), &root));
    lines = arena_take(c->mem, (json_array_size(root) + 1) * sizeof(*lines));
    for (size_t i = 0; i < json_array_size(root); i++)
        lines[(*count)++] = line_of(json_array_get(root, i));
    *out = lines;
    return OK;
}

static const char *dup_or_null(struct arena *mem, const char *text)
{
    return text == NULL ? NULL : text_dup(mem, text);
}

const struct account_line *account_lines_copy(struct arena *mem, const struct account_line *lines,
                                              size_t count)
{
    struct account_line *own = arena_take(mem, (count + 1) * sizeof(*own));

    for (size_t i = 0; i < count; i++) {
        own[i] = lines[i];
        own[i].name = text_dup(mem, lines[i].name);
        own[i].size = dup_or_null(mem, lines[i].size);
        own[i].price.from = dup_or_null(mem, lines[i].price.from);
    }
    return own;
}
