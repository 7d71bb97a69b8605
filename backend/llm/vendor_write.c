/*
 * JSON of a request's body. Jansson looks at each character of a text for itself, which takes a
 * fifth of a second for a question with pictures; the loop that serves all programs has no such
 * time.
 */
#include <assert.h>

#include "base/shape.h"
#include "llm/vendor.h"

#define NUMBER_ROOM 32

/* Bytes that a value takes at most as JSON. */
static size_t room_of(json_t *v)
{
    size_t sum = NUMBER_ROOM, i;
    const char *key;
    json_t *one;

    if (json_is_string(v))
        return 2 + buf_json_len((struct bytes){json_string_value(v), json_string_length(v)});
    json_array_foreach(v, i, one) sum += 1 + room_of(one);
    json_object_foreach(v, key, one) sum += 4 + buf_json_len(bytes_of(key)) + room_of(one);
    return sum;
}

static void write_json(json_t *v, struct buf *out);

static void write_members(json_t *v, struct buf *out)
{
    const char *key, *before = "{\"";
    json_t *one;

    json_object_foreach(v, key, one)
    {
        buf_text(out, before);
        buf_json(out, bytes_of(key));
        buf_text(out, "\":");
        write_json(one, out);
        before = ",\"";
    }
    buf_text(out, before[0] == '{' ? "{}" : "}");
}

static void write_json(json_t *v, struct buf *out)
{
    size_t i;
    json_t *one;

    switch (json_typeof(v)) {
    case JSON_OBJECT:
        write_members(v, out);
        break;
    case JSON_ARRAY:
        buf_char(out, '[');
        json_array_foreach(v, i, one)
        {
            if (i > 0)
                buf_char(out, ',');
            write_json(one, out);
        }
        buf_char(out, ']');
        break;
    case JSON_STRING:
        buf_char(out, '"');
        buf_json(out, (struct bytes){json_string_value(v), json_string_length(v)});
        buf_char(out, '"');
        break;
    case JSON_INTEGER:
        buf_number(out, json_integer_value(v));
        break;
    case JSON_REAL:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        buf_text(out, json_text(out->mem, v));
        break;
    }
}

struct bytes vendor_written(struct arena *mem, json_t *v)
{
    size_t room = room_of(v);
    struct buf text = {
        .mem = mem, .data = arena_take(mem, room + 1), .room = room + 1, .max = room};

    write_json(v, &text);
    assert(!text.over);
    return buf_bytes(&text);
}
