/*
 * Pieces of a stream that are known by the one before: llm/like.h. What comes of each must be what
 * comes of it when it is read as JSON, whatever a server puts where its text stands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "llm/llm.h"

extern const struct llm llm_openai, llm_anthropic, llm_ollama;

#define CHAT(text, more)                                                                      \
    "{\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text \
    "\"},\"finish_reason\":null}],\"usage\":null" more "}"
#define PLAIN(text) CHAT(text, "")
#define PADDED(text, padding) CHAT(text, ",\"obfuscation\":" padding)
#define AZURE(text, found)                                                                    \
    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"},\"finish_reason\":null," \
    "\"content_filter_results\":" found "}]}"
#define RESPONSES(text, number, padding)                                                     \
    "{\"type\":\"response.output_text.delta\",\"item_id\":\"msg_1\",\"output_index\":0,"     \
    "\"content_index\":0,\"delta\":\"" text "\",\"logprobs\":[],\"sequence_number\":" number \
    ",\"obfuscation\":\"" padding "\"}"
#define ANTHROPIC(index, type, text)                                                    \
    "{\"type\":\"content_block_delta\",\"index\":" index ",\"delta\":{\"type\":\"" type \
    "\",\"text\":\"" text "\"}}"
#define OLLAMA(when, text, done)            \
    "{\"model\":\"q\",\"created_at\":" when \
    ",\"message\":{\"role\":\"assistant\",\"content\":\"" text "\"},\"done\":" done "}"

static const struct row {
    const struct llm *llm; /* NULL: OpenAI's Responses */
    bool known;            /* the second need not be read as JSON */
    const char *first, *second;
} rows[] = {
    {&llm_openai, true, PLAIN("a"), PLAIN("b")},
    {&llm_openai, true, PLAIN("a"), PLAIN("")},
    {&llm_openai, true, PLAIN(""), PLAIN("Gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80")},
    {&llm_openai, false, PLAIN("a"), PLAIN("\xff")},
    {&llm_openai, false, PLAIN("a"), PLAIN("\xed\xa0\x80")},
    {&llm_openai, false, PLAIN("a"), PLAIN("line\n")},
    {&llm_openai, true, PLAIN("a"), PLAIN("a\\nb\\u00e9 \\\"said\\\" \\b\\f\\r\\t\\/\\\\")},
    {&llm_openai, true, PLAIN("a"), PLAIN("\\u0001\\u007f\\u0080\\u07FF\\u0800\\uFFFD\\uffff")},
    {&llm_openai, true, PLAIN("a"), PLAIN("\\ud83d\\ude00 \\uD800\\uDC00\\uDBFF\\uDFFF")},
    {&llm_openai, false, PLAIN("a"), PLAIN("\\u0000")},
    {&llm_openai, false, PLAIN("a"), PLAIN("\\ud83d")},
    {&llm_openai, false, PLAIN("a"), PLAIN("\\ud83dxxude00")},
    {&llm_openai, false, PLAIN("a"), PLAIN("\\ud83d\\u0041")},
    {&llm_openai, false, PLAIN("a"), PLAIN("\\ude00")},
    {&llm_openai, false, PLAIN("a"), PLAIN("\\u00g9")},
    {&llm_openai, false, PLAIN("a"), PLAIN("\\u00")},
    {&llm_openai, false, PLAIN("a"), PLAIN("\\x41")},
    {&llm_openai, false, PLAIN("a"), PLAIN("\\\n")},
    {&llm_openai, false, PLAIN("a"), PLAIN("\\\xc3\xa9")},
    {&llm_openai, false, PLAIN("a\\n"), PLAIN("b\\")},
    {&llm_openai, false, PLAIN("a\\\""), PLAIN("\"")},
    {&llm_openai, false, PLAIN("a"), PLAIN("\\")},
    {&llm_openai, false, PLAIN("a"), PLAIN("b\",\"refusal\":\"no")},
    {&llm_openai, false, PLAIN("a"), PLAIN("b\",\"content\":\"twice")},
    {&llm_openai, false, PLAIN("a"), PLAIN("b\"},\"finish_reason\":\"stop\",\"x\":{\"y\":\"")},
    {&llm_openai, false, PLAIN("a"),
     PLAIN("b\"}}],\"error\":{\"message\":\"no\"},\"x\":[{\"y\":{\"z\":\"")},
    {&llm_openai, false, "{\"choices\":[{\"delta\":{\"role\":\"content\",\"content\":\"a\"}}]}",
     "{\"choices\":[{\"delta\":{\"role\":\"other\",\"content\":\"a\"}}]}"},
    {&llm_openai, false, "{\"content\":\"x\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}",
     "{\"content\":\"y\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}"},
    {&llm_openai, false, "{\"choices\":[{\"delta\":{\"con\\u0074ent\":\"a\"}}],\"id\":\"content\"}",
     "{\"choices\":[{\"delta\":{\"con\\u0074ent\":\"a\"}}],\"id\":\"b\"}"},
    {&llm_openai, true, "{\"choices\":[{\"delta\":{\"content\" : \"a\"}}]}",
     "{\"choices\":[{\"delta\":{\"content\" : \"bc\"}}]}"},
    {&llm_openai, false,
     "{\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}",
     "{\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}"},
    {&llm_openai, false, "{\"choices\":[{\"delta\":{\"content\":\"a\",\"refusal\":\"r\"}}]}",
     "{\"choices\":[{\"delta\":{\"content\":\"b\",\"refusal\":\"r\"}}]}"},
    {&llm_openai, false,
     "{\"choices\":[{\"delta\":{\"content\":\"a\",\"reasoning_content\":\"r\"}}]}",
     "{\"choices\":[{\"delta\":{\"content\":\"b\",\"reasoning_content\":\"r\"}}]}"},
    {&llm_openai, false,
     "{\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":3}}",
     "{\"choices\":[{\"delta\":{\"content\":\"b\"}}],\"usage\":{\"prompt_tokens\":3}}"},
    {&llm_openai, false, PLAIN("a"), "{\"error\":{\"message\":\"no\"}}"},
    {&llm_openai, false, PLAIN("a"), "{"},

    {&llm_openai, true, PADDED("a", "\"x8Kd\""), PADDED(" longer", "\"Q\"")},
    {&llm_openai, false, PADDED("a", "\"x8Kd\""), PADDED("b", "\"x\\u0038\"")},
    {&llm_openai, false, PADDED("a", "\"x8Kd\""), PADDED("b", "\"x\",\"error\":\"no\"")},
    {&llm_openai, false, PADDED("a", "\"x8Kd\""), PADDED("b", "7")},
    {&llm_openai, false, PADDED("a", "\"x8Kd\""), PADDED("b", "\"x")},
    {&llm_openai, false, PADDED("a", "\"x8Kd\""), PLAIN("b")},
    {&llm_openai, false, PADDED("a", "\"x8Kd\"") "x", PADDED("b", "\"x8Kd\"") "y"},
    {&llm_openai, true, PADDED("a", "12"), PADDED("b", "130")},
    {&llm_openai, true, CHAT("a", ",\"p\":\"abc\""), CHAT("b", ",\"p\":\"abcdef\"")},
    {&llm_openai, true, AZURE("a", "{\"hate\":{\"filtered\":false}}"),
     AZURE("b", "{\"hate\":{\"filtered\":false}}")},
    {&llm_openai, false, AZURE("a", "{}"), AZURE("b", "{\"hate\":{\"filtered\":true}}")},
    {&llm_openai, false, PADDED("a", "12"), PADDED("b", "012")},
    {&llm_openai, false, PADDED("a", "12"), PADDED("b", "-1")},
    {&llm_openai, false, PADDED("a", "12"), PADDED("b", "1e3")},
    {&llm_openai, false, PADDED("a", "12"), PADDED("b", "9999999999999999999")},
    {&llm_openai, false, PADDED("a", "\"content\""), PADDED("b", "\"c\"")},
    {&llm_openai, false, CHAT("a", ",\"service_tier\":\"obfuscation\",\"x\":null"),
     CHAT("b", ",\"service_tier\":\"obfuscation\",\"y\":null")},

    {NULL, true, RESPONSES("a", "9", "x8Kd"), RESPONSES(" b", "10", "")},
    {NULL, false, RESPONSES("a", "9", "x"), RESPONSES("b", "", "x")},
    {NULL, true, RESPONSES("a", "9", "x"), RESPONSES("b\\n", "10", "x")},
    {NULL, false, RESPONSES("a", "9", "x"),
     "{\"type\":\"response.refusal.delta\",\"delta\":\"no\",\"sequence_number\":10}"},
    {NULL, false, "{\"type\":\"response.refusal.delta\",\"delta\":\"I\"}",
     "{\"type\":\"response.refusal.delta\",\"delta\":\" can't\"}"},

    {&llm_anthropic, true, ANTHROPIC("0", "text_delta", "a"), ANTHROPIC("0", "text_delta", "b")},
    {&llm_anthropic, false, ANTHROPIC("0", "text_delta", "a"), ANTHROPIC("-1", "text_delta", "b")},
    {&llm_anthropic, false, ANTHROPIC("0", "other_delta", "a"), ANTHROPIC("0", "other_delta", "b")},
    {&llm_anthropic, false, ANTHROPIC("0", "text_delta", "a"),
     ANTHROPIC("0", "text_delta", "b\",\"type\":\"other_delta")},

    {&llm_ollama, true, OLLAMA("\"2026-11-20T08:00:01.5Z\"", "a", "false"),
     OLLAMA("\"2026-11-20T08:00:01.25Z\"", "b", "false")},
    {&llm_ollama, false, OLLAMA("\"1\"", "a", "false"), OLLAMA("\"1\"", "b", "true")},
    {&llm_ollama, false, OLLAMA("\"1\"", "a", "false"),
     OLLAMA("\"1\"", "b\",\"thinking\":\"c", "false")},
    {&llm_ollama, false, OLLAMA("\"1\"", "a", "false"), OLLAMA("1", "b", "false")},
};

static rc_t read_one(struct ctx *c, const struct row *row, const char *event, const char *piece,
                     struct llm_stream *s)
{
    const struct llm *llm = row->llm == NULL ? llm_openai.responses : row->llm;

    ctx_forgive(c);
    return llm->event(c, bytes_of(event), bytes_of(piece), s);
}

static void same(struct llm_stream *a, struct llm_stream *b)
{
    assert_string_equal(buf_str(&a->text), buf_str(&b->text));
    assert_string_equal(buf_str(&a->refusal), buf_str(&b->refusal));
    assert_int_equal(a->block_count, b->block_count);
    assert_int_equal(a->ended, b->ended);
    assert_int_equal(a->so_far.stop, b->so_far.stop);
    assert_int_equal(a->so_far.input_tokens, b->so_far.input_tokens);
}

static void one_row(const struct row *row, const char *event)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct llm_stream like = llm_stream_new(c->mem), read = llm_stream_new(c->mem);
    rc_t first = read_one(c, row, "", row->first, &like), second;
    struct bytes text;
    const char *code;

    assert_int_equal(read_one(c, row, "", row->first, &read), first);
    if (like_read(&like.like, c->mem, bytes_of(row->second), &text) != row->known)
        fail_msg("%s: known should be %d", row->second, row->known);
    read.like.count = 0; /* so that it is read as JSON */
    second = read_one(c, row, event, row->second, &read);
    code = text_dup(c->mem, c->fault.code);
    assert_int_equal(read_one(c, row, event, row->second, &like), second);
    assert_true(text_is(c->fault.code, code) || (code == NULL && c->fault.code == NULL));
    same(&like, &read);
    ctx_end(c);
}

static void as_if_read_as_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        one_row(&rows[i], "");
        one_row(&rows[i], "error");
    }
}

/* Pieces that must be read as JSON between two that need not be take nothing away. */
static void known_again_after_another(void **state)
{
    static const struct row row = {.llm = &llm_openai};
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct llm_stream s = llm_stream_new(c->mem);
    struct bytes text;

    (void)state;
    assert_int_equal(read_one(c, &row, "", PADDED("a", "\"x\""), &s), OK);
    assert_int_equal(read_one(c, &row, "", PADDED("\\n", "\"y\""), &s), OK);
    assert_true(like_read(&s.like, c->mem, bytes_of(PADDED("b", "\"z\"")), &text));
    assert_int_equal(text.len, 1);
    assert_int_equal(text.data[0], 'b');
    ctx_end(c);
}

/* What surrounds the text is not kept without bound. */
static void long_surroundings(void **state)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct like like = like_new(c->mem);
    static const char *const none[] = {NULL};
    struct buf data = buf_new(c->mem, KIB(64));
    struct bytes text;

    (void)state;
    buf_text(&data, "{\"t\":\"a\",\"x\":\"");
    for (int i = 0; i < 4096; i++)
        buf_char(&data, 'x');
    buf_text(&data, "\"}");
    like_learn(&like, bytes_of("{\"t\":\"a\"}"), "t", none);
    assert_true(like_read(&like, c->mem, bytes_of("{\"t\":\"bc\"}"), &text));
    like_learn(&like, buf_bytes(&data), "t", none);
    assert_false(like_read(&like, c->mem, buf_bytes(&data), &text));
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_if_read_as_json),
        cmocka_unit_test(known_again_after_another),
        cmocka_unit_test(long_surroundings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
