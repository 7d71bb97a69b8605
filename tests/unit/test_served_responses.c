/* Responses as programs call us: what is read, what is refused, and what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/shape.h"
#include "llm_recorded.h"
#include "served_check.h"

#define BODY(more) "{\"model\":\"m\",\"input\":\"Hi\"" more "}"
#define INPUT(items) "{\"model\":\"m\",\"input\":[" items "]}"

static void questions(void **state)
{
    (void)state;
    served_check_asks(&served_responses, recorded_api("responses"), "responses");
}

static void answers(void **state)
{
    (void)state;
    served_check_answers(&served_responses, recorded_api("responses"));
}

/* Forms that the recordings do not have, because we write only one of several. */
static void other_forms(void **state)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    struct served_ask a = served_good(
        c, &served_responses,
        "{\"model\":\"m\",\"instructions\":\"Be kind.\",\"input\":[{\"role\":\"developer\","
        "\"content\":[{\"type\":\"input_text\",\"text\":\"Be \"},{\"type\":\"input_text\",\"text\":"
        "\"brief.\"}]},{\"type\":\"message\",\"role\":\"user\",\"content\":\"Hi\"},{\"type\":"
        "\"message\",\"id\":\"msg_1\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":"
        "[{\"type\":\"output_text\",\"text\":\"Yes?\",\"annotations\":[]}]},{\"role\":\"user\","
        "\"content\":\"Go on\"}],\"text\":{\"format\":{\"type\":\"json_object\"},\"verbosity\":"
        "\"low\"},\"include\":[\"reasoning.encrypted_content\"],\"store\":true,\"truncation\":"
        "\"auto\",\"metadata\":{\"a\":\"b\"},\"temperature\":0.5,\"unheard_of\":1}");

    (void)state;
    assert_string_equal(a.ask.system, "Be kind.\n\nBe brief.");
    assert_int_equal(a.ask.count, 3);
    assert_string_equal(a.ask.messages[0].text, "Hi");
    assert_string_equal(a.ask.messages[1].text, "Yes?");
    assert_true(a.ask.format_json && a.blocks);
    assert_non_null(strstr(a.echo, "\"metadata\":{\"a\":\"b\"},"));
    assert_non_null(strstr(a.echo, "\"temperature\":0.5,"));
    assert_non_null(strstr(a.echo, "\"instructions\":\"Be kind.\","));
    assert_non_null(strstr(a.echo, "\"previous_response_id\":null,"));
    ctx_end(c);
}

/* What every event of a stream would repeat is bounded, and is JSON also when it was too long. */
static void long_members(void **state)
{
    struct ctx *c = ctx_new(MIB(64), NULL);
    struct buf body = buf_new(c->mem, MIB(4)), long_text = buf_new(c->mem, MIB(1));
    struct served_ask a;
    json_t *echo;

    (void)state;
    for (int i = 0; i < 200000; i++)
        buf_char(&long_text, 'x');
    buf_printf(
        &body,
        "{\"model\":\"m\",\"input\":\"Hi\",\"instructions\":\"%s\",\"metadata\":{\"a\":\"b\"},"
        "\"tools\":[{\"type\":\"function\",\"name\":\"look\",\"description\":\"%s\"}]}",
        buf_str(&long_text), buf_str(&long_text));
    a = served_good(c, &served_responses, buf_str(&body));
    assert_int_equal(strlen(a.ask.system), 200000);
    assert_int_equal(json_parse(c, bytes_of(text_printf(c->mem, "{%s}", a.echo)), &echo), OK);
    assert_true(json_is_null(json_object_get(echo, "instructions")));
    assert_int_equal(json_array_size(json_object_get(echo, "tools")), 0);
    assert_string_equal(json_str(json_object_get(echo, "metadata"), "a"), "b");
    ctx_end(c);
}

static const struct served_refused refused[] = {
    {"{\"model\":\"m\"}", "missing_required_parameter", "input"},
    {"{\"input\":\"x\"}", "missing_required_parameter", "model"},
    {"{\"model\":\"m\",\"input\":7}", "invalid_type", "input"},
    {INPUT("7"), "invalid_type", "input[0]"},
    {INPUT("{\"role\":\"king\",\"content\":\"x\"}"), "invalid_value", "input[0].role"},
    {INPUT("{\"role\":\"user\"}"), "missing_required_parameter", "input[0].content"},
    {INPUT("{\"role\":\"user\",\"content\":[{\"type\":\"input_file\"}]}"), "unsupported_value",
     "input[0].content[0].type"},
    {INPUT("{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"file_id\":\"f\"}]}"),
     "unsupported_value", "input[0].content[0].image_url"},
    {INPUT("{\"type\":\"item_reference\",\"id\":\"x\"}"), "unsupported_value", "input[0].type"},
    {INPUT("{\"type\":\"function_call\",\"call_id\":\"a\"}"), "missing_required_parameter",
     "input[0].name"},
    {INPUT("{\"type\":\"function_call_output\",\"call_id\":\"a\",\"output\":[{\"type\":"
           "\"input_image\"}]}"),
     "unsupported_value", "input[0].output[0].type"},
    {INPUT("{\"type\":\"reasoning\",\"encrypted_content\":\"konstruct.!\"}"), "invalid_value",
     "input[0].encrypted_content"},
    {BODY(",\"previous_response_id\":\"resp_1\""), "unsupported_parameter", "previous_response_id"},
    {BODY(",\"conversation\":{\"id\":\"c\"}"), "unsupported_parameter", "conversation"},
    {BODY(",\"background\":true"), "unsupported_parameter", "background"},
    {BODY(",\"tools\":[{\"type\":\"web_search\"}]"), "unsupported_value", "tools[0].type"},
    {BODY(",\"tools\":[{\"type\":\"function\"}]"), "missing_required_parameter", "tools[0].name"},
    {BODY(",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"look\"}}"),
     "missing_required_parameter", "tool_choice.name"},
    {BODY(",\"tool_choice\":{\"type\":\"mcp\"}"), "unsupported_value", "tool_choice.type"},
    {BODY(",\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"a\"}}"),
     "missing_required_parameter", "text.format.schema"},
    {BODY(",\"reasoning\":{\"effort\":\"much\"}"), "invalid_value", "reasoning.effort"},
    {BODY(",\"max_output_tokens\":0"), "invalid_value", "max_output_tokens"},
};

static void refusals(void **state)
{
    (void)state;
    served_check_refused(&served_responses, refused, COUNT_OF(refused));
}

/* The items of a response go back as input of the next question, in this place. */
static struct served_ask sent_back(struct ctx *c, const json_t *response)
{
    json_t *body = json_pack("{s:s, s:[{s:s, s:s}]}", "model", "m", "input", "role", "user",
                             "content", "Hi");
    json_t *input = json_object_get(body, "input");

    json_array_extend(input, json_object_get(response, "output"));
    json_array_append_new(input, json_pack("{s:s, s:s, s:s}", "type", "function_call_output",
                                           "call_id", "call_1", "output", "done"));

    struct served_ask asked = served_good(c, &served_responses, json_text(c->mem, body));

    json_decref(body);
    return asked;
}

/*
 * Thinking of any provider comes back in front of what it led to, whether the answer was streamed
 * or not: another order would be refused by who made it.
 */
static void blocks(void **state)
{
    static const struct llm_part parts[] = {
        {.kind = LLM_OPAQUE, .owner = "anthropic", .block = "{\"type\":\"thinking\",\"a\":1}"},
        {.kind = LLM_TEXT, .text = "I look."},
        {.kind = LLM_CALL, .call_id = "call_1", .tool = "look", .arguments = "{}"}};
    static const struct llm_answer answer = {.text = "I look.",
                                             .stop = LLM_STOP_CALLS,
                                             .parts = parts,
                                             .part_count = 3,
                                             .call_count = 1};

    (void)state;
    for (int streamed = 0; streamed < 2; streamed++) {
        struct ctx *c = ctx_new(MIB(4), NULL);
        struct served_ask asked = {.blocks = true, .echo = ""}, again;
        struct served_talk talk = served_talk_of(c, &asked);
        struct buf out = buf_new(c->mem, KIB(64)), last = buf_new(c->mem, KIB(64));
        json_t *response;

        if (streamed)
            served_responses.begin(&talk, &out);
        if (streamed)
            served_responses.text(&talk, bytes_of(answer.text), &out);
        served_responses.whole(&talk, &answer, &last);
        assert_int_equal(json_parse(c, buf_bytes(&last), &response), OK);
        assert_int_equal(json_array_size(json_object_get(response, "output")), 3);
        again = sent_back(c, response);
        assert_int_equal(llm_check(c, &again.ask), OK);
        assert_int_equal(again.ask.count, 3);
        assert_int_equal(again.ask.messages[1].part_count, 3);
        assert_int_equal(again.ask.messages[1].parts[0].kind, LLM_OPAQUE);
        assert_string_equal(again.ask.messages[1].parts[0].owner, "anthropic");
        assert_string_equal(again.ask.messages[1].parts[0].block, parts[0].block);
        assert_int_equal(again.ask.messages[1].parts[1].kind, LLM_TEXT);
        assert_int_equal(again.ask.messages[1].parts[2].kind, LLM_CALL);
        ctx_end(c);
    }
}

/* Every event has the next number, and each item and part that begins also ends. */
static void events(void **state)
{
    static const char *const expected[] = {"response.created",
                                           "response.in_progress",
                                           "response.output_item.added",
                                           "response.content_part.added",
                                           "response.output_text.delta",
                                           "response.output_text.delta",
                                           "response.output_text.done",
                                           "response.content_part.done",
                                           "response.output_item.done",
                                           "response.output_item.added",
                                           "response.function_call_arguments.delta",
                                           "response.function_call_arguments.done",
                                           "response.output_item.done",
                                           "response.completed"};
    static const struct llm_part parts[] = {
        {.kind = LLM_TEXT, .text = "ab"},
        {.kind = LLM_CALL, .call_id = "call_1", .tool = "look", .arguments = "{\"a\":\"\\n\"}"}};
    static const struct llm_answer answer = {
        .text = "ab", .stop = LLM_STOP_CALLS, .parts = parts, .part_count = 2, .call_count = 1};
    struct ctx *c = ctx_new(MIB(4), NULL);
    struct served_ask asked = {.echo = "\"top_p\":null"};
    struct served_talk talk = served_talk_of(c, &asked);
    struct buf out = buf_new(c->mem, KIB(64));
    const char *at;

    (void)state;
    served_responses.begin(&talk, &out);
    served_responses.text(&talk, BYTES("a"), &out);
    served_responses.text(&talk, BYTES("b"), &out);
    served_responses.end(&talk, &answer, &out);
    at = buf_str(&out);
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        const char *begins = text_printf(c->mem,
                                         "event: %s\ndata: {\"type\":\"%s\",\"sequence_number\":"
                                         "%zu,",
                                         expected[i], expected[i], i);
        const char *data = strstr(at, "data: ") + strlen("data: "), *end = strstr(at, "\n\n");
        json_t *event;

        if (!text_starts(at, begins))
            print_error("%s instead of %s", at, begins);
        assert_true(text_starts(at, begins));
        assert_int_equal(json_parse(c, (struct bytes){data, (size_t)(end - data)}, &event), OK);
        at = end + 2;
    }
    assert_string_equal(at, "");
    ctx_end(c);
}

/* A client that knows the flat form and one that looks for "error" both find the fault. */
static void broken_stream(void **state)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct served_ask asked = {.echo = ""};
    struct served_talk talk = served_talk_of(c, &asked);
    struct buf out = buf_new(c->mem, KIB(64));
    struct fault fault = {E_UPSTREAM, .code = "llm_torn", .detail = "for the log"};
    struct served_error e = served_error_of(&fault);
    const char *data;
    json_t *event;

    (void)state;
    served_responses.broke(&talk, &e, &out);
    data = strstr(buf_str(&out), "data: ") + strlen("data: ");
    assert_int_equal(json_parse(c, (struct bytes){data, strlen(data) - 2}, &event), OK);
    assert_string_equal(json_str(event, "type"), "error");
    assert_string_equal(json_str(event, "code"), "llm_torn");
    assert_string_equal(json_str(json_object_get(event, "error"), "code"), "llm_torn");
    ctx_end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions),   cmocka_unit_test(answers),
        cmocka_unit_test(other_forms), cmocka_unit_test(long_members),
        cmocka_unit_test(refusals),    cmocka_unit_test(blocks),
        cmocka_unit_test(events),      cmocka_unit_test(broken_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
