/* See shape.h. */
#include "base/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/eight.h"
#include "base/json_read.h"

#define JSON_DEPTH_MAX 32
#define JSON_MEMORY_MAX MIB(64) /* a thousand long vectors take 40 */
#define JSON_BYTE_MOST 128      /* and one byte of a text at most */

static void drop_json(void *thing)
{
    json_decref(thing);
}

/* Checked on the text, so that nothing deep is ever built. */
static bool too_deep(struct bytes text)
{
    int depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < text.len; i++) {
        char at = text.data[i];

        if (in_string && at == '\\')
            i++;
        else if (at == '"')
            in_string = !in_string;
        else if (!in_string && (at == '{' || at == '[') && ++depth > JSON_DEPTH_MAX)
            return true;
        else if (!in_string && (at == '}' || at == ']'))
            depth--;
    }
    return false;
}

/*
 * What the values of a text take in memory, about: an empty object of two bytes takes a hundred
 * times as much. Each value but the first stands behind one of these signs.
 */
static size_t memory_of(struct bytes text)
{
    static const unsigned short weights[256] = {
        ['{'] = 256, ['['] = 160, ['"'] = 96, [':'] = 64, [','] = 48};
    size_t sum = text.len;

    for (size_t i = 0; i < text.len; i++) {
        sum += weights[(unsigned char)text.data[i]];
        if (text.data[i] != '"')
            continue;
        for (i = eight_skip_plain(text.data, text.len, i + 1); i < text.len && text.data[i] != '"';
             i = eight_skip_plain(text.data, text.len, i + 1))
            i += text.data[i] == '\\';
    }
    return sum;
}

static bool too_large(struct bytes text)
{
    return text.len > JSON_MEMORY_MAX / JSON_BYTE_MOST && memory_of(text) > JSON_MEMORY_MAX;
}

rc_t json_parse(struct ctx *c, struct bytes text, json_t **out)
{
    json_error_t why;

    if (text.len == 0)
        return ctx_fail(c, E_INVALID, "json_missing",
                        "The request has no body; send a JSON object.");
    if (too_large(text))
        return ctx_fail(c, E_INVALID, "json_too_many", "The JSON has too many values.");

    json_t *root = json_read(text, JSON_DEPTH_MAX);

    if (root == NULL && too_deep(text))
        return ctx_fail(c, E_INVALID, "json_too_deep", "The JSON is nested deeper than %d levels.",
                        JSON_DEPTH_MAX);
    if (root == NULL)
        root = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return ctx_fail(c, E_INVALID, "json_malformed",
                        "The body is not valid JSON: line %d, column %d.", why.line, why.column);
    arena_on_end(c->mem, drop_json, root);
    *out = root;
    return OK;
}

char *json_text(struct arena *mem, const json_t *v)
{
    char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

    if (text == NULL)
        abort();

    char *copy = text_dup(mem, text);

    free(text);
    return copy;
}

const char *json_str(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

const struct field *shape_field(const struct shape *shape, const char *name)
{
    for (size_t i = 0; i < shape->count; i++)
        if (strcmp(shape->fields[i].name, name) == 0)
            return &shape->fields[i];
    return NULL;
}

static void *slot(const struct field *f, void *object)
{
    return (char *)object + f->offset;
}

static const void *slot_const(const struct field *f, const void *object)
{
    return (const char *)object + f->offset;
}

/*
 * Control characters other than line breaks and tabs have no business in anything a person types.
 */
static bool has_control(const char *text)
{
    for (const unsigned char *s = (const unsigned char *)text; *s != '\0'; s++)
        if ((*s < 0x20 && *s != '\n' && *s != '\r' && *s != '\t') || *s == 0x7f)
            return true;
    return false;
}

static rc_t read_text(struct ctx *c, const struct field *f, const json_t *v, void *object)
{
    const char *text = json_string_value(v);
    size_t len = json_string_length(v);

    if (text == NULL)
        return ctx_bad(c, f->name, "wrong_type", "%s must be text.", f->name);
    if (strlen(text) != len || has_control(text))
        return ctx_bad(c, f->name, "bad_text", "%s has control characters in it; take them out.",
                       f->name);
    if (f->max > 0 && len > (size_t)f->max)
        return ctx_bad(c, f->name, "too_long", "%s may have at most %lld bytes; this has %zu.",
                       f->name, (long long)f->max, len);
    if ((f->flags & REQUIRED) && text_blank(text))
        return ctx_bad(c, f->name, "missing", "%s must not be empty.", f->name);
    if (f->one_of != NULL && !text_among(f->one_of, text))
        return ctx_bad(c, f->name, "not_a_choice", "%s must be one of: %s.", f->name,
                       text_listed(c->mem, f->one_of));
    *(const char **)slot(f, object) = text_copy(c->mem, text, len);
    return OK;
}

static rc_t read_number(struct ctx *c, const struct field *f, const json_t *v, void *object)
{
    if (f->kind == F_INT ? !json_is_integer(v) : !json_is_number(v))
        return ctx_bad(c, f->name, "wrong_type", "%s must be a %s.", f->name,
                       f->kind == F_INT ? "whole number" : "number");
    if (f->max > 0 && (json_number_value(v) > (double)f->max || json_number_value(v) < 0))
        return ctx_bad(c, f->name, "out_of_range", "%s must be between 0 and %lld.", f->name,
                       (long long)f->max);
    if (f->kind == F_INT)
        *(int64_t *)slot(f, object) = json_integer_value(v);
    else
        *(double *)slot(f, object) = json_number_value(v);
    return OK;
}

static rc_t read_field(struct ctx *c, const struct field *f, const json_t *v, void *object)
{
    if (f->flags & READ_ONLY)
        return ctx_bad(c, f->name, "read_only", "%s can't be set.", f->name);
    if (f->kind == F_TEXT)
        return read_text(c, f, v, object);
    if (f->kind != F_BOOL)
        return read_number(c, f, v, object);
    if (!json_is_boolean(v))
        return ctx_bad(c, f->name, "wrong_type", "%s must be true or false.", f->name);
    *(bool *)slot(f, object) = json_is_true(v);
    return OK;
}

rc_t shape_read(struct ctx *c, const struct shape *shape, struct bytes json, void *out)
{
    json_t *root, *v;
    const char *key;

    memset(out, 0, shape->size);
    TRY(json_parse(c, json, &root));
    if (!json_is_object(root))
        return ctx_fail(c, E_INVALID, "json_not_object", "The body must be a JSON object.");
    json_object_foreach(root, key, v)
    {
        const struct field *f = shape_field(shape, key);

        if (f == NULL)
            return ctx_bad(c, text_dup(c->mem, key), "unknown_field", "There is no field %s here.",
                           text_clean(c->mem, key, 100));
        if (json_is_null(v) && !(f->flags & (REQUIRED | READ_ONLY)))
            continue;
        TRY(read_field(c, f, v, out));
    }
    for (size_t i = 0; i < shape->count; i++)
        if ((shape->fields[i].flags & REQUIRED) &&
            json_object_get(root, shape->fields[i].name) == NULL)
            return ctx_bad(c, shape->fields[i].name, "missing", "%s is missing.",
                           shape->fields[i].name);
    return OK;
}

static json_t *field_json(const struct field *f, const void *object)
{
    const void *at = slot_const(f, object);

    switch (f->kind) {
    case F_TEXT: {
        const char *text = *(const char *const *)at;

        return text == NULL ? json_null() : json_string(text);
    }
    case F_INT:
        return json_integer(*(const int64_t *)at);
    case F_BOOL:
        return json_boolean(*(const bool *)at);
    case F_NUM:
        return json_real(*(const double *)at);
    }
    return NULL;
}

json_t *shape_json(const struct shape *shape, const void *from)
{
    json_t *object = json_object();

    for (size_t i = 0; i < shape->count; i++) {
        const struct field *f = &shape->fields[i];

        if (!(f->flags & WRITE_ONLY) &&
            json_object_set_new(object, f->name, field_json(f, from)) != 0)
            abort();
    }
    return object;
}

rc_t shape_set(struct ctx *c, const struct field *f, void *object, const char *text)
{
    if (text == NULL)
        return OK;
    switch (f->kind) {
    case F_TEXT:
        *(const char **)slot(f, object) = text_dup(c->mem, text);
        return OK;
    case F_INT:
        if (text_int(text, slot(f, object)) != OK)
            return ctx_fail(c, E_INTERNAL, "db_bad_int", "column %s is no whole number", f->name);
        return OK;
    case F_BOOL:
        *(bool *)slot(f, object) = text[0] == 't';
        return OK;
    case F_NUM:
        *(double *)slot(f, object) = strtod(text, NULL);
        return OK;
    }
    return E_INTERNAL;
}
