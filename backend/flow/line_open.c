/* See line_open.h. */
#include "flow/line_open.h"

#include <string.h>

#include "base/id.h"

#define NO_TEXT UINT16_MAX

static bool put(char *out, size_t room, size_t *at, const void *data, size_t len)
{
    if (len > room - *at)
        return false;
    if (len > 0)
        memcpy(out + *at, data, len);
    *at += len;
    return true;
}

static bool put_text(char *out, size_t room, size_t *at, const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);
    uint16_t said = text == NULL ? NO_TEXT : (uint16_t)len;

    return len < NO_TEXT && put(out, room, at, &said, sizeof(said)) &&
           put(out, room, at, text, len);
}

size_t line_open_write(const struct line_open *open, char *out, size_t room)
{
    const char *const texts[] = {open->path,   open->tenant_id, open->key_id,
                                 open->models, open->model,     open->reference};
    uint64_t body_len = open->body_len;
    size_t at = 0;
    bool fits = put(out, room, &at, &body_len, sizeof(body_len));

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        fits = fits && put_text(out, room, &at, texts[i]);
    return fits ? at : 0;
}

static bool get(struct bytes from, size_t *at, void *out, size_t len)
{
    if (len > from.len - *at)
        return false;
    memcpy(out, from.data + *at, len);
    *at += len;
    return true;
}

static bool get_text(struct arena *mem, struct bytes from, size_t *at, const char **out)
{
    uint16_t len;

    *out = NULL;
    if (!get(from, at, &len, sizeof(len)))
        return false;
    if (len == NO_TEXT)
        return true;
    if (len > from.len - *at)
        return false;
    *out = text_copy(mem, from.data + *at, len);
    *at += len;
    return true;
}

size_t line_open_read(struct arena *mem, struct bytes payload, struct line_open *out)
{
    const char **const texts[] = {&out->path,   &out->tenant_id, &out->key_id,
                                  &out->models, &out->model,     &out->reference};
    uint64_t body_len = 0;
    size_t at = 0;
    bool good = get(payload, &at, &body_len, sizeof(body_len));

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        good = good && get_text(mem, payload, &at, texts[i]);
    if (!good || out->path == NULL || out->reference == NULL || out->tenant_id == NULL ||
        !id_valid(out->tenant_id) || (out->key_id != NULL && !id_valid(out->key_id)))
        return 0;
    out->body_len = (size_t)body_len;
    return at;
}
