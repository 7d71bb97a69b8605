/*
 * The splitter of streams: every stream is fed whole, byte by byte, and cut in two at every place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "llm/frames.h"

static rc_t note(void *arg, struct bytes event, struct bytes data)
{
    struct buf *out = arg;

    buf_printf(out, "<%.*s|%.*s>", (int)event.len, event.len > 0 ? event.data : "", (int)data.len,
               data.len > 0 ? data.data : "");
    return OK;
}

struct row {
    enum llm_framing framing;
    const char *stream, *events;
};

static const struct row rows[] = {
    {LLM_SSE, "data: one\n\ndata: two\n\n", "<|one><|two>"},
    {LLM_SSE, "data: one\r\n\r\ndata: two\r\n\r\n", "<|one><|two>"},
    {LLM_SSE, "data: one\r\rdata: two\r\r", "<|one><|two>"},
    {LLM_SSE, "data: mixed\r\n\ndata: ends\n\r\n", "<|mixed><|ends>"},
    {LLM_SSE, "event: ping\ndata: {}\n\n", "<ping|{}>"},
    {LLM_SSE, "event: a\nevent: b\ndata: x\n\n", "<b|x>"},
    {LLM_SSE, "event: gone\n\ndata: x\n\n", "<|x>"},
    {LLM_SSE, "data:no blank\n\ndata:  two blanks\n\n", "<|no blank><| two blanks>"},
    {LLM_SSE, "data: a\ndata: b\ndata\ndata: c\n\n", "<|a\nb\n\nc>"},
    {LLM_SSE, ": comment\n\n:\n\nid: 7\nretry: 10\nunknown: x\ndata: y\n\n", "<|y>"},
    {LLM_SSE, "data\n\n", "<|>"},
    {LLM_SSE, "data: colon: inside\n\n", "<|colon: inside>"},
    {LLM_SSE, "\n\n\n\ndata: x\n\n\n\n", "<|x>"},
    {LLM_SSE,
     "\xef\xbb\xbf"
     "data: behind the mark\n\n",
     "<|behind the mark>"},
    {LLM_SSE,
     "data: x\n\n\xef\xbb\xbf"
     "data: no mark here\n\n",
     "<|x>"},
    {LLM_SSE,
     "data: gr\xc3\xbc\xc3\x9f"
     "e \xf0\x9f\x98\x80\n\n",
     "<|gr\xc3\xbc\xc3\x9f"
     "e \xf0\x9f\x98\x80>"},
    {LLM_SSE, "data: done\n\ndata: not ended", "<|done>"},
    {LLM_SSE, "data: done\n\ndata: not ended\n", "<|done>"},
    {LLM_SSE, "", ""},
    {LLM_LINES, "{\"a\":1}\n{\"b\":2}\n", "<|{\"a\":1}><|{\"b\":2}>"},
    {LLM_LINES, "{\"a\":1}\r\n\n  \n{\"b\":2}", "<|{\"a\":1}\r><|{\"b\":2}>"},
    {LLM_LINES, "data: not special\n", "<|data: not special>"},
    {LLM_LINES, "", ""},
};

/* Feeds the stream in two pieces, cut at `cut`, or byte by byte. */
static const char *events_of(struct ctx *c, const struct row *row, size_t cut, bool bytewise)
{
    struct frames f = frames_new(c->mem, row->framing, KIB(1));
    struct buf *out = arena_take(c->mem, sizeof(*out));
    size_t len = strlen(row->stream);

    *out = buf_new(c->mem, KIB(4));
    if (bytewise) {
        for (size_t i = 0; i < len; i++)
            assert_int_equal(frames_feed(&f, (struct bytes){row->stream + i, 1}, note, out), OK);
    } else {
        assert_int_equal(frames_feed(&f, (struct bytes){row->stream, cut}, note, out), OK);
        assert_int_equal(frames_feed(&f, (struct bytes){row->stream + cut, len - cut}, note, out),
                         OK);
    }
    assert_int_equal(frames_end(&f, note, out), OK);
    return buf_str(out);
}

static void every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(8), NULL);
        const char *whole = events_of(c, &rows[i], 0, false);

        assert_string_equal(whole, rows[i].events);
        assert_string_equal(events_of(c, &rows[i], 0, true), whole);
        for (size_t cut = 1; cut <= strlen(rows[i].stream); cut++)
            assert_string_equal(events_of(c, &rows[i], cut, false), whole);
        ctx_end(c);
    }
}

static rc_t refuse(void *arg, struct bytes event, struct bytes data)
{
    int *calls = arg;

    (void)event;
    (void)data;
    ++*calls;
    return E_LIMIT;
}

static void reader_may_refuse(void **state)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct frames f = frames_new(c->mem, LLM_SSE, KIB(1));
    int calls = 0;

    (void)state;
    assert_int_equal(frames_feed(&f, BYTES("data: a\n\ndata: b\n\n"), refuse, &calls), E_LIMIT);
    assert_int_equal(calls, 1);
    ctx_end(c);
}

static void too_long(void **state)
{
    static const char *const pieces[] = {"data: 0123456789\n", "event: 0123456789",
                                         "0123456789012345678901234567890123"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        struct ctx *c = ctx_new(MIB(1), NULL);
        struct frames f = frames_new(c->mem, i == 2 ? LLM_LINES : LLM_SSE, 100);
        int calls = 0;
        rc_t rc = OK;

        for (int k = 0; k < 100 && rc == OK; k++)
            rc = frames_feed(&f, bytes_of(pieces[i]), refuse, &calls);
        assert_int_equal(rc, E_UPSTREAM);
        assert_int_equal(calls, 0);
        ctx_end(c);
    }
}

static void exactly_the_maximum(void **state)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct frames f = frames_new(c->mem, LLM_LINES, 10);
    struct buf out = buf_new(c->mem, KIB(1));

    (void)state;
    assert_int_equal(frames_feed(&f, BYTES("0123456789\n0123456789\n"), note, &out), OK);
    assert_string_equal(buf_str(&out), "<|0123456789><|0123456789>");
    assert_int_equal(frames_feed(&f, BYTES("01234567890\n"), note, &out), E_UPSTREAM);
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut),
        cmocka_unit_test(reader_may_refuse),
        cmocka_unit_test(too_long),
        cmocka_unit_test(exactly_the_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
