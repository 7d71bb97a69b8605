/*
 * Turns in which a model wants something done: each step is kept and paid once, whatever happens in
 * between, and none goes on for ever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/conf.h"
#include "chat.h"
#include "flow/purse.h"
#include "flow/routing.h"

#include <cmocka.h>

/* The model asks what time it is, is told, and answers with that. */
static void a_tool_is_run_and_its_result_goes_back(void **state)
{
    const struct tiny_step steps[] = {CALLS("europe/berlin"), SAYS("It is that late.")};
    struct chat *f = *state;

    chat_model(f, steps, COUNT_OF(steps));
    chat_ask(f, "What time is it in Berlin?");
    chat_run(f);
    chat_answered(f, "1", "answered");
    assert_string_equal(chat_get(f, "text", "message WHERE author = 'employee'"),
                        "It is that late.");
    assert_int_equal(tiny_requests(f->model), 2);
    assert_non_null(strstr(tiny_request(f->model, 0), "\"tools\":[{"));
    assert_non_null(strstr(tiny_request(f->model, 1), "in Europe/Berlin ("));
    assert_non_null(strstr(tiny_request(f->model, 1), "\"tool_call_id\":\"call_1\""));
    assert_string_equal(chat_get(f, "string_agg(kind, ' ' ORDER BY step_no)", "step"),
                        "calls results answer");
    assert_string_equal(chat_get(f, "count(*)", "usage WHERE input_tokens = 100"), "2");
    assert_string_equal(chat_get(f, "count(*)", "call_open"), "0");
    assert_string_equal(chat_get(f, "count(*)", "audit WHERE action = 'tool.called'"), "1");
}

#define EVENT(name, data) "event: " name "\ndata: {\"type\":\"" name "\"," data "}\n\n"
#define MESSAGE                                                                    \
    EVENT("message_start",                                                         \
          "\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\"," \
          "\"model\":\"claude-haiku-4-5\",\"content\":[],\"stop_reason\":null,"    \
          "\"usage\":{\"input_tokens\":100,\"output_tokens\":1}}")
#define BLOCK(index, start, delta)                                               \
    EVENT("content_block_start", "\"index\":" index ",\"content_block\":" start) \
    delta EVENT("content_block_stop", "\"index\":" index)
#define DELTA(index, delta) EVENT("content_block_delta", "\"index\":" index ",\"delta\":" delta)
#define MESSAGE_END(reason)                                                              \
    EVENT("message_delta",                                                               \
          "\"delta\":{\"stop_reason\":\"" reason "\"},\"usage\":{\"output_tokens\":10}") \
    EVENT("message_stop", "\"x\":0")

/* Signed thinking goes back unchanged, in its place before the call, also from a kept step. */
static void thinking_goes_back_as_it_was(void **state)
{
    static const char thinking[] =
        "{\"type\":\"thinking\",\"thinking\":\"Which \xe2\x80\x9cnow\xe2\x80\x9d?\","
        "\"signature\":\"c2lnbmVk\"}";
    const struct tiny_step steps[] = {
        {EVENTS(MESSAGE BLOCK(
             "0", "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}",
             DELTA("0", "{\"type\":\"thinking_delta\",\"thinking\":"
                        "\"Which \xe2\x80\x9cnow\xe2\x80\x9d?\"}")
                 DELTA("0", "{\"type\":\"signature_delta\",\"signature\":\"c2lnbmVk\"}"))
                    BLOCK("1",
                          "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"date_and_time\","
                          "\"input\":{}}",
                          DELTA("1", "{\"type\":\"input_json_delta\","
                                     "\"partial_json\":\"{\\\"zone\\\":\\\"UTC\\\"}\"}"))
                        MESSAGE_END("tool_use")),
         0, TINY_CLOSE},
        {EVENTS(MESSAGE BLOCK("0", "{\"type\":\"text\",\"text\":\"\"}",
                              DELTA("0", "{\"type\":\"text_delta\",\"text\":\"Now.\"}"))
                    MESSAGE_END("end_turn")),
         0, TINY_CLOSE}};
    struct chat *f = *state;
    const char *second, *block;

    chat_model(f, steps, COUNT_OF(steps));
    conf_set(CONF_anthropic_url, tiny_url(f->model));
    conf_set(CONF_anthropic_key, "a-key-of-nobody");
    routing_book_forget();
    pg_do(f->in.super,
          "UPDATE employee SET primary_provider = 'anthropic', primary_model = 'claude-haiku-4-5'"
          " WHERE tenant_id = '%s'",
          f->in.at.tenant_id);
    chat_ask(f, "What time is it?");
    chat_run(f);
    chat_answered(f, "1", "answered");
    assert_string_equal(chat_get(f, "text", "message WHERE author = 'employee'"), "Now.");
    second = tiny_request(f->model, 1);
    block = strstr(second, thinking);
    assert_non_null(block);
    assert_true(strstr(second, "\"tool_use\"") > block);
}

/* What a tool can't do the model is told, and the turn goes on. */
static void a_wrong_call_is_told_to_the_model(void **state)
{
    const struct tiny_step steps[] = {CALLS("Mars/Olympus"), SAYS("I can't know.")};
    struct chat *f = *state;

    chat_model(f, steps, COUNT_OF(steps));
    chat_ask(f, "What time is it on Mars?");
    chat_run(f);
    chat_answered(f, "1", "answered");
    assert_non_null(strstr(tiny_request(f->model, 1), "There is no time zone Mars/Olympus."));
}

/* No words about time: no tool is offered, and none is paid for. */
static void tools_are_offered_where_they_are_wanted(void **state)
{
    const struct tiny_step steps[] = {SAYS("Hello.")};
    struct chat *f = *state;

    chat_model(f, steps, COUNT_OF(steps));
    chat_ask(f, "Hello!");
    chat_run(f);
    chat_answered(f, "1", "answered");
    assert_null(strstr(tiny_request(f->model, 0), "\"tools\""));
}

/* Who asks for the day in a language of one's own is heard as well. */
static void tools_are_offered_in_other_languages(void **state)
{
    const struct tiny_step steps[] = {SAYS("Sexta-feira.")};
    struct chat *f = *state;

    chat_model(f, steps, COUNT_OF(steps));
    chat_ask(f, "Que dia da semana é hoje?");
    chat_run(f);
    chat_answered(f, "1", "answered");
    assert_non_null(strstr(tiny_request(f->model, 0), "date_and_time"));
}

/*
 * The answer could not be recorded, and the job runs again: nobody is asked again. Then the last
 * step is lost as well, as by a crash before it was kept: only that one is asked again.
 */
static void steps_are_replayed(void **state)
{
    const struct tiny_step steps[] = {CALLS("Europe/Berlin"), SAYS("Late."), SAYS("Still late.")};
    struct chat *f = *state;

    chat_model(f, steps, COUNT_OF(steps));
    chat_ask(f, "What time is it in Berlin?");
    chat_refuse_answers(f);
    for (int i = 0; i < 2; i++) {
        chat_run(f);
        assert_string_equal(chat_get(f, "state", "job WHERE kind = 'turn'"), "ready");
        assert_int_equal(tiny_requests(f->model), 2);
        assert_string_equal(chat_get(f, "count(*)", "step"), "3");
        assert_string_equal(chat_get(f, "count(*)", "usage"), "2");
        pg_do(f->in.super, "UPDATE job SET run_at = now() WHERE tenant_id = '%s'",
              f->in.at.tenant_id);
    }
    chat_allow_answers(f);
    pg_do(f->in.super, "DELETE FROM step WHERE tenant_id = '%s' AND kind = 'answer'",
          f->in.at.tenant_id);
    pg_do(f->in.super, "DELETE FROM usage WHERE tenant_id = '%s' AND step_no = 2",
          f->in.at.tenant_id);
    chat_run(f);
    chat_answered(f, "1", "answered");
    assert_string_equal(chat_get(f, "text", "message WHERE author = 'employee'"), "Still late.");
    assert_int_equal(tiny_requests(f->model), 3);
    assert_non_null(strstr(tiny_request(f->model, 2), "in Europe/Berlin ("));
    assert_string_equal(chat_get(f, "count(*)", "usage"), "2");
}

/* The employee thinks with a model of the company's own server, which nobody else knows. */
static void own_server(struct chat *f, const struct tiny_step *steps, size_t count)
{
    const char *tenant = f->in.at.tenant_id;

    chat_model(f, steps, count);
    conf_set(CONF_private_addresses, "on");
    pg_do(f->in.super,
          "INSERT INTO provider_account (tenant_id, id, position, provider, name, base_url,"
          " models_found, state) VALUES ('%s', gen_random_uuid(), 1, 'openai', 'Ours', '%s',"
          " 'ours-32b', 'ok')",
          tenant, tiny_url(f->model));
    pg_do(f->in.super, "UPDATE employee SET primary_model = 'ours-32b' WHERE tenant_id = '%s'",
          tenant);
}

static void said(struct chat *f, const char *tools)
{
    pg_do(f->in.super,
          "INSERT INTO provider_account_model (tenant_id, id, account_id, name, tools)"
          " SELECT tenant_id, gen_random_uuid(), id, 'ours-*', %s FROM provider_account"
          " WHERE tenant_id = '%s' ON CONFLICT (tenant_id, account_id, name)"
          " DO UPDATE SET tools = EXCLUDED.tools",
          tools, f->in.at.tenant_id);
    routing_book_forget();
}

static void tools_are_used_where_the_company_says_so(void **state)
{
    const struct tiny_step steps[] = {SAYS("I can't know."), SAYS("Still not."),
                                      CALLS("Europe/Berlin"), SAYS("Late.")};
    struct chat *f = *state;

    own_server(f, steps, COUNT_OF(steps));
    chat_ask(f, "What time is it in Berlin?");
    chat_run(f);
    assert_null(strstr(tiny_request(f->model, 0), "\"tools\""));
    said(f, "false");
    chat_ask(f, "What time is it in Berlin?");
    chat_run(f);
    assert_null(strstr(tiny_request(f->model, 1), "\"tools\""));
    said(f, "true");
    chat_ask(f, "What time is it in Berlin?");
    chat_run(f);
    chat_answered(f, "3", "answered");
    assert_non_null(strstr(tiny_request(f->model, 2), "\"tools\":[{"));
    assert_non_null(strstr(tiny_request(f->model, 3), "in Europe/Berlin ("));
    conf_set(CONF_private_addresses, "off");
}

/* Nothing is sent to a model that can't read it, and the person is told the truth. */
static void a_question_too_long_for_the_model(void **state)
{
    const struct tiny_step steps[] = {SAYS("Never said.")};
    struct chat *f = *state;

    own_server(f, steps, COUNT_OF(steps));
    said(f, "true");
    pg_do(f->in.super, "UPDATE provider_account_model SET context = 300 WHERE tenant_id = '%s'",
          f->in.at.tenant_id);
    chat_ask(f, "What time is it in Berlin?");
    chat_run(f);
    chat_answered(f, "1", "failed");
    assert_non_null(strstr(chat_get(f, "text", "message WHERE author = 'employee'"),
                           "more than I can read at once"));
    assert_int_equal(tiny_requests(f->model), 0);
    conf_set(CONF_private_addresses, "off");
}

/* What a test finds between two attempts is no other question: nobody is asked or paid again. */
static void a_retry_asks_the_same_whatever_a_test_found(void **state)
{
    const struct tiny_step steps[] = {CALLS("Europe/Berlin"), SAYS("Late.")};
    struct chat *f = *state;

    own_server(f, steps, COUNT_OF(steps));
    said(f, "true");
    chat_ask(f, "What time is it in Berlin?");
    chat_refuse_answers(f);
    chat_run(f);
    assert_int_equal(tiny_requests(f->model), 2);
    pg_do(f->in.super,
          "UPDATE provider_account SET state = 'broken', models_found = 'others'"
          " WHERE tenant_id = '%s'",
          f->in.at.tenant_id);
    routing_book_forget();
    chat_allow_answers(f);
    pg_do(f->in.super, "UPDATE job SET run_at = now() WHERE tenant_id = '%s'", f->in.at.tenant_id);
    chat_run(f);
    chat_answered(f, "1", "answered");
    assert_int_equal(tiny_requests(f->model), 2);
    assert_string_equal(chat_get(f, "count(*)", "usage"), "2");
    conf_set(CONF_private_addresses, "off");
}

/* The same call again and again ends in a true sentence; all that was asked is paid. */
static void a_loop_is_broken(void **state)
{
    const struct tiny_step steps[] = {CALLS("UTC")};
    struct chat *f = *state;

    chat_model(f, steps, COUNT_OF(steps));
    chat_ask(f, "What time is it?");
    chat_run(f);
    chat_answered(f, "1", "failed");
    assert_non_null(
        strstr(chat_get(f, "text", "message WHERE author = 'employee'"), "going round in circles"));
    assert_int_equal(tiny_requests(f->model), 3);
    assert_string_equal(chat_get(f, "count(*)", "usage"), "3");
    assert_string_equal(chat_get(f, "count(*)", "call_open"), "0");
}

/* Other calls each time end, too; the last time the model is told to make do with what it has. */
static void steps_are_counted(void **state)
{
    const struct tiny_step steps[] = {
        CALLS("UTC"),         CALLS("Europe/Paris"), CALLS("Europe/Rome"),
        CALLS("Europe/Oslo"), CALLS("Europe/Paris"), CALLS("Europe/Madrid"),
        CALLS("Asia/Tokyo"),  CALLS("Asia/Seoul"),   SAYS("Never said.")};
    struct chat *f = *state;

    chat_model(f, steps, COUNT_OF(steps));
    chat_ask(f, "What time is it everywhere?");
    chat_run(f);
    chat_answered(f, "1", "failed");
    assert_non_null(strstr(chat_get(f, "text", "message WHERE author = 'employee'"),
                           "more steps than I may take"));
    assert_int_equal(tiny_requests(f->model), 8);
    assert_null(strstr(tiny_request(f->model, 6), "\"tool_choice\":\"none\""));
    assert_non_null(strstr(tiny_request(f->model, 7), "\"tool_choice\":\"none\""));
    assert_string_equal(chat_get(f, "count(*)", "usage"), "8");
}

static int start(void **state)
{
    int rc = chat_start(state);

    purse_start(pg_pool(PG_WORKER));
    return rc;
}

static int stop(void **state)
{
    purse_stop();
    return chat_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHAT_TEST(a_tool_is_run_and_its_result_goes_back),
        CHAT_TEST(thinking_goes_back_as_it_was),
        CHAT_TEST(a_wrong_call_is_told_to_the_model),
        CHAT_TEST(tools_are_offered_where_they_are_wanted),
        CHAT_TEST(tools_are_offered_in_other_languages),
        CHAT_TEST(steps_are_replayed),
        CHAT_TEST(a_loop_is_broken),
        CHAT_TEST(steps_are_counted),
        CHAT_TEST(tools_are_used_where_the_company_says_so),
        CHAT_TEST(a_question_too_long_for_the_model),
        CHAT_TEST(a_retry_asks_the_same_whatever_a_test_found),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
