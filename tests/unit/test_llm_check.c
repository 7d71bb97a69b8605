/* Which questions are asked of nobody, and how they are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "llm/llm.h"
#include "llm_asks.h"

#define CALL(id)                                                             \
    {                                                                        \
        .kind = LLM_CALL, .call_id = (id), .tool = "look", .arguments = "{}" \
    }
#define RESULT(id)                                       \
    {                                                    \
        .kind = LLM_RESULT, .call_id = (id), .text = "x" \
    }
#define SAID                          \
    {                                 \
        .kind = LLM_TEXT, .text = "x" \
    }

#define MESSAGE(who, ...)                                                 \
    {                                                                     \
        .author = (who), .parts = (const struct llm_part[]){__VA_ARGS__}, \
        .part_count = COUNT_OF(((const struct llm_part[]){__VA_ARGS__}))  \
    }

/* A conversation of at most four messages, and what is wrong with it. */
struct row {
    const char *about, *code;
    struct llm_message messages[4];
};

static const struct row rows[] = {
    {"text", NULL, {LLM_SAYS(LLM_PERSON, "x")}},
    {"image alone",
     NULL,
     {MESSAGE(LLM_PERSON, {.kind = LLM_IMAGE, .url = "https://example.com/a.png"})}},
    {"a call and its result",
     NULL,
     {MESSAGE(LLM_EMPLOYEE, CALL("a")), MESSAGE(LLM_PERSON, RESULT("a"))}},
    {"two results in two messages",
     NULL,
     {MESSAGE(LLM_EMPLOYEE, CALL("a"), CALL("b")), MESSAGE(LLM_PERSON, RESULT("b")),
      MESSAGE(LLM_PERSON, SAID, RESULT("a"))}},
    {"the same id in a later round",
     NULL,
     {MESSAGE(LLM_EMPLOYEE, CALL("a")), MESSAGE(LLM_PERSON, RESULT("a")),
      MESSAGE(LLM_EMPLOYEE, CALL("a")), MESSAGE(LLM_PERSON, RESULT("a"))}},
    {"nothing", "llm_no_message", {{.text = NULL}}},
    {"blank", "llm_no_message", {LLM_SAYS(LLM_PERSON, " \n")}},
    {"no person", "llm_no_message", {LLM_SAYS(LLM_EMPLOYEE, "x")}},
    {"not UTF-8", "llm_bad_text", {LLM_SAYS(LLM_PERSON, "\xff")}},
    {"a result that is not UTF-8",
     "llm_bad_text",
     {MESSAGE(LLM_EMPLOYEE, CALL("a")),
      MESSAGE(LLM_PERSON, {.kind = LLM_RESULT, .call_id = "a", .text = "\xc3"})}},
    {"no result", "llm_bad_order", {LLM_SAYS(LLM_PERSON, "x"), MESSAGE(LLM_EMPLOYEE, CALL("a"))}},
    {"one result of two",
     "llm_bad_order",
     {MESSAGE(LLM_EMPLOYEE, CALL("a"), CALL("b")), MESSAGE(LLM_PERSON, RESULT("a"))}},
    {"the employee goes on",
     "llm_bad_order",
     {MESSAGE(LLM_EMPLOYEE, CALL("a")), LLM_SAYS(LLM_EMPLOYEE, "x"),
      MESSAGE(LLM_PERSON, RESULT("a"))}},
    {"a result of nothing", "llm_bad_order", {MESSAGE(LLM_PERSON, RESULT("a"))}},
    {"a result twice",
     "llm_bad_order",
     {MESSAGE(LLM_EMPLOYEE, CALL("a")), MESSAGE(LLM_PERSON, RESULT("a"), RESULT("a"))}},
    {"a person calls", "llm_bad_order", {MESSAGE(LLM_PERSON, CALL("a"))}},
    {"an employee has a result", "llm_bad_order", {MESSAGE(LLM_EMPLOYEE, RESULT("a"))}},
    {"an employee shows an image",
     "llm_bad_order",
     {MESSAGE(LLM_EMPLOYEE, {.kind = LLM_IMAGE, .url = "https://example.com/"})}},
    {"a person has thoughts",
     "llm_bad_order",
     {MESSAGE(LLM_PERSON, {.kind = LLM_OPAQUE, .owner = "x", .block = "{}"})}},
    {"thoughts that are no JSON",
     "llm_bad_order",
     {MESSAGE(LLM_EMPLOYEE, {.kind = LLM_OPAQUE, .owner = "x", .block = "hm"})}},
    {"a call without an id", "llm_bad_tool", {MESSAGE(LLM_EMPLOYEE, CALL(" "))}},
    {"a call of no tool",
     "llm_bad_tool",
     {MESSAGE(LLM_EMPLOYEE, {.kind = LLM_CALL, .call_id = "a", .tool = "a b", .arguments = "{}"})}},
    {"arguments in a list",
     "llm_bad_tool",
     {MESSAGE(LLM_EMPLOYEE,
              {.kind = LLM_CALL, .call_id = "a", .tool = "look", .arguments = "[]"})}},
    {"half of the arguments",
     "llm_bad_tool",
     {MESSAGE(LLM_EMPLOYEE,
              {.kind = LLM_CALL, .call_id = "a", .tool = "look", .arguments = "{\"x\":"})}},
    {"an image of a strange kind",
     "llm_bad_image",
     {MESSAGE(LLM_PERSON, {.kind = LLM_IMAGE, .media = "image/tiff", .base64 = "AAAA"})}},
    {"an image that is no base64",
     "llm_bad_image",
     {MESSAGE(LLM_PERSON, {.kind = LLM_IMAGE, .media = "image/png", .base64 = "AA-A"})}},
    {"an image that is cut",
     "llm_bad_image",
     {MESSAGE(LLM_PERSON, {.kind = LLM_IMAGE, .media = "image/png", .base64 = "AAA"})}},
    {"an image without bytes",
     "llm_bad_image",
     {MESSAGE(LLM_PERSON, {.kind = LLM_IMAGE, .media = "image/png", .base64 = ""})}},
    {"an image from a file",
     "llm_bad_image",
     {MESSAGE(LLM_PERSON, {.kind = LLM_IMAGE, .url = "file:///etc/passwd"})}},
};

static void check(const struct llm_ask *ask, const char *about, const char *code)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    rc_t rc = llm_check(c, ask);

    if ((rc == OK) != (code == NULL) || (rc != OK && !text_is(c->fault.code, code)))
        print_error("%s: %s\n", about, rc == OK ? "fine" : c->fault.code);
    assert_int_equal(rc == OK, code == NULL);
    if (rc != OK)
        assert_string_equal(c->fault.code, code);
    ctx_end(c);
}

static void conversations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct llm_ask ask = {.model = "m", .messages = rows[i].messages, .max_tokens = 1};

        while (ask.count < 4 && (rows[i].messages[ask.count].text != NULL ||
                                 rows[i].messages[ask.count].part_count > 0))
            ask.count++;
        check(&ask, rows[i].about, rows[i].code);
    }
}

static const struct llm_message hello[] = {LLM_SAYS(LLM_PERSON, "x")};

static void tools(void **state)
{
    static const struct {
        struct llm_tool tools[2];
        size_t count;
        enum llm_choice choice;
        const char *chosen, *code;
    } cases[] = {
        {{{.name = "look", .schema = "{}"}}, 1, LLM_CHOOSE_ONE, "look", NULL},
        {{{.name = "look", .schema = "{}"}}, 1, LLM_CHOOSE_ONE, "see", "llm_bad_tool"},
        {{{.name = "look", .schema = "{}"}}, 0, LLM_CHOOSE_REQUIRED, NULL, "llm_bad_tool"},
        {{{.name = "look at", .schema = "{}"}}, 1, LLM_CHOOSE_FREELY, NULL, "llm_bad_tool"},
        {{{.name = "", .schema = "{}"}}, 1, LLM_CHOOSE_FREELY, NULL, "llm_bad_tool"},
        {{{.name = "look", .about = "\xff", .schema = "{}"}},
         1,
         LLM_CHOOSE_FREELY,
         NULL,
         "llm_bad_tool"},
        {{{.name = "look"}}, 1, LLM_CHOOSE_FREELY, NULL, "llm_bad_schema"},
        {{{.name = "look", .schema = "[]"}}, 1, LLM_CHOOSE_FREELY, NULL, "llm_bad_schema"},
        {{{.name = "look", .schema = "{\"a\":1,\"a\":2}"}},
         1,
         LLM_CHOOSE_FREELY,
         NULL,
         "llm_bad_schema"},
        {{{.name = "look", .schema = "{}"}, {.name = "look", .schema = "{}"}},
         2,
         LLM_CHOOSE_FREELY,
         NULL,
         "llm_bad_tool"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct llm_ask ask = {.model = "m",
                              .messages = hello,
                              .count = 1,
                              .tools = cases[i].tools,
                              .tool_count = cases[i].count,
                              .choice = cases[i].choice,
                              .chosen = cases[i].chosen};

        check(&ask, "tools", cases[i].code);
    }
}

static void the_rest(void **state)
{
    static const char *const five[] = {"a", "b", "c", "d", "e"}, *const empty[] = {""};
    const struct llm_ask asks[] = {
        {.model = "m", .stops = five, .stop_count = 5},
        {.model = "m", .stops = empty, .stop_count = 1},
        {.model = "m", .format_name = "a b", .format_schema = "{}"},
        {.model = "m", .format_name = "a", .format_schema = "text"},
        {.model = "\xff"},
        {.model = "m", .system = "\xff"},
        {.model = "m", .format_name = "a", .format_schema = "{}", .stops = five, .stop_count = 4},
    };
    static const char *const codes[] = {"llm_too_many",
                                        "llm_bad_text",
                                        "llm_bad_schema",
                                        "llm_bad_schema",
                                        "llm_bad_text",
                                        "llm_bad_text",
                                        NULL};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(asks); i++) {
        struct llm_ask ask = asks[i];

        ask.messages = hello;
        ask.count = 1;
        check(&ask, "the rest", codes[i]);
    }
}

/* One more than each limit, and not one less. */
static void limits(void **state)
{
    struct ctx *c = ctx_new(MIB(128), NULL);
    struct llm_tool *many = arena_take(c->mem, (LLM_TOOLS_MAX + 1) * sizeof(*many));
    struct llm_part *images = arena_take(c->mem, (LLM_IMAGE_COUNT_MAX + 1) * sizeof(*images));
    struct llm_part *calls = arena_take(c->mem, (LLM_CALLS_MAX + 1) * sizeof(*calls));
    char *half = arena_take(c->mem, LLM_IMAGES_MAX / 2 + 1);
    struct llm_message message = {.author = LLM_PERSON, .parts = images};
    struct llm_ask ask = {
        .model = "m", .messages = hello, .count = 1, .tools = many, .tool_count = LLM_TOOLS_MAX};

    (void)state;
    for (size_t i = 0; i <= LLM_TOOLS_MAX; i++)
        many[i] = (struct llm_tool){.name = text_printf(c->mem, "tool_%zu", i), .schema = "{}"};
    check(&ask, "many tools", NULL);
    ask.tool_count++;
    check(&ask, "too many tools", "llm_too_many");

    for (size_t i = 0; i <= LLM_IMAGE_COUNT_MAX; i++)
        images[i] = (struct llm_part){.kind = LLM_IMAGE, .media = "image/gif", .base64 = "AAA="};
    ask = (struct llm_ask){.model = "m", .messages = &message, .count = 1};
    message.part_count = LLM_IMAGE_COUNT_MAX;
    check(&ask, "many images", NULL);
    message.part_count++;
    check(&ask, "too many images", "llm_too_many");
    memset(half, 'A', LLM_IMAGES_MAX / 2);
    images[0].base64 = images[1].base64 = half;
    message.part_count = 2;
    check(&ask, "large images", NULL);
    message.part_count = 3;
    check(&ask, "too large images", "llm_too_many");

    for (size_t i = 0; i <= LLM_CALLS_MAX; i++)
        calls[i] = (struct llm_part){.kind = LLM_CALL,
                                     .call_id = text_printf(c->mem, "%zu", i),
                                     .tool = "look",
                                     .arguments = "{}"};
    message = (struct llm_message){
        .author = LLM_EMPLOYEE, .parts = calls, .part_count = LLM_CALLS_MAX + 1};
    check(&ask, "too many calls", "llm_too_many");
    ctx_end(c);
}

static void sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < llm_ask_count; i++) {
        size_t bytes = llm_ask_bytes(&llm_asks[i].ask);
        int64_t tokens = llm_estimate_ask(&llm_asks[i].ask);
        bool image = strstr(llm_asks[i].name, "image") != NULL;

        assert_in_range(bytes, 8, 1000);
        assert_int_equal(image, tokens >= LLM_IMAGE_TOKENS);
        assert_in_range((uintmax_t)tokens, 8, 2 * LLM_IMAGE_TOKENS + 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversations), cmocka_unit_test(tools), cmocka_unit_test(the_rest),
        cmocka_unit_test(limits),        cmocka_unit_test(sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
