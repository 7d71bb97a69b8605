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

/*
 * Nearly every event has one line of data, which comes whole: it is handed on from where it lies.
 */
static rc_t dispatch(struct frames *f, frame_fn each, void *arg)
{
    rc_t rc = OK;

    if (f->has_data)
        rc = each(arg, buf_bytes(&f->name), f->alone.data != NULL ? f->alone : buf_bytes(&f->data));
    f->name.len = f->data.len = 0;
    f->alone = (struct bytes){NULL, 0};
    f->has_data = false;
    return rc;
}

/* What lies in the piece that is fed would be gone with it, or gets company. */
static void take_alone(struct frames *f)
{
    buf_add(&f->data, f->alone.data, f->alone.len);
    f->alone = (struct bytes){NULL, 0};
}

static void add_data(struct frames *f, struct bytes value, bool stays)
{
    if (!f->has_data && stays) {
        f->alone = value;
    } else {
        take_alone(f);
        if (f->has_data)
            buf_char(&f->data, '\n');
        buf_add(&f->data, value.data, value.len);
    }
    f->has_data = true;
}

/*
 * One line of server-sent events: "field: value", one blank after the colon is not part of the
 * value. `stays`: where it lies until all that is fed was read.
 */
static rc_t sse_line(struct frames *f, struct bytes line, bool stays, frame_fn each, void *arg)
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
        add_data(f, value, stays);
    }
    return f->name.over || f->data.over ? E_UPSTREAM : OK;
}

static bool is_blank(struct bytes line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
            return false;
    return true;
}

static rc_t line_end(struct frames *f, struct bytes line, bool stays, frame_fn each, void *arg)
{
    static const char mark[] = "\xef\xbb\xbf";

    if (!f->begun && line.len >= 3 && memcmp(line.data, mark, 3) == 0)
        line = (struct bytes){line.data + 3, line.len - 3};
    f->begun = true;
    if (f->framing == LLM_SSE)
        return sse_line(f, line, stays, each, arg);
    return is_blank(line) ? OK : each(arg, (struct bytes){"", 0}, line);
}

/* Where the line ends that begins here; `end` when it goes on in the next piece. */
static const char *end_of_line(const struct frames *f, const char *at, const char *end)
{
    const char *lf = memchr(at, '\n', (size_t)(end - at)), *cr = NULL;

    if (lf == NULL)
        lf = end;
    if (f->framing == LLM_SSE)
        cr = memchr(at, '\r', (size_t)(lf - at));
    return cr == NULL ? lf : cr;
}

static rc_t feed(struct frames *f, const char *at, const char *end, frame_fn each, void *arg)
{
    while (at < end) {
        if (f->after_cr && *at == '\n')
            at++;
        f->after_cr = false;

        const char *stop = end_of_line(f, at, end);
        struct bytes line = {at, (size_t)(stop - at)};
        bool stays = stop < end && f->line.len == 0;

        if (!stays) {
            buf_add(&f->line, line.data, line.len);
            line = buf_bytes(&f->line);
        }
        if (f->line.over || line.len > f->line.max)
            return E_UPSTREAM;
        if (stop == end)
            return OK;
        f->after_cr = *stop == '\r';
        at = stop + 1;
        TRY(line_end(f, line, stays, each, arg));
        f->line.len = 0;
    }
    return OK;
}

rc_t frames_feed(struct frames *f, struct bytes piece, frame_fn each, void *arg)
{
    rc_t rc = piece.len == 0 ? OK : feed(f, piece.data, piece.data + piece.len, each, arg);

    take_alone(f);
    return rc;
}

rc_t frames_end(struct frames *f, frame_fn each, void *arg)
{
    if (f->framing == LLM_LINES)
        return line_end(f, buf_bytes(&f->line), false, each, arg);
    return OK;
}
