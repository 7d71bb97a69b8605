/* The request that each API makes of every kind of question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <string.h>

#include "base/shape.h"
#include "llm_asks.h"
#include "llm_recorded.h"

static const char *const apis[] = {"openai", "responses", "anthropic", "ollama"};

/* The body; or where the API cannot do it, {"cannot": its words}. */
static json_t *body_of(struct ctx *c, const char *api, const struct llm_asked *asked)
{
    struct llm_account account = {.key = "k"};
    struct llm_ask ask = asked->ask;
    struct http_ask http;
    json_t *body;

    ask.model = llm_asked_model(api);
    assert_int_equal(llm_check(c, &ask), OK);

    rc_t rc = recorded_api(api)->ask(c, &account, &ask, &http);

    if (rc != OK) {
        assert_int_equal(rc, E_INVALID);
        assert_string_equal(c->fault.code, "llm_cannot");
        return json_pack("{s:s}", "cannot", c->fault.detail);
    }
    assert_int_equal(json_parse(c, http.body, &body), OK);
    return json_incref(body);
}

static void requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(apis); i++)
        for (size_t k = 0; k < llm_ask_count; k++) {
            struct ctx *c = ctx_new(MIB(16), NULL);
            json_t *body = body_of(c, apis[i], &llm_asks[k]), *expected;
            const char *path = text_printf(c->mem, "asks/%s/%s.json", apis[i], llm_asks[k].name);

            assert_int_equal(json_parse(c, recorded_file(c, path), &expected), OK);
            if (!json_equal(body, expected))
                print_error("%s: got\n%s\ninstead of\n%s\n", path, json_text(c->mem, body),
                            json_text(c->mem, expected));
            assert_true(json_equal(body, expected));
            json_decref(body);
            ctx_end(c);
        }
}

/* What an answer's parts are as items of the API, as it sent them; the caller owns the list. */
static json_t *items_sent(struct ctx *c, const char *api, struct bytes whole)
{
    json_t *root;

    assert_int_equal(json_parse(c, whole, &root), OK);
    if (text_is(api, "anthropic"))
        return json_incref(json_object_get(root, "content"));
    if (text_is(api, "responses"))
        return json_incref(json_object_get(root, "output"));
    return json_pack("[O]", json_object_get(root, "message"));
}

/* And as they go back, in the body of the next question. */
static json_t *items_back(struct ctx *c, const char *api, struct bytes bytes)
{
    json_t *body, *list;

    assert_int_equal(json_parse(c, bytes, &body), OK);
    list = json_object_get(body, text_is(api, "responses") ? "input" : "messages");
    if (text_is(api, "anthropic")) {
        assert_string_equal(json_str(json_array_get(list, 1), "role"), "assistant");
        return json_incref(json_object_get(json_array_get(list, 1), "content"));
    }

    json_t *items = json_array();

    for (size_t i = 1; i + 2 < json_array_size(list); i++)
        json_array_append(items, json_array_get(list, i));
    return items;
}

/* Members that an API adds by itself, or that it has another word for on the way in. */
static void same_item(struct ctx *c, const json_t *sent, const json_t *back)
{
    const char *type = json_str(sent, "type");

    if (text_is(type, "message")) {
        const json_t *part = json_array_get(json_object_get(sent, "content"), 0);

        assert_string_equal(json_str(back, "content"), json_str(part, "text"));
        return;
    }
    if (text_is(type, "function_call")) {
        json_t *same = json_deep_copy(sent);

        json_object_del(same, "id");
        json_object_del(same, "status");
        assert_true(json_equal(same, back));
        json_decref(same);
        return;
    }
    assert_string_equal(json_text(c->mem, sent), json_text(c->mem, back));
}

/*
 * A tool loop: the answer goes back with the results, and the thinking in it is the same to the
 * byte and in its place; to another API it does not go.
 */
static void loop_with(const char *api, const char *other)
{
    struct ctx *c = ctx_new(MIB(64), NULL);
    const char *path = text_printf(c->mem, "llm/%s/tools_thinking.json", api);
    struct bytes whole = recorded_file(c, path);
    struct llm_answer answer;
    struct llm_part results[2] = {{.kind = LLM_RESULT, .text = "sent"},
                                  {.kind = LLM_RESULT, .text = "found"}};
    struct llm_message messages[3] = {LLM_SAYS(LLM_PERSON, "Where is it?")};
    struct llm_ask ask = {.messages = messages,
                          .count = 3,
                          .max_tokens = 9000,
                          .effort = LLM_EFFORT_LOW,
                          .model = llm_asked_model(api)};
    struct llm_account account = {.key = "k"};
    struct http_ask http;
    size_t found = 0;

    assert_int_equal(recorded_read(c, recorded_api(api), path, whole, 200, 1, &answer), OK);
    for (size_t i = 0; i < answer.part_count; i++)
        if (answer.parts[i].kind == LLM_CALL)
            results[found++].call_id = answer.parts[i].call_id;
    assert_int_equal(found, 2);
    messages[1] = (struct llm_message){
        .author = LLM_EMPLOYEE, .parts = answer.parts, .part_count = answer.part_count};
    messages[2] = (struct llm_message){.author = LLM_PERSON, .parts = results, .part_count = 2};
    assert_int_equal(llm_check(c, &ask), OK);
    assert_int_equal(recorded_api(api)->ask(c, &account, &ask, &http), OK);

    json_t *sent = items_sent(c, api, whole), *back = items_back(c, api, http.body), *item;
    size_t i;

    assert_int_equal(json_array_size(sent), json_array_size(back));
    if (text_is(api, "ollama")) {
        json_t *one = json_array_get(back, 0);

        json_array_foreach(sent, i, item) assert_true(json_equal(one, item));
    } else {
        json_array_foreach(sent, i, item) same_item(c, item, json_array_get(back, i));
    }
    json_decref(sent);
    json_decref(back);

    /* Thinking is on, since its own blocks are all there. */
    if (text_is(api, "anthropic"))
        assert_non_null(strstr(http.body.data, "\"thinking\":{\"type\":\"enabled\""));
    ask.model = llm_asked_model(other);
    assert_int_equal(recorded_api(other)->ask(c, &account, &ask, &http), OK);
    assert_null(strstr(http.body.data, "encrypted_content\":"));
    assert_null(strstr(http.body.data, "EqQBCgIYAhIkYTBj"));
    assert_null(strstr(http.body.data, "They want an order"));
    assert_null(strstr(http.body.data, "\"thinking\""));
    ctx_end(c);
}

static void loops(void **state)
{
    static const char *const rows[][2] = {{"anthropic", "openai"}, {"responses", "anthropic"},
                                          {"ollama", "anthropic"}, {"anthropic", "ollama"},
                                          {"responses", "openai"}, {"ollama", "responses"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        loop_with(rows[i][0], rows[i][1]);
}

/* Where chat completions carry thinking, it goes back beside the calls it led to, as one list. */
static void chat_thinking(void **state)
{
    static const char *const rows[][2] = {
        {"llm/openai/openrouter_thinking.sse",
         "\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"The order number is "
         "4711.\",\"format\":\"anthropic-claude-v1\",\"index\":0,\"signature\":"
         "\"EqoBCkgIARAB/zz==\"},{\"type\":\"reasoning.encrypted\",\"data\":\"gAAAAx==\",\"id\":"
         "\"rs_1\",\"format\":\"openai-responses-v1\",\"index\":1}]}"},
        {"llm/openai/vllm_tools.sse", "\"reasoning_content\":\"They want an order.\"}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = ctx_new(MIB(64), NULL);
        struct llm_answer answer;
        struct llm_account account = {.key = "k"};
        struct http_ask http;

        assert_int_equal(recorded_read(c, llm_find("openai"), rows[i][0],
                                       recorded_file(c, rows[i][0]), 200, 10, &answer),
                         OK);

        struct llm_part result = {.kind = LLM_RESULT,
                                  .text = "sent",
                                  .call_id = answer.parts[answer.part_count - 1].call_id};
        struct llm_message messages[] = {
            LLM_SAYS(LLM_PERSON, "Where is it?"),
            {.author = LLM_EMPLOYEE, .parts = answer.parts, .part_count = answer.part_count},
            {.author = LLM_PERSON, .parts = &result, .part_count = 1}};
        struct llm_ask ask = {.model = "m", .messages = messages, .count = 3, .max_tokens = 9};

        assert_int_equal(llm_check(c, &ask), OK);
        assert_int_equal(llm_find("openai")->ask(c, &account, &ask, &http), OK);
        assert_non_null(strstr(http.body.data, rows[i][1]));
        ctx_end(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(chat_thinking),
        cmocka_unit_test(loops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
