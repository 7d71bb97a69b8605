/*
 * The starter brain: whole conversations with the employee that every new company gets, and its
 * corners.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <jansson.h>
#include <string.h>

#include "llm/llm.h"
#include "llm/words.h"

#define TURNS_MAX 40
#define NOTE "I run on the built-in starter brain"

/* One conversation: what was said so far is kept, as flow/ would. */
struct talk {
    struct ctx *c;
    struct llm_message messages[2 * TURNS_MAX];
    size_t count;
    const char *name, *role;
    const char *facts[100];
    size_t fact_count;
};

static struct talk talk_new(void)
{
    return (struct talk){.c = ctx_new(MIB(64), NULL), .name = "Mara", .role = "Customer support"};
}

static const char *say(struct talk *t, const char *text)
{
    struct llm_answer a;

    t->messages[t->count++] = (struct llm_message)LLM_SAYS(LLM_PERSON, text);

    struct llm_ask ask = {.model = "starter",
                          .name = t->name,
                          .role = t->role,
                          .facts = t->facts,
                          .fact_count = t->fact_count,
                          .messages = t->messages,
                          .count = t->count,
                          .max_tokens = 1000};

    assert_int_equal(llm_find("starter")->local(t->c, &ask, &a), OK);
    assert_false(text_blank(a.text));
    assert_true(text_utf8(bytes_of(a.text)));
    assert_true(a.counted);
    assert_true(a.input_tokens > 0 && a.output_tokens > 0);
    t->messages[t->count++] = (struct llm_message)LLM_SAYS(LLM_EMPLOYEE, a.text);
    return a.text;
}

static void expect(struct talk *t, const char *text, const char *part)
{
    const char *answer = say(t, text);

    if (strstr(answer, part) == NULL)
        print_message("# asked: %s\n# answered: %s\n# expected: %s\n", text, answer, part);
    assert_non_null(strstr(answer, part));
}

static void seed_facts(struct talk *t, json_t **keep)
{
    json_error_t why;
    json_t *fact;
    size_t i;

    *keep = json_load_file("seed/employees.json", JSON_REJECT_DUPLICATES, &why);
    assert_non_null(*keep);

    const json_t *mara = json_array_get(*keep, 0);

    t->name = json_string_value(json_object_get(mara, "name"));
    t->role = json_string_value(json_object_get(mara, "role"));
    json_array_foreach(json_object_get(mara, "facts"), i, fact)
        t->facts[t->fact_count++] = json_string_value(fact);
}

static void seeded_facts(void **state)
{
    static const char *const rows[][2] = {
        {"What is Konstruct?", "Konstruct is a platform"},
        {"How do I connect Slack?", "konstruct channel add slack"},
        {"How do I talk to you in Slack?", "mentioning the app"},
        {"Hey! How do I mention you in a channel?", "mentioning the app"},
        {"How can I connect a real model?", "A real model is connected"},
        {"Does vLLM work?", "vLLM"},
        {"Do I need an account or a key?", "needs no account and no key"},
        {"How do I reach support?", "Support is reached by asking Mara"},
        {"Who can see my conversations?", "can be seen by the company"},
        {"What is the capital of France?", "I don't know that"},
        {"Can you write a poem about cats?", "I don't know that"},
    };
    json_t *keep;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct talk t = talk_new();

        seed_facts(&t, &keep);
        expect(&t, rows[i][0], rows[i][1]);
        json_decref(keep);
        ctx_end(t.c);
    }
}

static void small_talk(void **state)
{
    static const char *const rows[][2] = {
        {"hi", "Hello! I am Mara"},
        {"Good morning, Mara!", "Hello! I am Mara"},
        {"Guten Tag", "Hello! I am Mara"},
        {"Who are you?", "My role: Customer support."},
        {"what\xe2\x80\x99s your name?", "I am Mara"},
        {"Are you human?", "I am a program, not a human."},
        {"What can you do?", "My role"},
        {"help", "My role"},
        {"How are you?", "I am fine"},
        {"Thanks a lot!", "You are welcome"},
        {"bye", "Goodbye"},
        {"Which model do you use?", "Settings, Models"},
        {"My name is Ada Lovelace.", "Nice to meet you, Ada Lovelace."},
        {"call me Bob", "Nice to meet you, Bob."},
        {"What's my name?", "You have not told me your name"},
        {"What did I say?", "This is your first message"},
        {"???", "I am Mara"},
        {"\xf0\x9f\x98\x80", "I"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct talk t = talk_new();

        expect(&t, rows[i][0], rows[i][1]);
        ctx_end(t.c);
    }
}

static void conversation_is_remembered(void **state)
{
    struct talk t = talk_new();

    (void)state;
    expect(&t, "Hello, my name is Ana", "Nice to meet you, Ana");
    expect(&t, "our order number is 4711", "I will remember that");
    expect(&t, "the invoice goes to Graz", "I will remember that");
    expect(&t, "What is our order number?", "You told me: \"our order number is 4711\"");
    expect(&t, "Where does the invoice go?", "You told me: \"the invoice goes to Graz\"");
    expect(&t, "what's my name?", "Your name is Ana.");
    expect(&t, "What did I say first?", "Your first message here was: \"Hello, my name is Ana\"");
    expect(&t, "What did I just say?", "Before this you wrote: \"What did I say first?\"");
    expect(&t, "What did I say about the order?", "You told me: \"our order number is 4711\"");
    expect(&t, "thank you", "You are welcome");
    ctx_end(t.c);
}

static void a_program_asks_nobody_in_particular(void **state)
{
    struct talk t = talk_new();

    (void)state;
    t.name = t.role = NULL;
    expect(&t, "Hello", "I am the built-in starter. What can I help you with?");
    assert_null(strstr(t.messages[1].text, "AI employee."));
    ctx_end(t.c);
}

static void says_once_what_it_is(void **state)
{
    struct talk t = talk_new();

    (void)state;
    expect(&t, "hello", NOTE);
    assert_non_null(strstr(t.messages[1].text, "Settings, Models"));
    assert_null(strstr(say(&t, "and again hello"), NOTE));
    assert_null(strstr(say(&t, "bye"), NOTE));
    ctx_end(t.c);
}

static void topic_goes_on(void **state)
{
    struct talk t = talk_new();

    (void)state;
    t.facts[t.fact_count++] = "The office in Graz is open from 9:00 to 17:00";
    t.facts[t.fact_count++] = "The office in Linz is open from 8:00 to 12:00.";
    t.facts[t.fact_count++] = "Parking costs 2 euros.";
    expect(&t, "What are the office hours in Graz?", "9:00 to 17:00.");
    expect(&t, "and in Linz?", "8:00 to 12:00.");
    expect(&t, "How expensive is it to park?", "Parking costs 2 euros.");
    ctx_end(t.c);
}

static void same_question_same_answer(void **state)
{
    const char *first = NULL;
    struct talk t[2] = {talk_new(), talk_new()};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        t[i].facts[t[i].fact_count++] = "Apples are green.";
        t[i].facts[t[i].fact_count++] = "Apples are red.";

        const char *answer = say(&t[i], "What colour are apples?");

        if (first == NULL)
            first = answer;
        assert_string_equal(answer, first);
    }
    ctx_end(t[0].c);
    ctx_end(t[1].c);
}

static void corners(void **state)
{
    struct talk t = talk_new();
    char *longest = arena_take(t.c->mem, KIB(100) + 1);

    (void)state;
    t.name = t.role = NULL;
    say(&t, "who are you?");
    for (size_t i = 0; i < KIB(100); i++)
        longest[i] = "word \xc3\xbc"[i % 7];
    longest[KIB(100) - KIB(100) % 7] = '\0';
    t.facts[t.fact_count++] = longest;
    t.facts[t.fact_count++] = "";
    t.facts[t.fact_count++] = "''' ' '";
    say(&t, longest);
    say(&t, "word?");
    say(&t, "it's 'quoted' don't ' can't'' ''");
    say(&t, "my name is ");
    say(&t, "call me .");
    expect(&t, "my name is Zo\xc3\xab \xc3\x89", "Zo\xc3\xab");
    ctx_end(t.c);
}

static void nothing_to_answer(void **state)
{
    static const struct llm_message none[] = {LLM_SAYS(LLM_PERSON, " "),
                                              LLM_SAYS(LLM_EMPLOYEE, "x")};
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct llm_ask ask = {.messages = none, .count = 2, .max_tokens = 10};
    struct llm_answer a;

    (void)state;
    assert_int_equal(llm_find("starter")->local(c, &ask, &a), E_INVALID);
    assert_string_equal(c->fault.code, "llm_no_message");
    ctx_end(c);
}

/* Images are not looked at, and that is said; what stands beside them is answered as ever. */
static void images(void **state)
{
    static const struct llm_part only[] = {{.kind = LLM_IMAGE, .url = "https://example.com/a.png"}};
    static const struct llm_part both[] = {{.kind = LLM_IMAGE, .url = "https://example.com/a.png"},
                                           {.kind = LLM_TEXT, .text = "What is"},
                                           {.kind = LLM_TEXT, .text = "your name?"}};
    const struct llm_message shown[] = {{.author = LLM_PERSON, .parts = only, .part_count = 1},
                                        {.author = LLM_PERSON, .parts = both, .part_count = 3}};
    struct ctx *c = ctx_new(MIB(8), NULL);
    struct llm_ask ask = {.name = "Mara", .messages = shown, .count = 1, .max_tokens = 100};
    struct llm_answer a;

    (void)state;
    assert_int_equal(llm_find("starter")->local(c, &ask, &a), OK);
    assert_true(text_starts(a.text, "I can't see images: "));
    assert_null(strstr(a.text, "don't know"));
    ask.count = 2;
    assert_int_equal(llm_find("starter")->local(c, &ask, &a), OK);
    assert_true(text_starts(a.text, "I can't see images: "));
    assert_non_null(strstr(a.text, "Mara"));
    assert_int_equal(a.part_count, 1);
    assert_string_equal(a.parts[0].text, a.text);
    ctx_end(c);
}

/* Sentences are no structure and no tool call: somebody else has to be asked. */
static void what_it_cannot(void **state)
{
    static const struct llm_message hello[] = {LLM_SAYS(LLM_PERSON, "Hello")};
    static const struct llm_tool tool = {.name = "look", .schema = "{}"};
    const struct llm_ask asks[] = {
        {.messages = hello, .count = 1, .format_name = "a", .format_schema = "{}"},
        {.messages = hello,
         .count = 1,
         .tools = &tool,
         .tool_count = 1,
         .choice = LLM_CHOOSE_REQUIRED},
    };
    struct ctx *c = ctx_new(MIB(8), NULL);
    struct llm_answer a;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(asks); i++) {
        assert_int_equal(llm_find("starter")->local(c, &asks[i], &a), E_INVALID);
        assert_string_equal(c->fault.code, "llm_cannot");
        ctx_forgive(c);
    }
    ctx_end(c);
}

static void plain_words(void **state)
{
    static const char *const rows[][2] = {
        {"What's  this?!", " what is this "},
        {"I'm sure we'd don't", " i am sure we would do not "},
        {"can't won't", " can not wo not "},
        {"A-B, c/d", " a b c d "},
        {"\xc3\x9c"
         "ber",
         " \xc3\x9c"
         "ber "},
        {"", " "},
        {" '' ", " "},
    };
    struct ctx *c = ctx_new(MIB(1), NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_string_equal(words_plain(c->mem, rows[i][0]), rows[i][1]);
    ctx_end(c);
}

/* Words of one row must meet, words of different rows must not. */
static void stems_meet(void **state)
{
    static const char *const rows[][4] = {
        {"open", "opens", "opening", "hours"},     {"ship", "shipping", "shipped", "delivery"},
        {"company", "companies", "company", NULL}, {"price", "prices", "costs", "expensive"},
        {"safe", "safety", "security", "secure"},  {"refund", "returned", "refunds", "reimbursed"},
        {"issue", "problems", "bugs", "errors"},   {"address", "addresses", "location", "where"},
    };
    struct ctx *c = ctx_new(MIB(1), NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct words *first = words_of(c->mem, rows[i][0]);
        const struct words *other = words_of(c->mem, rows[(i + 1) % COUNT_OF(rows)][0]);

        assert_int_equal(first->count, 1);
        assert_false(words_have(other, first->items[0]));
        for (size_t k = 1; k < 4 && rows[i][k] != NULL; k++)
            assert_string_equal(words_of(c->mem, rows[i][k])->items[0], first->items[0]);
    }
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeded_facts),
        cmocka_unit_test(small_talk),
        cmocka_unit_test(conversation_is_remembered),
        cmocka_unit_test(a_program_asks_nobody_in_particular),
        cmocka_unit_test(says_once_what_it_is),
        cmocka_unit_test(topic_goes_on),
        cmocka_unit_test(same_question_same_answer),
        cmocka_unit_test(corners),
        cmocka_unit_test(nothing_to_answer),
        cmocka_unit_test(images),
        cmocka_unit_test(what_it_cannot),
        cmocka_unit_test(plain_words),
        cmocka_unit_test(stems_meet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
