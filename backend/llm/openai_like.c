/*
 * Pieces of a stream of chat completions that are those before them with another text: nearly all
 * are. What surrounds the text was read once as JSON, so of the next one only the text is looked
 * at. Whatever could make a difference is left to openai_read.c: a text with a quote, a backslash
 * or a control character in it ends or means something else there, and no JSON string has bytes
 * that are not UTF-8.
 */
#include <string.h>

#include "llm/openai.h"

#define KEY "\"content\""

static bool is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == '"' || text[i] == '\\')
            return false;
    return text_utf8((struct bytes){text, len});
}

bool openai_like(const struct llm_stream *s, struct bytes data, struct bytes *text)
{
    const struct buf *like = &s->like;
    size_t head = s->like_head, tail = like->len - head;

    if (like->len == 0 || data.len < like->len || memcmp(data.data, like->data, head) != 0 ||
        memcmp(data.data + data.len - tail, like->data + head, tail) != 0)
        return false;
    *text = (struct bytes){data.data + head, data.len - like->len};
    return is_plain(text->data, text->len);
}

/* All members are null, but for those that `but` names. */
static bool is_empty(json_t *object, const char *but)
{
    const char *key;
    json_t *v;

    json_object_foreach(object, key, v) if (!json_is_null(v) && !text_among(but, key)) return false;
    return true;
}

/*
 * The piece says nothing but its text: reading it again would change nothing else. Of the names
 * around it the first that came stay, and they came at the latest with it.
 */
static bool says_text_only(json_t *root)
{
    json_t *choices = json_object_get(root, "choices"), *choice = json_array_get(choices, 0),
           *delta = json_object_get(choice, "delta");

    return is_empty(root, "id object created model system_fingerprint provider service_tier "
                          "choices") &&
           json_array_size(choices) == 1 && is_empty(choice, "index delta") &&
           is_empty(delta, "role content") && json_is_string(json_object_get(delta, "content"));
}

/* Where the value of the text begins, behind its quote; NULL where it is not plain to see. */
static const char *text_of(struct bytes data)
{
    static const size_t len = sizeof(KEY) - 1;
    const char *end = data.data + data.len, *at = memmem(data.data, data.len, KEY, len), *quote;

    if (at == NULL || memchr(data.data, '\\', data.len) != NULL)
        return NULL;
    at += len;
    /* Without a backslash every quote begins or ends a string: what stands here twice is a key. */
    if (memmem(at, (size_t)(end - at), KEY, len) != NULL)
        return NULL;
    quote = memchr(at, '"', (size_t)(end - at));
    return quote == NULL ? NULL : quote + 1;
}

void openai_like_learn(struct llm_stream *s, struct bytes data, json_t *root)
{
    const char *end = data.data + data.len, *text, *tail;

    s->like.len = 0;
    if (!says_text_only(root) || (text = text_of(data)) == NULL)
        return;
    tail = memchr(text, '"', (size_t)(end - text));
    s->like_head = (size_t)(text - data.data);
    if (tail == NULL || s->like_head + (size_t)(end - tail) > LLM_LIKE_MAX)
        return;
    buf_add(&s->like, data.data, s->like_head);
    buf_add(&s->like, tail, (size_t)(end - tail));
}
