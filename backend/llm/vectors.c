/* See vectors.h. */
#include "llm/vectors.h"

#include <math.h>
#include <string.h>

#include "llm/vendor.h"

rc_t vectors_check(struct ctx *c, const struct llm_ask *ask)
{
    if (ask->text_count > LLM_TEXTS_MAX)
        return ctx_fail(c, E_LIMIT, "llm_too_many", "more than %d texts", LLM_TEXTS_MAX);
    if (ask->dimensions < 0 || ask->dimensions > LLM_DIMENSIONS_MAX)
        return ctx_fail(c, E_INVALID, "llm_bad_dimensions", "a vector has from 1 to %d dimensions",
                        LLM_DIMENSIONS_MAX);
    if (ask->model != NULL && !text_utf8(bytes_of(ask->model)))
        return ctx_fail(c, E_INVALID, "llm_bad_text", "the model's name is not valid UTF-8");
    for (size_t i = 0; i < ask->text_count; i++)
        if (ask->texts[i][0] == '\0' || !text_utf8(bytes_of(ask->texts[i])))
            return ctx_fail(c, E_INVALID, "llm_bad_text", "text %zu is empty or not valid UTF-8",
                            i + 1);
    return OK;
}

static rc_t broken(struct ctx *c, const char *provider, const char *what)
{
    return ctx_fail(c, E_UPSTREAM, "llm_broken", "%s: %s", provider, what);
}

rc_t vectors_fit(struct ctx *c, const char *provider, const struct llm_ask *ask,
                 const struct llm_answer *answer)
{
    if (answer->vector_count != ask->text_count)
        return broken(c, provider, "not one vector for each text");
    if (ask->dimensions > 0 && answer->dimensions != (size_t)ask->dimensions)
        return broken(c, provider, "the vectors are not as long as was asked for");
    return OK;
}

json_t *vectors_input(const struct llm_ask *ask)
{
    json_t *list = json_array();

    for (size_t i = 0; i < ask->text_count; i++)
        if (json_array_append_new(list, json_string(ask->texts[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

rc_t vectors_begin(struct ctx *c, const char *provider, size_t count, struct vectors_reading *out)
{
    *out = (struct vectors_reading){.provider = provider, .count = count};
    if (count == 0 || count > LLM_TEXTS_MAX)
        return broken(c, provider, "no vectors, or more than were asked for");
    out->seen = arena_take(c->mem, count * sizeof(*out->seen));
    return OK;
}

/* How many numbers the vector holds, and for base64 the bytes that they are. */
static rc_t measure(struct ctx *c, const char *provider, const json_t *vector, size_t *length,
                    struct bytes *raw)
{
    struct buf plain;
    const char *text = json_string_value(vector);
    size_t len = json_string_length(vector);

    *raw = (struct bytes){NULL, 0};
    if (json_is_array(vector)) {
        *length = json_array_size(vector);
        return OK;
    }
    if (text == NULL)
        return broken(c, provider, "a vector is neither numbers nor base64");
    while (len > 0 && text[len - 1] == '=')
        len--;
    plain = buf_new(c->mem, LLM_VECTORS_MAX);
    buf_add(&plain, text, len);
    for (size_t i = 0; i < plain.len; i++)
        plain.data[i] = plain.data[i] == '+' ? '-' : plain.data[i] == '/' ? '_' : plain.data[i];
    if (text_unbase64url(c->mem, buf_bytes(&plain), raw) != OK || raw->len % sizeof(float) != 0)
        return broken(c, provider, "a vector is neither numbers nor base64");
    *length = raw->len / sizeof(float);
    return OK;
}

static float number_at(const json_t *vector, struct bytes raw, size_t i)
{
    const unsigned char *at;
    uint32_t bits;
    float value;

    if (raw.data == NULL) {
        const json_t *v = json_array_get(vector, i);

        return json_is_number(v) ? (float)json_number_value(v) : NAN;
    }
    at = (const unsigned char *)raw.data + i * sizeof(float);
    bits = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

rc_t vectors_one(struct ctx *c, struct vectors_reading *r, size_t index, const json_t *vector)
{
    size_t length;
    struct bytes raw;

    if (index >= r->count || r->seen[index])
        return broken(c, r->provider, "a vector for no text, or two for one");
    TRY(measure(c, r->provider, vector, &length, &raw));
    if (length == 0 || length > LLM_DIMENSIONS_MAX || (r->done > 0 && length != r->dimensions))
        return broken(c, r->provider, "vectors of no possible length, or of several");
    if (r->done == 0) {
        r->dimensions = length;
        r->numbers = arena_take(c->mem, r->count * length * sizeof(float));
    }
    for (size_t i = 0; i < length; i++) {
        float value = number_at(vector, raw, i);

        if (!isfinite(value))
            return broken(c, r->provider, "a vector with something that is no number");
        r->numbers[index * length + i] = value;
    }
    r->seen[index] = true;
    r->done++;
    return OK;
}

rc_t vectors_end(struct ctx *c, const struct vectors_reading *r, struct llm_answer *out)
{
    if (r->done != r->count)
        return broken(c, r->provider, "vectors are missing");
    out->vectors = r->numbers;
    out->vector_count = r->count;
    out->dimensions = r->dimensions;
    return OK;
}
