/* Vectors of many texts: how they are split, who is asked, and who is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "base/conf.h"
#include "flow/embed.h"
#include "pool_bench.h"

/* So many vectors of two numbers, the first counting up from `from`. */
static const char *made(struct arena *mem, size_t from, size_t count)
{
    struct buf b = buf_new(mem, KIB(64));

    buf_text(&b, JSON_HEAD "{\"model\":\"real\",\"usage\":{\"prompt_tokens\":10},\"data\":[");
    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "%s{\"index\":%zu,\"embedding\":[%zu,0.5]}", i == 0 ? "" : ",", i, from + i);
    buf_text(&b, "]}");
    return buf_str(&b);
}

static const char *const *texts_of(struct arena *mem, size_t count, size_t len)
{
    const char **texts = arena_take(mem, count * sizeof(*texts));
    char *text = arena_take(mem, len + 1);

    memset(text, 'a', len);
    for (size_t i = 0; i < count; i++)
        texts[i] = text;
    return texts;
}

static void many_texts_are_several_questions(void **state)
{
    struct bench *b = *state;
    struct arena *mem = b->c->mem;
    struct tiny_step steps[] = {{made(mem, 0, LLM_TEXTS_MAX), 0, TINY_CLOSE},
                                {made(mem, LLM_TEXTS_MAX, LLM_TEXTS_MAX), 0, TINY_CLOSE},
                                {made(mem, 2 * (size_t)LLM_TEXTS_MAX, 8), 0, TINY_CLOSE}};
    size_t count = 2 * LLM_TEXTS_MAX + 8;
    struct embedded_texts out;

    bench_serve(b, steps, 3);
    assert_int_equal(embed_texts(b->c, &b->route, texts_of(mem, count, 3), count, 0, NULL, &out),
                     OK);
    assert_int_equal(tiny_requests(b->servers[0]), 3);
    assert_int_equal(out.count, count);
    assert_int_equal(out.dimensions, 2);
    for (size_t i = 0; i < count; i++)
        assert_float_equal(out.vectors[2 * i], (double)i, 0.01);
    assert_int_equal(out.tokens, 30);
    assert_true(out.counted);
    assert_string_equal(out.model, "real");
    assert_string_equal(out.provider, "openai");
}

/* What is too long together goes apart; the bytes of a question are bounded, too. */
static void long_texts_are_several_questions(void **state)
{
    struct bench *b = *state;
    struct tiny_step steps[] = {{made(b->c->mem, 0, 2), 0, TINY_CLOSE},
                                {made(b->c->mem, 2, 1), 0, TINY_CLOSE}};
    struct embedded_texts out;

    bench_serve(b, steps, 2);
    assert_int_equal(embed_texts(b->c, &b->route, texts_of(b->c->mem, 3, 100000), 3, 0, NULL, &out),
                     OK);
    assert_int_equal(tiny_requests(b->servers[0]), 2);
    assert_float_equal(out.vectors[4], 2, 0.01);
}

/* Vectors of two models can't be compared: another account may help out, another model may not. */
static void only_the_same_model_helps_out(void **state)
{
    struct bench *b = *state;
    struct tiny_step good = {made(b->c->mem, 0, 1), 0, TINY_CLOSE};
    struct embedded_texts out;

    bench_serve(b, &bench_broken, 1);
    bench_serve(b, &good, 1);
    bench_serve(b, &good, 1);
    b->route.candidates[1].model = "another";
    bench_add_starter(b);
    assert_int_equal(embed_texts(b->c, &b->route, texts_of(b->c->mem, 1, 5), 1, 0, NULL, &out), OK);
    assert_int_equal(tiny_requests(b->servers[0]), 2);
    assert_int_equal(tiny_requests(b->servers[1]), 0);
    assert_int_equal(tiny_requests(b->servers[2]), 1);
    assert_int_equal(out.last.try_count, 2);
}

/* Fewer vectors than texts, or of another length than was asked for, are no answer. */
static void what_does_not_fit_is_refused(void **state)
{
    struct bench *b = *state;
    struct tiny_step good = {made(b->c->mem, 0, 1), 0, TINY_CLOSE};
    struct embedded_texts out;

    bench_serve(b, &good, 1);
    assert_int_equal(embed_texts(b->c, &b->route, texts_of(b->c->mem, 2, 5), 2, 0, NULL, &out),
                     E_UPSTREAM);
    ctx_forgive(b->c);
    assert_int_equal(embed_texts(b->c, &b->route, texts_of(b->c->mem, 1, 5), 1, 3, NULL, &out),
                     E_UPSTREAM);
    assert_string_equal(out.last.tries[0].code, "llm_broken");
}

static void whose_fault_it_is(void **state)
{
    static const struct tiny_step too_long = {
        HEAD("400 No", "application/json") "\r\n{\"error\":{\"message\":\"maximum context "
                                           "length\"}}",
        0, TINY_CLOSE};
    static const char *const empty[] = {""};
    struct bench *b = *state;
    struct embedded_texts out;

    bench_serve(b, &too_long, 1);
    assert_int_equal(embed_texts(b->c, &b->route, texts_of(b->c->mem, 1, 5), 1, 0, NULL, &out),
                     E_INVALID);
    assert_string_equal(b->c->fault.code, "llm_too_long");
    ctx_forgive(b->c);
    assert_int_equal(embed_texts(b->c, &b->route, empty, 0, 0, NULL, &out), E_INVALID);
    assert_string_equal(b->c->fault.code, "embed_nothing");
    ctx_forgive(b->c);
    assert_int_equal(embed_texts(b->c, &b->route, empty, 1, 0, NULL, &out), E_INVALID);
    assert_string_equal(b->c->fault.code, "llm_bad_text");
    ctx_forgive(b->c);
    assert_int_equal(embed_texts(b->c, &b->route, texts_of(b->c->mem, EMBED_TEXTS_MAX + 1, 1),
                                 EMBED_TEXTS_MAX + 1, 0, NULL, &out),
                     E_LIMIT);
    assert_string_equal(b->c->fault.code, "embed_too_many");
    ctx_forgive(b->c);
    b->route.candidates[0].llm = llm_find("anthropic");
    assert_int_equal(embed_texts(b->c, &b->route, texts_of(b->c->mem, 1, 5), 1, 0, NULL, &out),
                     E_INVALID);
    assert_string_equal(b->c->fault.code, "llm_model_unknown");
    assert_int_equal(tiny_requests(b->servers[0]), 1);
}

/* Nobody is asked for somebody who has left, and who says nothing is left in time. */
static void there_is_an_end(void **state)
{
    struct bench *b = *state;
    struct tiny_step good = {made(b->c->mem, 0, LLM_TEXTS_MAX), 0, TINY_CLOSE};
    const size_t count = LLM_TEXTS_MAX * 2;
    struct embedded_texts out;

    bench_serve(b, &good, 1);
    b->seen.gone = true;
    assert_int_equal(
        embed_texts(b->c, &b->route, texts_of(b->c->mem, count, 3), count, 0, &b->sink, &out),
        E_TIMEOUT);
    assert_int_equal(tiny_requests(b->servers[0]), 0);
    ctx_forgive(b->c);
    b->seen.gone = false;
    tiny_stop(b->servers[0]);
    b->route.count = 0;
    bench_serve(b, &bench_hangs, 1);
    b->route.limits.turn_ms = 1200;
    assert_int_equal(
        embed_texts(b->c, &b->route, texts_of(b->c->mem, count, 3), count, 0, &b->sink, &out),
        E_UPSTREAM);
    assert_int_equal(tiny_requests(b->servers[0]), 1);
}

static void use_built_in(struct bench *b)
{
    bench_add_starter(b);
    b->route.candidates[0].model = EMBED_BUILT_IN;
}

/* Before any other test of it: once its files are open they stay so. */
static void without_its_files_the_built_in_model_says_so(void **state)
{
    struct bench *b = *state;
    struct embedded_texts out;

    use_built_in(b);
    conf_set(CONF_embed_dir, "/nowhere");
    assert_int_equal(embed_texts(b->c, &b->route, texts_of(b->c->mem, 1, 5), 1, 0, NULL, &out),
                     E_UPSTREAM);
    assert_string_equal(out.last.tries[0].code, "llm_not_installed");
}

static void the_built_in_model_needs_nobody(void **state)
{
    static const char *const texts[] = {"The invoice is not paid.", "Nobody paid the bill.",
                                        "The cat sleeps on the sofa."};
    struct bench *b = *state;
    struct embedded_texts out;
    double alike = 0, unlike = 0;

    use_built_in(b);
    conf_set(CONF_embed_dir, ".tools/minilm");
    assert_int_equal(embed_texts(b->c, &b->route, texts, 3, 0, NULL, &out), OK);
    assert_int_equal(out.count, 3);
    assert_int_equal(out.dimensions, EMBED_BUILT_IN_DIMENSIONS);
    assert_string_equal(out.model, EMBED_BUILT_IN);
    assert_string_equal(out.provider, "starter");
    assert_int_equal(out.tokens, 10 + 7 + 9);
    assert_true(out.counted);
    for (size_t d = 0; d < out.dimensions; d++) {
        alike += (double)out.vectors[d] * (double)out.vectors[out.dimensions + d];
        unlike += (double)out.vectors[d] * (double)out.vectors[2 * out.dimensions + d];
    }
    assert_true(alike > unlike + 0.3);
}

/* A busy provider is told of as one, as it is for a chat. */
static void why_nobody_made_them(void **state)
{
    static const struct tiny_step busy = {
        HEAD("429 Slow", "application/json") "retry-after: 60\r\n\r\n{\"error\":{\"message\":"
                                             "\"slow\"}}",
        0, TINY_CLOSE};
    struct bench *b = *state;
    struct embedded_texts out;

    bench_serve(b, &busy, 1);
    assert_int_equal(embed_texts(b->c, &b->route, texts_of(b->c->mem, 1, 5), 1, 0, NULL, &out),
                     E_UPSTREAM);
    assert_string_equal(b->c->fault.code, "llm_rate_limited");
}

static void what_the_built_in_model_cannot(void **state)
{
    struct bench *b = *state;
    struct buf words = buf_new(b->c->mem, KIB(8));
    const char *text;
    struct embedded_texts out;

    use_built_in(b);
    conf_set(CONF_embed_dir, ".tools/minilm");
    assert_int_equal(embed_texts(b->c, &b->route, texts_of(b->c->mem, 1, 5), 1, 256, NULL, &out),
                     E_INVALID);
    assert_string_equal(b->c->fault.code, "llm_cannot");
    ctx_forgive(b->c);
    for (int i = 0; i < EMBED_BUILT_IN_TOKENS - 2; i++)
        buf_text(&words, "word ");
    text = buf_str(&words);
    assert_int_equal(embed_texts(b->c, &b->route, &text, 1, 0, NULL, &out), OK);
    assert_int_equal(out.tokens, EMBED_BUILT_IN_TOKENS);
    buf_text(&words, "more");
    text = buf_str(&words);
    assert_int_equal(embed_texts(b->c, &b->route, &text, 1, 0, NULL, &out), E_INVALID);
    assert_string_equal(b->c->fault.code, "llm_too_long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_texts_are_several_questions, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(long_texts_are_several_questions, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(only_the_same_model_helps_out, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(whose_fault_it_is, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(there_is_an_end, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(without_its_files_the_built_in_model_says_so, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(the_built_in_model_needs_nobody, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(why_nobody_made_them, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(what_the_built_in_model_cannot, bench_setup,
                                        bench_teardown),
    };

    http_start();

    int failures = cmocka_run_group_tests(tests, NULL, NULL);

    http_stop();
    return failures;
}
