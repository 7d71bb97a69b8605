/* See served_embed.h. */
#include "llm/served_embed.h"

#include <stdio.h>
#include <string.h>

#include "llm/served_parts.h"

#define HEAD_ROOM KIB(1) /* of the answer beside its vectors */
#define ITEM_ROOM 80     /* of one vector beside its numbers */
#define NUMBER_ROOM 17   /* "-1.23456789e-05" with its comma */

static rc_t one_input(struct ctx *c, const struct served_at *at, const json_t *v, const char **out)
{
    if (!json_is_string(v))
        return served_wrong_type(c, at, NULL, "a text; lists of tokens can't be read here");
    *out = json_string_value(v);
    if (text_blank(*out))
        return served_bad(c, at, NULL, "invalid_value", "a text must not be empty.");
    if (json_string_length(v) > SERVED_EMBED_TEXT_MAX)
        return served_bad(
            c, at, NULL, "invalid_value",
            text_printf(c->mem, "a text must have at most %zu bytes.", SERVED_EMBED_TEXT_MAX));
    return OK;
}

/* One text or a list of them. */
static rc_t inputs(struct ctx *c, const json_t *body, struct served_embed *out)
{
    struct served_at list = {.key = "input"};
    const json_t *from = json_object_get(body, "input");
    const char **all;

    if (from == NULL || json_is_null(from))
        return served_bad(c, NULL, "input", "missing_required_parameter", "this is missing.");
    out->count = json_is_array(from) ? json_array_size(from) : 1;
    if (out->count == 0 || out->count > SERVED_INPUTS_MAX)
        return served_bad(c, NULL, "input", "invalid_value",
                          text_printf(c->mem, "1 to %d texts at once.", SERVED_INPUTS_MAX));
    all = arena_take(c->mem, out->count * sizeof(*all));
    out->inputs = all;
    if (!json_is_array(from))
        return one_input(c, &list, from, &all[0]);
    for (size_t i = 0; i < out->count; i++) {
        struct served_at one = {.up = &list, .index = i};

        TRY(one_input(c, &one, json_array_get(from, i), &all[i]));
    }
    return OK;
}

rc_t served_embed_read(struct ctx *c, struct bytes body, struct served_embed *out)
{
    const char *format = "float";
    json_t *root;

    *out = (struct served_embed){.count = 0};
    TRY(served_body(c, body, &root));
    TRY(served_needed(c, NULL, root, "model", SERVED_MODEL_MAX, &out->model));
    TRY(inputs(c, root, out));
    TRY(served_int(c, NULL, root, "dimensions", 1, 65536, &out->dimensions));
    TRY(served_text(c, NULL, root, "encoding_format", &format));
    out->base64 = text_is(format, "base64");
    return out->base64 || text_is(format, "float")
               ? OK
               : served_bad(c, NULL, "encoding_format", "invalid_value",
                            "this must be float or base64.");
}

size_t served_embed_room(const struct served_embed *asked, size_t width)
{
    return HEAD_ROOM + asked->count * (ITEM_ROOM + width * NUMBER_ROOM);
}

static void numbers(const float *vector, size_t width, struct buf *out)
{
    char number[40];

    buf_char(out, '[');
    for (size_t i = 0; i < width; i++) {
        snprintf(number, sizeof(number), "%s%.9g", i == 0 ? "" : ",", (double)vector[i]);
        buf_text(out, number);
    }
    buf_char(out, ']');
}

/* Base64 with padding (RFC 4648 section 4) of the floats' bytes, which are little-endian here. */
static void base64(const float *vector, size_t width, struct buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *bytes = (const unsigned char *)vector;
    size_t len = width * sizeof(*vector);

    buf_char(out, '"');
    for (size_t i = 0; i < len; i += 3) {
        size_t have = len - i < 3 ? len - i : 3;
        uint32_t bits = (uint32_t)bytes[i] << 16;
        char four[4];

        if (have > 1)
            bits |= (uint32_t)bytes[i + 1] << 8;
        if (have > 2)
            bits |= bytes[i + 2];
        for (size_t k = 0; k < 4; k++)
            four[k] = k <= have ? digits[(bits >> (18 - 6 * k)) & 63] : '=';
        buf_add(out, four, sizeof(four));
    }
    buf_char(out, '"');
}

void served_embed_write(const struct served_embed *asked, const char *model, const float *vectors,
                        size_t width, int64_t tokens, struct buf *out)
{
    buf_text(out, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < asked->count; i++) {
        buf_text(out, i == 0 ? "{\"object\":\"embedding\",\"index\":"
                             : ",{\"object\":\"embedding\",\"index\":");
        buf_number(out, (int64_t)i);
        buf_text(out, ",\"embedding\":");
        (asked->base64 ? base64 : numbers)(vectors + i * width, width, out);
        buf_char(out, '}');
    }
    buf_text(out, "],\"model\":");
    served_string(out, model);
    buf_text(out, ",\"usage\":{\"prompt_tokens\":");
    buf_number(out, tokens);
    buf_text(out, ",\"total_tokens\":");
    buf_number(out, tokens);
    buf_text(out, "}}");
}
