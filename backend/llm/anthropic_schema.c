/*
 * JSON schemas in the part of the language that Anthropic's models are held to: all objects are
 * closed, and bounds of numbers, texts and lists are no constraints. What can't be held to is said
 * in the description, so that the model reads of it at least.
 */
#include "llm/anthropic.h"

#include "base/shape.h"

#define NOTES_MAX KIB(4)

static rc_t fit_each(struct ctx *c, json_t *schemas)
{
    const char *key;
    json_t *one;
    size_t i;

    if (json_is_object(schemas))
        json_object_foreach(schemas, key, one) TRY(anthropic_schema(c, one));
    json_array_foreach(schemas, i, one) TRY(anthropic_schema(c, one));
    return OK;
}

static bool says_object(const json_t *type)
{
    const json_t *one;
    size_t i;

    if (text_is(json_string_value(type), "object"))
        return true;
    json_array_foreach(type, i, one) if (text_is(json_string_value(one), "object")) return true;
    return false;
}

/* An object whose keys are free can't be closed without losing what it is for. */
static rc_t close_object(struct ctx *c, json_t *schema)
{
    const json_t *properties = json_object_get(schema, "properties"),
                 *more = json_object_get(schema, "additionalProperties");

    if (properties == NULL && !says_object(json_object_get(schema, "type")))
        return OK;
    if ((json_is_object(more) && json_object_size(more) > 0) ||
        (properties == NULL && !json_is_false(more)))
        return vendor_cannot(c, ANTHROPIC, "it fills no objects with keys that no schema names");
    return vendor_put(c, schema, "additionalProperties", json_false());
}

/* Lists may be told to have something in them, and no more than that. */
static bool is_held_to(const char *key, const json_t *value)
{
    return text_is(key, "minItems") && json_is_integer(value) && json_integer_value(value) <= 1;
}

/* Takes out what the model isn't held to. */
static rc_t note_bounds(struct ctx *c, json_t *schema)
{
    static const char *const bounds[] = {"minimum",          "maximum",       "exclusiveMinimum",
                                         "exclusiveMaximum", "multipleOf",    "minLength",
                                         "maxLength",        "minItems",      "maxItems",
                                         "uniqueItems",      "minProperties", "maxProperties"};
    struct buf notes = buf_new(c->mem, NOTES_MAX);
    const char *about = json_str(schema, "description");

    for (size_t i = 0; i < COUNT_OF(bounds); i++) {
        const json_t *value = json_object_get(schema, bounds[i]);

        if (value == NULL || json_is_object(value) || is_held_to(bounds[i], value))
            continue;
        buf_printf(&notes, "%s%s: %s", notes.len == 0 ? "" : ", ", bounds[i],
                   vendor_compact(c->mem, value));
        json_object_del(schema, bounds[i]);
    }
    if (notes.len == 0)
        return OK;
    return vendor_put(c, schema, "description",
                      json_string(text_printf(c->mem, "%s%s(%s)", about == NULL ? "" : about,
                                              about == NULL ? "" : " ", buf_str(&notes))));
}

/* One of several is any of them here. */
static void name_choice(json_t *schema)
{
    json_t *one_of = json_object_get(schema, "oneOf");

    if (one_of == NULL || json_object_get(schema, "anyOf") != NULL)
        return;
    json_object_set(schema, "anyOf", one_of);
    json_object_del(schema, "oneOf");
}

rc_t anthropic_schema(struct ctx *c, json_t *schema)
{
    static const char *const inside[] = {"properties", "$defs", "definitions",
                                         "anyOf",      "allOf", "oneOf"};

    if (!json_is_object(schema))
        return OK;
    TRY(close_object(c, schema));
    TRY(note_bounds(c, schema));
    name_choice(schema);
    for (size_t i = 0; i < COUNT_OF(inside); i++)
        TRY(fit_each(c, json_object_get(schema, inside[i])));
    return anthropic_schema(c, json_object_get(schema, "items"));
}
