/*
 * llm/frames.c: a stream cut in two must give the same events as in one piece, wherever the cut is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "llm/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static rc_t note(void *arg, struct bytes event, struct bytes data)
{
    struct buf *out = arg;

    buf_char(out, '<');
    buf_add(out, event.data, event.len);
    buf_char(out, '|');
    buf_add(out, data.data, data.len);
    buf_char(out, '>');
    return OK;
}

static struct bytes events_of(struct ctx *c, enum llm_framing framing, struct bytes all, size_t cut,
                              rc_t *rc)
{
    struct frames f = frames_new(c->mem, framing, 64);
    struct buf out = buf_new(c->mem, MIB(4));

    *rc = frames_feed(&f, (struct bytes){all.data, cut}, note, &out);
    if (*rc == OK)
        *rc = frames_feed(&f, (struct bytes){all.data + cut, all.len - cut}, note, &out);
    if (*rc == OK)
        *rc = frames_end(&f, note, &out);
    return buf_bytes(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 3)
        return 0;

    struct ctx *c = ctx_new(MIB(64), NULL);
    enum llm_framing framing = data[0] % 2 == 0 ? LLM_SSE : LLM_LINES;
    struct bytes all = {(const char *)data + 2, len - 2};
    rc_t whole_rc, cut_rc;
    struct bytes whole = events_of(c, framing, all, 0, &whole_rc);
    struct bytes cut = events_of(c, framing, all, data[1] % (all.len + 1), &cut_rc);

    if (whole_rc != cut_rc || !bytes_eq(whole, cut))
        abort();
    ctx_end(c);
    return 0;
}
