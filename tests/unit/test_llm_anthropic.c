/* Anthropic's format: what we ask, and every kind of answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "base/shape.h"
#include "llm/anthropic.h"
#include "llm_reading.h"

extern const struct llm llm_anthropic;

static const char good[] =
    "{\"id\":\"msg_01XFDUDYJgAACzvnptvVoYEL\",\"type\":\"message\",\"role\":\"assistant\","
    "\"model\":"
    "\"claude-sonnet-4-5-20250929\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\","
    "\"signature\":\"s\"},"
    "{\"type\":\"text\",\"text\":\"Hello\"},{\"type\":\"text\",\"text\":\" "
    "there!\"}],\"stop_reason\":\"end_turn\","
    "\"stop_sequence\":null,\"usage\":{\"input_tokens\":20,\"cache_creation_input_tokens\":100,"
    "\"cache_read_input_tokens\":1000,\"output_tokens\":12,\"service_tier\":\"standard\"}}";

#define START                                                                                    \
    "event: message_start\ndata: "                                                               \
    "{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\","                \
    "\"model\":\"claude-haiku-4-5\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_"     \
    "tokens\":25,"                                                                               \
    "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":5,\"output_tokens\":1}}}\n\n" \
    "event: content_block_start\ndata: "                                                         \
    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":"                           \
    "{\"type\":\"text\",\"text\":\"\"}}\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\n"
#define TEXT(text)                                                       \
    "event: content_block_delta\ndata: "                                 \
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":" \
    "\"text_delta\",\"text\":\"" text "\"}}\n\n"
#define STOP(reason)                                                                               \
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"           \
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"" reason \
    "\","                                                                                          \
    "\"stop_sequence\":null},\"usage\":{\"output_tokens\":15}}\n\n"
#define END "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

static const char flow[] = START TEXT("Hel") TEXT("lo") STOP("end_turn") END;

static void whole_answers(void **state)
{
    static const struct llm_whole rows[] = {
        {"recorded", 200, good, NULL, "Hello there!", "claude-sonnet-4-5-20250929", LLM_STOP_END,
         1120, 1000, 12},
        {"no figures", 200, "{\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}", NULL, "x", NULL,
         LLM_STOP_END, 0, 0, 0},
        {"limit", 200,
         "{\"content\":[{\"type\":\"text\",\"text\":\"x\"}],\"stop_reason\":\"max_tokens\"}", NULL,
         "x", NULL, LLM_STOP_LENGTH, 0, 0, 0},
        {"refusal", 200, "{\"content\":[],\"stop_reason\":\"refusal\"}", NULL, "", NULL,
         LLM_STOP_REFUSED, 0, 0, 0},
        {"new kinds of blocks", 200,
         "{\"content\":[{\"type\":\"hologram\",\"text\":7},{\"type\":\"text\",\"text\":"
         "\"x\"}]}",
         NULL, "x", NULL, LLM_STOP_END, 0, 0, 0},
        {"key refused", 401,
         "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":\"invalid "
         "x-api-key\"}}",
         WHOLE_FAULT("llm_key_refused")},
        {"model unknown", 404,
         "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\",\"message\":\"model: "
         "claude-x\"}}",
         WHOLE_FAULT("llm_model_unknown")},
        {"too long with its answer", 400,
         "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"input "
         "length and `max_tokens` exceed context limit: 190000 + 20000 > 200000\"}}",
         WHOLE_FAULT("llm_too_long")},
        {"too long", 400,
         "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt "
         "is too long: 210000 "
         "tokens > 200000 maximum\"}}",
         WHOLE_FAULT("llm_too_long")},
        {"too large", 413, "{\"type\":\"error\",\"error\":{\"type\":\"request_too_large\"}}",
         WHOLE_FAULT("llm_too_long")},
        {"no credit", 400,
         "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Your "
         "credit balance is too "
         "low\"}}",
         WHOLE_FAULT("llm_no_credit")},
        {"slow down", 429,
         "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"x\"}}",
         WHOLE_FAULT("llm_rate_limited")},
        {"server error", 500,
         "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"x\"}}",
         WHOLE_FAULT("llm_broken")},
        {"overloaded", 529,
         "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}",
         WHOLE_FAULT("llm_overloaded")},
        {"error with status 200", 200,
         "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}",
         WHOLE_FAULT("llm_overloaded")},
    };

    (void)state;
    llm_check_wholes(&llm_anthropic, rows, COUNT_OF(rows));
}

static void streams(void **state)
{
    static const struct llm_flow rows[] = {
        {"recorded", flow, NULL, "Hello", "claude-haiku-4-5", LLM_STOP_END, 30, 5, 15, false},
        {"without its last event", START TEXT("a") STOP("end_turn"), NULL, "a", "claude-haiku-4-5",
         LLM_STOP_END, 30, 5, 15, false},
        {"torn", START TEXT("a"), NULL, "a", "claude-haiku-4-5", LLM_STOP_END, 30, 5, 1, true},
        {"nothing", "", NULL, "", NULL, LLM_STOP_END, 0, 0, 0, true},
        {"limit", START TEXT("a") STOP("max_tokens") END, NULL, "a", "claude-haiku-4-5",
         LLM_STOP_LENGTH, 30, 5, 15, false},
        {"refusal", START STOP("refusal") END, NULL, "", "claude-haiku-4-5", LLM_STOP_REFUSED, 30,
         5, 15, false},
        {"thinking is not shown",
         START "data: "
               "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":"
               "\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n"
               "data: "
               "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
               "\"thinking_delta\",\"thinking\":\"hm\"}}\n\n"
               "data: "
               "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
               "\"signature_delta\",\"signature\":\"s\"}}\n\n" TEXT("a") STOP("end_turn") END,
         NULL, "a", "claude-haiku-4-5", LLM_STOP_END, 30, 5, 15, false},
        {"thinking that did not begin",
         START "data: "
               "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
               "\"thinking_delta\",\"thinking\":\"hm\"}}\n\n",
         FLOW_FAULT("llm_broken")},
        {"new kinds of events",
         START "event: party\ndata: {\"type\":\"party\",\"delta\":7}\n\n" TEXT("a") STOP("x") END,
         NULL, "a", "claude-haiku-4-5", LLM_STOP_END, 30, 5, 15, false},
        {"input repeated at the end",
         "data: "
         "{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":0,\"output_tokens\":"
         "0}}}\n\n" TEXT(
             "a") "data: "
                  "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{"
                  "\"input_tokens\":7,\"output_tokens\":2}}\n\n",
         NULL, "a", NULL, LLM_STOP_END, 7, 0, 2, false},
        {"error within",
         START TEXT("a") "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
                         "\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
         FLOW_FAULT("llm_overloaded")},
        {"error without a word", "data: {\"type\":\"error\"}\n\n", FLOW_FAULT("llm_broken")},
        {"rate limit within",
         "data: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\"}}\n\n",
         FLOW_FAULT("llm_rate_limited")},
        {"not JSON", "data: {malformed\n\n", FLOW_FAULT("llm_broken")},
        {"type of a wrong type", "data: {\"type\":7}\n\n", FLOW_FAULT("llm_broken")},
        {"delta of a wrong type", "data: {\"type\":\"content_block_delta\",\"delta\":\"a\"}\n\n",
         FLOW_FAULT("llm_broken")},
        {"text of a wrong type",
         "data: "
         "{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":1}}\n\n",
         FLOW_FAULT("llm_broken")},
        {"figures of a wrong type",
         "data: "
         "{\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":\"many\"}}\n\n",
         FLOW_FAULT("llm_broken")},
    };

    (void)state;
    llm_check_flows(&llm_anthropic, rows, COUNT_OF(rows));
}

static void nonsense_and_beginnings(void **state)
{
    (void)state;
    llm_check_nonsense(&llm_anthropic);
    llm_check_truncated(&llm_anthropic, good, flow);
}

/* Asks and gives the body without its fixed beginning. */
static const char *messages_of(struct ctx *c, const struct llm_message *messages, size_t count)
{
    struct llm_account account = {.key = "k"};
    struct llm_ask ask = {.model = "m", .messages = messages, .count = count, .max_tokens = 9};
    struct http_ask http;

    assert_int_equal(llm_anthropic.ask(c, &account, &ask, &http), OK);

    const char *from = strstr(http.body.data, "\"messages\":");

    return text_copy(c->mem, from, (size_t)(strstr(from, ",\"stream\"") - from));
}

static void authors_take_turns(void **state)
{
    static const struct llm_message several[] = {
        LLM_SAYS(LLM_PERSON, "a"),   LLM_SAYS(LLM_PERSON, " "),   LLM_SAYS(LLM_PERSON, "b"),
        LLM_SAYS(LLM_EMPLOYEE, "c"), LLM_SAYS(LLM_EMPLOYEE, "d"), LLM_SAYS(LLM_PERSON, "e")};
    static const struct llm_message cut[] = {
        LLM_SAYS(LLM_EMPLOYEE, ""), LLM_SAYS(LLM_EMPLOYEE, "c"), LLM_SAYS(LLM_PERSON, "e")};
    struct ctx *c = ctx_new(MIB(1), NULL);

    (void)state;
    assert_string_equal(
        messages_of(c, several, COUNT_OF(several)),
        "\"messages\":[{\"role\":\"user\",\"content\":\"a\\n\\nb\"},"
        "{\"role\":\"assistant\",\"content\":\"c\\n\\nd\"},{\"role\":\"user\",\"content\":\"e\"}]");
    assert_string_equal(
        messages_of(c, cut, COUNT_OF(cut)),
        "\"messages\":[{\"role\":\"user\",\"content\":\"(Earlier messages are not shown.)\"},"
        "{\"role\":\"assistant\",\"content\":\"c\"},{\"role\":\"user\",\"content\":\"e\"}]");
    ctx_end(c);
}

static void question(void **state)
{
    static const struct llm_message talk[] = {LLM_SAYS(LLM_PERSON, "Hi")};
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct llm_account account = {.key = "sk-ant-1"};
    struct llm_ask ask = {.model = "claude-haiku-4-5",
                          .system = "Be kind.",
                          .messages = talk,
                          .count = 1,
                          .max_tokens = 500,
                          .stream = true};
    struct http_ask http;

    (void)state;
    assert_int_equal(llm_anthropic.ask(c, &account, &ask, &http), OK);
    assert_string_equal(http.url, "https://api.anthropic.com/v1/messages");
    assert_string_equal(
        http.body.data,
        "{\"model\":\"claude-haiku-4-5\",\"max_tokens\":500,\"messages\":[{\"role\":\"user\","
        "\"content\":\"Hi\"}],\"stream\":true,\"system\":[{\"type\":\"text\",\"text\":\"Be kind.\","
        "\"cache_control\":{\"type\":\"ephemeral\"}}]}");
    assert_string_equal(http.headers[1].name, "anthropic-version");
    assert_string_equal(http.headers[1].value, "2023-06-01");
    assert_string_equal(http.headers[2].name, "x-api-key");
    assert_string_equal(http.headers[2].value, "sk-ant-1");

    static const char *const urls[][2] = {
        {"http://127.0.0.1:1/v1", "http://127.0.0.1:1/v1/messages"},
        {"http://127.0.0.1:1/", "http://127.0.0.1:1/v1/messages"},
        {"https://gw.example/anthropic", "https://gw.example/anthropic/v1/messages"}};

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        account.base_url = urls[i][0];
        assert_int_equal(llm_anthropic.ask(c, &account, &ask, &http), OK);
        assert_string_equal(http.url, urls[i][1]);
    }
    ctx_end(c);
}

static void what_cannot_be_asked(void **state)
{
    static const struct llm_message bad[] = {LLM_SAYS(LLM_PERSON, "\xff")},
                                    blank[] = {LLM_SAYS(LLM_PERSON, "\t")};
    static const struct llm_message fine[] = {LLM_SAYS(LLM_PERSON, "x")};
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct llm_account account = {.key = "k"};
    struct llm_ask ask = {.model = "m", .messages = bad, .count = 1, .max_tokens = 1};
    struct http_ask http;

    (void)state;
    assert_int_equal(llm_anthropic.ask(c, &account, &ask, &http), E_INVALID);
    assert_string_equal(c->fault.code, "llm_bad_text");
    ctx_forgive(c);
    ask.messages = blank;
    assert_int_equal(llm_anthropic.ask(c, &account, &ask, &http), E_INVALID);
    assert_string_equal(c->fault.code, "llm_no_message");
    ctx_forgive(c);
    ask.messages = fine;
    ask.system = "\xff";
    assert_int_equal(llm_anthropic.ask(c, &account, &ask, &http), E_INVALID);
    assert_string_equal(c->fault.code, "llm_bad_text");
    ctx_end(c);
}

/* Schemas as programs write them, in the part of the language that the API takes. */
static void schemas(void **state)
{
    static const struct {
        const char *given, *sent; /* NULL: it can't be held to */
    } rows[] = {
        {"{'type':'object','properties':{'a':{'type':'object','properties':{}}}}",
         "{'type':'object','additionalProperties':false,'properties':{'a':{'type':'object',"
         "'properties':{},'additionalProperties':false}}}"},
        {"{'type':'object','properties':{},'additionalProperties':true}",
         "{'type':'object','properties':{},'additionalProperties':false}"},
        {"{'type':['object','null'],'properties':{'n':{'type':'integer','minimum':0,'maximum':2.5,"
         "'description':'How many.'}}}",
         "{'type':['object','null'],'properties':{'n':{'type':'integer','description':"
         "'How many. (minimum: 0, maximum: 2.5)'}},'additionalProperties':false}"},
        {"{'type':'object','properties':{'l':{'type':'array','minItems':1,'maxItems':3,"
         "'uniqueItems':true,'items':{'type':'object','properties':{'s':{'type':'string',"
         "'minLength':1}}}}}}",
         "{'type':'object','properties':{'l':{'type':'array','minItems':1,'description':"
         "'(maxItems: 3, uniqueItems: true)','items':{'type':'object','properties':{'s':{'type':"
         "'string','description':'(minLength: 1)'}},'additionalProperties':false}}},"
         "'additionalProperties':false}"},
        {"{'type':'object','properties':{'minimum':{'oneOf':[{'$ref':'#/$defs/d'},{'type':'null'}]}"
         "},'$defs':{'d':{'type':'object','properties':{}}}}",
         "{'type':'object','properties':{'minimum':{'anyOf':[{'$ref':'#/$defs/d'},{'type':'null'}]}"
         "},'$defs':{'d':{'type':'object','properties':{},'additionalProperties':false}},"
         "'additionalProperties':false}"},
        {"{'type':'object','properties':{'map':{'type':'object','additionalProperties':"
         "{'type':'string'}}}}",
         NULL},
        {"{'type':'object'}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(1), NULL);
        char *given = text_dup(c->mem, rows[i].given);
        char *sent = rows[i].sent == NULL ? NULL : text_dup(c->mem, rows[i].sent);
        json_t *schema, *expected;

        print_message("# %s\n", given);
        for (char *at = given; *at != '\0'; at++)
            *at = *at == '\'' ? '"' : *at;
        for (char *at = sent; at != NULL && *at != '\0'; at++)
            *at = *at == '\'' ? '"' : *at;
        assert_int_equal(json_parse(c, bytes_of(given), &schema), OK);
        assert_int_equal(anthropic_schema(c, schema), sent == NULL ? E_INVALID : OK);
        if (sent == NULL) {
            assert_string_equal(c->fault.code, "llm_cannot");
        } else {
            assert_int_equal(json_parse(c, bytes_of(sent), &expected), OK);
            if (!json_equal(schema, expected))
                fail_msg("%s", json_text(c->mem, schema));
        }
        ctx_end(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_answers),
        cmocka_unit_test(schemas),
        cmocka_unit_test(streams),
        cmocka_unit_test(nonsense_and_beginnings),
        cmocka_unit_test(authors_take_turns),
        cmocka_unit_test(question),
        cmocka_unit_test(what_cannot_be_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
