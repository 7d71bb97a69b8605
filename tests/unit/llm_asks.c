/* See llm_asks.h. */
#include "llm_asks.h"

#define PIXEL                                                                                 \
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5" \
    "ErkJggg=="

static const struct llm_tool tools[] = {
    {.name = "order_find",
     .about = "Finds an order by its number.",
     .schema = "{\"type\":\"object\",\"properties\":{\"number\":{\"type\":\"integer\"}},"
               "\"required\":[\"number\"],\"additionalProperties\":false}",
     .strict = true},
    {.name = "customer_find",
     .schema = "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}}}"},
};

static const struct llm_message hello[] = {LLM_SAYS(LLM_PERSON, "Where is my order 4711?")};

static const struct llm_message talk[] = {
    LLM_SAYS(LLM_PERSON, "Good day."),
    LLM_SAYS(LLM_EMPLOYEE, "Good day. How can I help?"),
    LLM_SAYS(LLM_PERSON, "Here is a list."),
    LLM_SAYS(LLM_PERSON, "Gr\xc3\xbc\xc3\x9f"
                         "e an alle."),
    LLM_SAYS(LLM_EMPLOYEE, "Thank you."),
    LLM_SAYS(LLM_PERSON, "And now?"),
};

static const struct llm_part picture[] = {
    {.kind = LLM_TEXT, .text = "What is this?"},
    {.kind = LLM_IMAGE, .media = "image/png", .base64 = PIXEL},
    {.kind = LLM_IMAGE, .media = "image/png", .base64 = PIXEL},
    {.kind = LLM_TEXT, .text = "Both, please."},
};
static const struct llm_message pictures[] = {
    {.author = LLM_PERSON, .parts = picture, .part_count = COUNT_OF(picture)}};

static const struct llm_part linked[] = {
    {.kind = LLM_IMAGE, .url = "https://example.com/a.png?x=1"}};
static const struct llm_message links[] = {
    {.author = LLM_PERSON, .parts = linked, .part_count = COUNT_OF(linked)}};

/* Two calls at once; their results come in three messages, in the other order, around a remark. */
static const struct llm_part calls[] = {
    {.kind = LLM_TEXT, .text = "I look both up."},
    {.kind = LLM_CALL, .call_id = "call_1", .tool = "order_find", .arguments = "{\"number\":4711}"},
    {.kind = LLM_CALL,
     .call_id = "functions.customer_find:1",
     .tool = "customer_find",
     .arguments = "{\"name\":\"Gr\xc3\xbc\xc3\x9fner\"}"},
    {.kind = LLM_OPAQUE, .owner = "somebody.else", .block = "{\"secret\":\"thoughts\"}"},
};
static const struct llm_part second[] = {{.kind = LLM_RESULT,
                                          .call_id = "functions.customer_find:1",
                                          .text = "no such customer",
                                          .is_error = true}};
static const struct llm_part first[] = {
    {.kind = LLM_RESULT, .call_id = "call_1", .text = "{\"state\":\"sent\"}"},
    {.kind = LLM_TEXT, .text = "Be quick."}};
static const struct llm_message loop[] = {
    LLM_SAYS(LLM_PERSON, "Where is my order 4711?"),
    {.author = LLM_EMPLOYEE, .parts = calls, .part_count = COUNT_OF(calls)},
    LLM_SAYS(LLM_PERSON, "Hurry up."),
    {.author = LLM_PERSON, .parts = second, .part_count = COUNT_OF(second)},
    {.author = LLM_PERSON, .parts = first, .part_count = COUNT_OF(first)},
};

static const double half = 0.5, quarter = 0.25;
static const int64_t seed = 7;
static const char *const stops[] = {"END", "###"};

#define ASK(list) \
    .system = "Be kind.", .messages = (list), .count = COUNT_OF(list), .max_tokens = 8000
#define TOOLS .tools = tools, .tool_count = COUNT_OF(tools)

const struct llm_asked llm_asks[] = {
    {"plain", {ASK(hello)}},
    {"streamed", {ASK(hello), .stream = true}},
    {"talk", {ASK(talk), .stable_count = 4, .cache_key = "mara-support"}},
    {"image", {ASK(pictures)}},
    {"image_url", {ASK(links)}},
    {"tools", {ASK(hello), TOOLS}},
    {"tools_none", {ASK(hello), TOOLS, .choice = LLM_CHOOSE_NONE}},
    {"tools_required",
     {ASK(hello), TOOLS, .choice = LLM_CHOOSE_REQUIRED, .one_call_only = true,
      .effort = LLM_EFFORT_HIGH}},
    {"tools_one", {ASK(hello), TOOLS, .choice = LLM_CHOOSE_ONE, .chosen = "order_find"}},
    {"one_call", {ASK(hello), TOOLS, .one_call_only = true}},
    {"loop", {ASK(loop), TOOLS, .stable_count = 2, .effort = LLM_EFFORT_LOW}},
    {"format",
     {ASK(hello), .format_name = "mood",
      .format_schema = "{\"type\":\"object\",\"properties\":{\"mood\":{\"type\":\"string\"}},"
                       "\"required\":[\"mood\"],\"additionalProperties\":false}"}},
    {"format_loose",
     {ASK(hello), .format_name = "mood", .format_schema = "{\"type\":\"object\"}",
      .format_loose = true}},
    {"format_json", {ASK(hello), .format_json = true}},
    {"wishes", {ASK(hello), .temperature = &half, .top_p = &quarter, .seed = &seed}},
    {"stops", {ASK(hello), .stops = stops, .stop_count = COUNT_OF(stops)}},
    {"think", {ASK(hello), .effort = LLM_EFFORT_MEDIUM, .temperature = &half}},
    {"think_not", {ASK(hello), .effort = LLM_EFFORT_NONE}},
};
const size_t llm_ask_count = COUNT_OF(llm_asks);

const char *llm_asked_model(const char *api)
{
    static const struct {
        const char *api, *model;
    } rows[] = {{"openai", "gpt-4.1"},
                {"responses", "gpt-5"},
                {"anthropic", "claude-sonnet-4-5"},
                {"ollama", "qwen3:8b"}};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (text_is(rows[i].api, api))
            return rows[i].model;
    return NULL;
}
