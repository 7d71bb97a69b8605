/* See served_parts.h: members of a body, read strictly, and what is said of a wrong one. */
#include "llm/served_parts.h"

#include <string.h>

#include "base/eight.h"
#include "base/shape.h"

static void name_of(const struct served_at *at, struct buf *out)
{
    if (at == NULL)
        return;
    name_of(at->up, out);
    if (at->key == NULL)
        buf_printf(out, "[%zu]", at->index);
    else
        buf_printf(out, "%s%s", out->len == 0 ? "" : ".", at->key);
}

rc_t served_bad(struct ctx *c, const struct served_at *at, const char *key, const char *code,
                const char *words)
{
    struct served_at here = {.up = at, .key = key};
    struct buf name = buf_new(c->mem, KIB(1));

    name_of(key == NULL ? at : &here, &name);
    return ctx_bad(c, buf_str(&name), code, "%s: %s", buf_str(&name), words);
}

rc_t served_wrong_type(struct ctx *c, const struct served_at *at, const char *key,
                       const char *wanted)
{
    return served_bad(c, at, key, "invalid_type", text_printf(c->mem, "this must be %s.", wanted));
}

rc_t served_cannot(struct ctx *c, const struct served_at *at, const char *key, const char *words)
{
    return served_bad(c, at, key, "unsupported_value", words);
}

/* How many values the JSON text has at most: each but the first stands behind one of these. */
static size_t values_in(struct bytes text)
{
    size_t count = 1;

    for (size_t i = 0; i < text.len; i++) {
        char at = text.data[i];

        if (at == '"') {
            for (i = eight_skip_plain(text.data, text.len, i + 1);
                 i < text.len && text.data[i] != '"';
                 i = eight_skip_plain(text.data, text.len, i + 1))
                i += text.data[i] == '\\';
        } else {
            count += at == ',' || at == '[' || at == '{';
        }
    }
    return count;
}

rc_t served_body(struct ctx *c, struct bytes body, json_t **out)
{
    if (body.len > SERVED_BODY_MAX)
        return ctx_fail(c, E_LIMIT, "body_too_large", "The body may have at most %zu bytes.",
                        SERVED_BODY_MAX);
    if (body.len >= SERVED_VALUES_MAX && values_in(body) > SERVED_VALUES_MAX)
        return ctx_fail(c, E_LIMIT, "llm_too_many", "The body may have at most %d JSON values.",
                        SERVED_VALUES_MAX);
    TRY(json_parse(c, body, out));
    if (!json_is_object(*out))
        return ctx_fail(c, E_INVALID, "json_not_object", "The body must be a JSON object.");
    return OK;
}

/* The member, or NULL when it is missing or null. */
static json_t *member(const json_t *from, const char *key)
{
    json_t *v = json_object_get(from, key);

    return json_is_null(v) ? NULL : v;
}

const char *served_kept(struct ctx *c, const json_t *text)
{
    return text_copy(c->mem, json_string_value(text), json_string_length(text));
}

rc_t served_text(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                 const char **out)
{
    json_t *v = member(from, key);

    if (v == NULL)
        return OK;
    if (!json_is_string(v))
        return served_wrong_type(c, at, key, "a text");
    *out = served_kept(c, v);
    return OK;
}

rc_t served_bool(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                 bool *out)
{
    json_t *v = member(from, key);

    if (v == NULL)
        return OK;
    if (!json_is_boolean(v))
        return served_wrong_type(c, at, key, "true or false");
    *out = json_is_true(v);
    return OK;
}

rc_t served_int(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                int64_t min, int64_t max, int64_t *out)
{
    json_t *v = member(from, key);

    if (v == NULL)
        return OK;
    if (!json_is_integer(v))
        return served_wrong_type(c, at, key, "a whole number");
    if (json_integer_value(v) < min || json_integer_value(v) > max)
        return served_bad(c, at, key, "invalid_value",
                          text_printf(c->mem, "this must be between %lld and %lld.", (long long)min,
                                      (long long)max));
    *out = json_integer_value(v);
    return OK;
}

rc_t served_list(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                 json_t **out)
{
    json_t *v = member(from, key);

    if (v == NULL)
        return OK;
    if (!json_is_array(v))
        return served_wrong_type(c, at, key, "a list");
    *out = v;
    return OK;
}

rc_t served_object(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                   json_t **out)
{
    json_t *v = member(from, key);

    if (v == NULL)
        return OK;
    if (!json_is_object(v))
        return served_wrong_type(c, at, key, "an object");
    *out = v;
    return OK;
}

rc_t served_wish(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                 double max, const double **out)
{
    json_t *v = member(from, key);
    double *wish;

    if (v == NULL)
        return OK;
    if (!json_is_number(v))
        return served_wrong_type(c, at, key, "a number");
    if (!(json_number_value(v) >= 0 && json_number_value(v) <= max))
        return served_bad(c, at, key, "invalid_value",
                          text_printf(c->mem, "this must be between 0 and %g.", max));
    wish = arena_take(c->mem, sizeof(*wish));
    *wish = json_number_value(v);
    *out = wish;
    return OK;
}

rc_t served_needed(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                   size_t max, const char **out)
{
    *out = NULL;
    TRY(served_text(c, at, from, key, out));
    if (*out == NULL)
        return served_bad(c, at, key, "missing_required_parameter", "this is missing.");
    if (text_blank(*out) || strlen(*out) > max)
        return served_bad(c, at, key, "invalid_value",
                          text_printf(c->mem, "this must have 1 to %zu bytes.", max));
    return OK;
}

static bool says_nothing(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return json_object_size(v) == 0;
    case JSON_ARRAY:
        return json_array_size(v) == 0;
    case JSON_STRING:
        return json_string_length(v) == 0;
    case JSON_INTEGER:
    case JSON_REAL:
        return !(json_number_value(v) < 0 || json_number_value(v) > 0);
    case JSON_TRUE:
        return false;
    case JSON_FALSE:
    case JSON_NULL:
        return true;
    }
    return false;
}

rc_t served_refuse(struct ctx *c, const json_t *body, const struct served_never *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *v = json_object_get(body, rows[i].key);

        if (v != NULL && !says_nothing(v))
            return served_bad(c, NULL, rows[i].key, "unsupported_parameter", rows[i].words);
    }
    return OK;
}
