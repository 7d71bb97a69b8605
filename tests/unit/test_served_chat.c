/* Chat completions as programs call us: what is read, what is refused, and what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/shape.h"
#include "llm_recorded.h"
#include "served_check.h"

#define SAID "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"
#define BODY(more) "{\"model\":\"m\"," SAID more "}"

static void questions(void **state)
{
    (void)state;
    served_check_asks(&served_chat, recorded_api("openai"), "openai");
}

static void answers(void **state)
{
    (void)state;
    served_check_answers(&served_chat, recorded_api("openai"));
}

/* Forms that the recordings do not have, because we write only one of several. */
static void other_forms(void **state)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    struct served_ask a = served_good(
        c, &served_chat,
        "{\"model\":\"m\",\"messages\":[{\"role\":\"developer\",\"content\":[{\"type\":\"text\","
        "\"text\":\"Be \"},{\"type\":\"text\",\"text\":\"kind.\"}]},{\"role\":\"user\",\"name\":"
        "\"Ada\",\"content\":\"Hi\"},{\"role\":\"system\",\"content\":\"And brief.\"},{\"role\":"
        "\"assistant\",\"content\":null,\"refusal\":\"No.\"},{\"role\":\"user\",\"content\":[{"
        "\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AAAA\",\"detail\":"
        "\"low\"}}]}],\"stop\":\"END\",\"tool_choice\":\"auto\",\"response_format\":{\"type\":"
        "\"json_object\"},\"reasoning_effort\":\"minimal\",\"stream\":true,\"stream_options\":{"
        "\"include_usage\":true},\"user\":\"u\",\"store\":true,\"metadata\":{\"a\":\"b\"},"
        "\"modalities\":[\"text\"],\"n\":1,\"logit_bias\":{},\"presence_penalty\":0.0,\"seed\":7,"
        "\"unheard_of\":1}");

    (void)state;
    assert_string_equal(a.ask.system, "Be kind.\n\nAnd brief.");
    assert_int_equal(a.ask.count, 3);
    assert_string_equal(a.ask.messages[1].text, "No.");
    assert_string_equal(a.ask.messages[2].parts[0].media, "image/png");
    assert_string_equal(a.ask.messages[2].parts[0].base64, "AAAA");
    assert_int_equal(a.ask.stop_count, 1);
    assert_true(a.ask.format_json);
    assert_int_equal(a.ask.effort, LLM_EFFORT_NONE);
    assert_int_equal(*a.ask.seed, 7);
    assert_int_equal(a.ask.max_tokens, SERVED_TOKENS_USUAL);
    assert_true(a.ask.stream && a.usage);
    ctx_end(c);
}

static const struct served_refused refused[] = {
    {"", "json_missing", NULL},
    {"[]", "json_not_object", NULL},
    {"{\"model\":\"m\"", "json_malformed", NULL},
    {"{\"model\":\"m\",\"model\":\"n\"," SAID "}", "json_malformed", NULL},
    {"{" SAID "}", "missing_required_parameter", "model"},
    {"{\"model\":7," SAID "}", "invalid_type", "model"},
    {"{\"model\":\" \"," SAID "}", "invalid_value", "model"},
    {"{\"model\":\"m\"}", "missing_required_parameter", "messages"},
    {"{\"model\":\"m\",\"messages\":{}}", "invalid_type", "messages"},
    {"{\"model\":\"m\",\"messages\":[7]}", "invalid_type", "messages[0]"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]}", "missing_required_parameter",
     "messages[0].content"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"king\",\"content\":\"x\"}]}", "invalid_value",
     "messages[0].role"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\"}]}]}",
     "unsupported_value", "messages[0].content[0].type"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
     "\"image_url\":{\"url\":\"http://a/b.png\"}}]}]}",
     "invalid_value", "messages[0].content[0].image_url.url"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"content\":\"x\"}]}",
     "missing_required_parameter", "messages[0].tool_call_id"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\","
     "\"function\":{}}]}]}",
     "missing_required_parameter", "messages[0].tool_calls[0].function.name"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":\"x\",\"function_call\":{"
     "\"name\":\"f\"}}]}",
     "unsupported_parameter", "messages[0].function_call"},
    {BODY(",\"n\":2"), "invalid_value", "n"},
    {BODY(",\"max_tokens\":0"), "invalid_value", "max_tokens"},
    {BODY(",\"max_tokens\":1.5"), "invalid_type", "max_tokens"},
    {BODY(",\"temperature\":3"), "invalid_value", "temperature"},
    {BODY(",\"top_p\":\"1\""), "invalid_type", "top_p"},
    {BODY(",\"stream\":\"yes\""), "invalid_type", "stream"},
    {BODY(",\"stream_options\":{\"include_usage\":1}"), "invalid_type",
     "stream_options.include_usage"},
    {BODY(",\"logprobs\":true"), "unsupported_parameter", "logprobs"},
    {BODY(",\"logit_bias\":{\"50256\":-100}"), "unsupported_parameter", "logit_bias"},
    {BODY(",\"presence_penalty\":0.5"), "unsupported_parameter", "presence_penalty"},
    {BODY(",\"functions\":[{\"name\":\"f\"}]"), "unsupported_parameter", "functions"},
    {BODY(",\"modalities\":[\"text\",\"audio\"]"), "unsupported_value", "modalities[1]"},
    {BODY(",\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]"), "invalid_value", "stop"},
    {BODY(",\"stop\":[\"a\",7]"), "invalid_type", "stop[1]"},
    {BODY(",\"seed\":\"x\""), "invalid_type", "seed"},
    {BODY(",\"reasoning_effort\":\"much\""), "invalid_value", "reasoning_effort"},
    {BODY(",\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"x\"}}]"), "unsupported_value",
     "tools[0].type"},
    {BODY(",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]"), "invalid_value",
     "tools[0].function.name"},
    {BODY(",\"tools\":[{\"type\":\"function\",\"name\":\"look\"}]"), "missing_required_parameter",
     "tools[0].function.name"},
    {BODY(",\"tools\":[7]"), "invalid_type", "tools[0]"},
    {BODY(",\"tool_choice\":\"always\""), "invalid_value", "tool_choice"},
    {BODY(",\"tool_choice\":{\"type\":\"function\",\"name\":\"look\"}"),
     "missing_required_parameter", "tool_choice.function.name"},
    {BODY(",\"tool_choice\":7"), "invalid_type", "tool_choice"},
    {BODY(",\"tool_choice\":{\"type\":\"allowed_tools\"}"), "unsupported_value",
     "tool_choice.type"},
    {BODY(",\"response_format\":{\"type\":\"xml\"}"), "unsupported_value", "response_format.type"},
    {BODY(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\"}}"),
     "missing_required_parameter", "response_format.json_schema.schema"},
};

static void refusals(void **state)
{
    (void)state;
    served_check_refused(&served_chat, refused, COUNT_OF(refused));
}

/* What costs memory is counted before anything is built of it. */
static void too_much(void **state)
{
    struct ctx *c = ctx_new(MIB(4), NULL);
    struct buf body = buf_new(c->mem, MIB(1));
    struct served_ask asked;

    (void)state;
    buf_text(&body, "{\"model\":\"m\",\"x\":[");
    for (int i = 0; i < SERVED_VALUES_MAX; i++)
        buf_text(&body, "0,");
    buf_text(&body, "0]," SAID "}");
    assert_int_equal(served_chat.read(c, buf_bytes(&body), &asked), E_LIMIT);
    assert_string_equal(c->fault.code, "llm_too_many");
    ctx_forgive(c);
    assert_int_equal(served_chat.read(c, (struct bytes){body.data, SERVED_BODY_MAX + 1}, &asked),
                     E_LIMIT);
    assert_int_equal(served_error_of(&c->fault).status, 413);
    ctx_end(c);
}

/* Every line of the stream to the letter: programs that nobody has seen read it. */
static void stream(void **state)
{
#define HEAD                                                                           \
    "data: {\"id\":\"chatcmpl-one\",\"object\":\"chat.completion.chunk\",\"created\":" \
    "1700000000,\"model\":\"acme-1\",\"choices\":["
#define CHUNK(delta, reason)                                                                    \
    HEAD "{\"index\":0,\"delta\":{" delta "},\"logprobs\":null,\"finish_reason\":" reason "}]}" \
         "\n\n"
    struct ctx *c = ctx_new(MIB(4), NULL);
    struct served_ask asked = {.usage = false};
    struct served_talk talk = served_talk_of(c, &asked);
    struct llm_part parts[] = {
        {.kind = LLM_TEXT, .text = "a\"\\\n\x01\x7f\xc3\xa9"},
        {.kind = LLM_CALL, .call_id = "call_1", .tool = "look", .arguments = "{\"a\":1}"}};
    struct llm_answer answer = {.text = parts[0].text,
                                .stop = LLM_STOP_CALLS,
                                .parts = parts,
                                .part_count = 2,
                                .call_count = 1};
    struct buf out = buf_new(c->mem, KIB(64));

    (void)state;
    served_chat.begin(&talk, &out);
    served_chat.text(&talk, bytes_of(answer.text), &out);
    served_chat.end(&talk, &answer, &out);
    assert_string_equal(
        buf_str(&out),
        CHUNK("\"role\":\"assistant\",\"content\":\"\",\"refusal\":null", "null")
            CHUNK("\"content\":\"a\\\"\\\\\\n\\u0001\x7f\xc3\xa9\"", "null")
                CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\","
                      "\"function\":{\"name\":\"look\",\"arguments\":\"{\\\"a\\\":1}\"}}]",
                      "null") CHUNK("", "\"tool_calls\"") "data: [DONE]\n\n");
    ctx_end(c);
}

/* After its beginning a stream can only say that it broke: no finish_reason, no [DONE]. */
static void broken_stream(void **state)
{
    struct ctx *c = ctx_new(MIB(1), NULL);
    struct served_ask asked = {.usage = true};
    struct served_talk talk = served_talk_of(c, &asked);
    struct buf out = buf_new(c->mem, KIB(64));
    struct fault fault = {E_UPSTREAM, .code = "llm_torn", .detail = "for the log"};
    struct served_error e = served_error_of(&fault);

    (void)state;
    served_chat.broke(&talk, &e, &out);
    assert_string_equal(buf_str(&out),
                        "data: {\"error\":{\"message\":\"No model answered. Try again in a "
                        "moment.\",\"type\":\"server_error\",\"param\":null,\"code\":\"llm_torn\""
                        "}}\n\n");
    ctx_end(c);
}

static void errors(void **state)
{
    static const struct {
        struct fault fault;
        int status;
        const char *type, *code, *param;
        int64_t wait_s;
        bool again;
    } rows[] = {
        {{E_LIMIT, .code = "cap_day"}, 429, "insufficient_quota", "insufficient_quota", NULL, 0, 0},
        {{E_LIMIT, .code = "rate", .wait_s = 7},
         429,
         "requests",
         "rate_limit_exceeded",
         NULL,
         7,
         1},
        {{E_UNAUTH, .code = "key_unknown"},
         401,
         "invalid_request_error",
         "invalid_api_key",
         NULL,
         0,
         0},
        {{E_FORBIDDEN, .code = "missing_permission"},
         403,
         "invalid_request_error",
         "missing_permission",
         NULL,
         0,
         0},
        {{E_UPSTREAM, .code = "llm_model_unknown"},
         404,
         "invalid_request_error",
         "model_not_found",
         "model",
         0,
         0},
        {{E_UPSTREAM, .code = "llm_too_long"},
         400,
         "invalid_request_error",
         "context_length_exceeded",
         "messages",
         0,
         0},
        {{E_LIMIT, .code = "llm_ask_too_long"},
         400,
         "invalid_request_error",
         "context_length_exceeded",
         "messages",
         0,
         0},
        {{E_UPSTREAM, .code = "llm_overloaded"}, 503, "server_error", "overloaded", NULL, 2, 1},
        {{E_UNAVAILABLE, .code = "db_away"}, 503, "server_error", "db_away", NULL, 2, 1},
        {{E_TIMEOUT, .code = "http_timeout"}, 504, "server_error", "http_timeout", NULL, 0, 1},
        {{E_INTERNAL, .code = "bug", .detail = "secret"}, 500, "server_error", "bug", NULL, 0, 1},
        {{E_UPSTREAM, .code = "llm_all_failed", .detail = "secret"},
         502,
         "server_error",
         "llm_all_failed",
         NULL,
         0,
         1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct served_error e = served_error_of(&rows[i].fault);

        assert_int_equal(e.status, rows[i].status);
        assert_string_equal(e.type, rows[i].type);
        assert_string_equal(e.code, rows[i].code);
        assert_true(text_is(e.param, rows[i].param));
        assert_int_equal(e.wait_s, rows[i].wait_s);
        assert_int_equal(e.again, rows[i].again);
        assert_null(strstr(e.message, "secret"));
    }
}

static void found(void **state)
{
    (void)state;
    assert_ptr_equal(served_find("/v1/chat/completions"), &served_chat);
    assert_null(served_find("/v1/completions"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions),     cmocka_unit_test(answers),  cmocka_unit_test(other_forms),
        cmocka_unit_test(refusals),      cmocka_unit_test(too_much), cmocka_unit_test(stream),
        cmocka_unit_test(broken_stream), cmocka_unit_test(errors),   cmocka_unit_test(found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
