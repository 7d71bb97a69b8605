/* The table of providers, the meaning of refusals, and the estimate of tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "llm/llm.h"

static void table(void **state)
{
    size_t count;
    const struct llm *const *all = llm_all(&count);

    (void)state;
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) {
        bool local = (all[i]->can & LLM_CAN_LOCAL) != 0;

        assert_ptr_equal(llm_find(all[i]->name), all[i]);
        assert_int_equal(local, all[i]->local != NULL);
        assert_int_equal(local, all[i]->ask == NULL);
        assert_int_equal(local, all[i]->answer == NULL);
        assert_int_equal(local, all[i]->event == NULL);
    }
    assert_null(llm_find("fortune-teller"));
    assert_null(llm_find(NULL));
}

static void refusals(void **state)
{
    static const struct {
        int status;
        const char *said, *code;
    } rows[] = {
        {400, NULL, "llm_bad_request"},
        {401, "x", "llm_key_refused"},
        {401, "insufficient_quota", "llm_key_refused"},
        {402, NULL, "llm_no_credit"},
        {403, "", "llm_key_refused"},
        {404, "x", "llm_model_unknown"},
        {408, NULL, "llm_overloaded"},
        {413, NULL, "llm_too_long"},
        {418, NULL, "llm_bad_request"},
        {429, NULL, "llm_rate_limited"},
        {429, "INSUFFICIENT_QUOTA: pay", "llm_no_credit"},
        {400, "input exceeds the context window", "llm_too_long"},
        {500, "the context window of the server", "llm_broken"},
        {503, NULL, "llm_overloaded"},
        {529, NULL, "llm_overloaded"},
        {599, NULL, "llm_broken"},
        {0, NULL, "llm_broken"},
        {302, NULL, "llm_broken"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(1), NULL);

        assert_int_equal(llm_fault(c, "acme", rows[i].status, rows[i].said), E_UPSTREAM);
        assert_string_equal(c->fault.code, rows[i].code);
        assert_non_null(strstr(c->fault.detail, "acme"));
        ctx_end(c);
    }
}

/* What a provider says is shortened, between characters. */
static void words_are_shortened(void **state)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    char *said = arena_take(c->mem, 3 * 5000 + 1);

    (void)state;
    for (size_t i = 0; i < 5000; i++)
        memcpy(said + 3 * i, "\xe2\x82\xac", 3);
    assert_int_equal(llm_fault(c, "acme", 400, said), E_UPSTREAM);
    assert_true(strlen(c->fault.detail) < LLM_SAID_MAX + 100);
    assert_true(text_utf8(bytes_of(c->fault.detail)));
    ctx_end(c);
}

static void estimate_is_near(void **state)
{
    /* Counted with OpenAI's o200k tokenizer. */
    static const struct {
        const char *text;
        int64_t tokens;
    } rows[] = {
        {"Hello, how can I help you today?", 9},
        {"The quick brown fox jumps over the lazy dog.", 10},
        {"Please send the invoice for order 4711 to accounting before Friday, and let me know once "
         "it is done.",
         23},
        {"Refunds are possible within 30 days of purchase if the product is unused and in its "
         "original packaging.",
         21},
        {"Die Lieferung verz\xc3\xb6gert sich leider um drei Werktage; wir bitten um "
         "Entschuldigung.",
         20},
        {"Spo\xc5\xa1tovani, va\xc5\xa1"
         "e naro\xc4\x8dilo je bilo oddano.",
         12},
        {"\xe4\xbd\xa0\xe5\xa5\xbd\xef\xbc\x8c\xe8\xaf\xb7\xe9\x97\xae\xe4\xbd\xa0\xe4\xbb\xac\xe5"
         "\x87\xa0\xe7\x82\xb9"
         "\xe5\xbc\x80\xe9\x97\xa8\xef\xbc\x9f",
         9},
        {"{\"id\":\"chatcmpl-B9MBs8Cj\",\"n\":[1,2,33333]}", 23},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t n = llm_estimate_tokens(rows[i].text);

        assert_in_range((uintmax_t)n, (uintmax_t)(rows[i].tokens * 2 / 3),
                        (uintmax_t)(rows[i].tokens * 3 / 2));
    }
    assert_int_equal(llm_estimate_tokens(NULL), 0);
    assert_int_equal(llm_estimate_tokens(""), 0);
    assert_int_equal(llm_estimate_tokens("   "), 0);
    assert_int_equal(llm_estimate_tokens("\xe4\xbd\xa0\xe5\xa5\xbd"), 2);
    assert_true(llm_estimate_tokens("\xff\xfe\x80") >= 0);
}

static void estimate_of_a_question(void **state)
{
    static const struct llm_message talk[] = {LLM_SAYS(LLM_PERSON, "one two"),
                                              LLM_SAYS(LLM_EMPLOYEE, NULL)};
    struct llm_ask ask = {.system = "be kind", .messages = talk, .count = 2};

    (void)state;
    assert_int_equal(llm_estimate_ask(&ask), 3 * 4 + 2 + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(refusals),
        cmocka_unit_test(words_are_shortened),
        cmocka_unit_test(estimate_is_near),
        cmocka_unit_test(estimate_of_a_question),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
