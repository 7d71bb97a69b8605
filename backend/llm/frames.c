/* See frames.h. */
#include "llm/frames.h"

#include <string.h>

struct frames frames_new(struct arena *mem, enum llm_framing framing, size_t max)
{
    return (struct frames){.framing = framing,
                           .line = buf_new(mem, max),
                           .data = buf_new(mem, max),
                           .name = buf_new(mem, 200)};
}

static rc_t dispatch(struct frames *f, frame_fn each, void *arg)
{
    rc_t rc = OK;

    if (f->has_data)
        rc = each(arg, buf_bytes(&f->name), buf_bytes(&f->data));
    f->name.len = f->data.len = 0;
    f->has_data = false;
    return rc;
}

/*
 * One line of server-sent events: "field: value", one blank after the colon is not part of the
 * value.
 */
static rc_t sse_line(struct frames *f, struct bytes line, frame_fn each, void *arg)
{
    if (line.len == 0)
        return dispatch(f, each, arg);

    const char *colon = memchr(line.data, ':', line.len);
    size_t name_len = colon == NULL ? line.len : (size_t)(colon - line.data);
    struct bytes name = {line.data, name_len};
    struct bytes value = {line.data + line.len, 0};

    if (colon != NULL)
        value = (struct bytes){colon + 1, line.len - name_len - 1};
    if (value.len > 0 && value.data[0] == ' ')
        value = (struct bytes){value.data + 1, value.len - 1};
    if (bytes_is(name, "event")) {
        f->name.len = 0;
        buf_add(&f->name, value.data, value.len);
    } else if (bytes_is(name, "data")) {
        if (f->has_data)
            buf_char(&f->data, '\n');
        buf_add(&f->data, value.data, value.len);
        f->has_data = true;
    }
    return f->name.over || f->data.over ? E_UPSTREAM : OK;
}

static rc_t line_end(struct frames *f, frame_fn each, void *arg)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct bytes line = buf_bytes(&f->line);
    rc_t rc = OK;

    if (!f->begun && line.len >= 3 && memcmp(line.data, mark, 3) == 0)
        line = (struct bytes){line.data + 3, line.len - 3};
    f->begun = true;
    if (f->framing == LLM_SSE)
        rc = sse_line(f, line, each, arg);
    else if (line.len > 0 && strspn(line.data, " \t\r") < line.len)
        rc = each(arg, (struct bytes){"", 0}, line);
    f->line.len = 0;
    return rc;
}

rc_t frames_feed(struct frames *f, struct bytes piece, frame_fn each, void *arg)
{
    size_t at = 0;

    while (at < piece.len) {
        if (f->after_cr && piece.data[at] == '\n')
            at++;
        f->after_cr = false;

        size_t start = at;

        while (at < piece.len && piece.data[at] != '\n' &&
               (f->framing != LLM_SSE || piece.data[at] != '\r'))
            at++;
        buf_add(&f->line, piece.data + start, at - start);
        if (f->line.over)
            return E_UPSTREAM;
        if (at == piece.len)
            return OK;
        f->after_cr = piece.data[at] == '\r';
        at++;
        TRY(line_end(f, each, arg));
    }
    return OK;
}

rc_t frames_end(struct frames *f, frame_fn each, void *arg)
{
    if (f->framing == LLM_LINES)
        return line_end(f, each, arg);
    return OK;
}
