/*
 * The live test of an account: each way in which a provider, a key or an address can be wrong has a
 * name of its own, the question that is asked is paid for like any other, and no cap is passed.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/conf.h"
#include "core/provider_account.h"
#include "core/tenant_key.h"
#include "fixture.h"
#include "flow/account.h"
#include "flow/account_pick.h"
#include "flow/live.h"
#include "flow/pool_booked.h"
#include "flow/purse.h"
#include "flow/runner.h"
#include "io/http.h"
#include "unit/tiny_server.h"

#include <cmocka.h>

#define KEY "sk-live-0123456789abcdef"
#define STATUS(status) \
    "HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
#define LIST STATUS("200 OK") "{\"data\":[{\"id\":\"gpt-5\"},{\"id\":\"gpt-5-mini\"}]}"
#define ANSWER                                                            \
    STATUS("200 OK")                                                      \
    "{\"model\":\"gpt-5-mini\",\"choices\":[{\"finish_reason\":\"stop\"," \
    "\"message\":{\"role\":\"assistant\",\"content\":\"ok\"}}],"          \
    "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":1000}}"
#define ERROR(status, code, message) \
    STATUS(status) "{\"error\":{\"code\":\"" code "\",\"message\":\"" message "\"}}"
#define WRONG_KEY \
    ERROR("401 Unauthorized", "invalid_api_key", "Incorrect API key provided: " KEY ".")

#define BUSY ERROR("429 Too Many Requests", "rate_limit_exceeded", "Slow down")

static int setup(void **state)
{
    fixture_setup(state);
    fixture_key(*state);
    conf_set(CONF_private_addresses, "on");
    http_start();
    live_start(NULL);
    purse_start(pg_pool(PG_WORKER));
    return 0;
}

static int teardown(void **state)
{
    purse_stop();
    live_stop();
    http_stop();
    conf_set(CONF_private_addresses, "off");
    return fixture_teardown(state);
}

static struct provider_account now(struct fixture *f, const char *id)
{
    struct provider_account out;

    ok(f->web, provider_account_get(f->web, id, &out));
    ok(f->web, db_commit(f->web));
    return out;
}

static struct provider_account test_again(struct fixture *f, const char *id)
{
    struct account_test t;
    struct run run = {.tokens = 0};

    ok(f->web, provider_account_test(f->web, id, false, &t));
    ok(f->web, db_commit(f->web));
    runner_run(pg_pool(PG_WORKER), &(struct job_hint){f->at.tenant_id, t.job_id}, &run);
    return now(f, id);
}

/* Adds the account and has it tested, as the programs do. */
static struct provider_account tested(struct fixture *f, const struct new_provider_account *wanted)
{
    struct new_provider_account in = *wanted;
    struct provider_account made;

    if (in.name == NULL)
        in.name = "Tested";
    if (in.provider == NULL)
        in.provider = "openai";
    ok(f->web, provider_account_add(f->web, &in, &made));
    ok(f->web, db_commit(f->web));
    return test_again(f, made.id);
}

static const char *text(const char *maybe)
{
    return maybe == NULL ? "fine" : maybe;
}

/* What a server says to the list, and to the questions after it. */
static void every_fault_has_its_name(void **state)
{
    static const struct {
        const char *about, *key, *models;
        const char *list, *answer; /* answer NULL: nothing is asked any more */
        const char *fault, *said;  /* said: part of the detail */
        const char *state;
    } rows[] = {
        {"all is well", KEY, NULL, LIST, ANSWER, NULL, NULL, "ok"},
        {"wrong key", KEY, NULL, WRONG_KEY, NULL, "account_key", "Incorrect API key", "broken"},
        {"no key", NULL, NULL, WRONG_KEY, NULL, "account_no_key", NULL, "broken"},
        {"a list that anybody gets, and a wrong key", KEY, NULL, LIST, WRONG_KEY, "account_key",
         "gpt-5-mini: ", "broken"},
        {"no access to the model", KEY, "gpt-9", LIST,
         ERROR("404 Not Found", "model_not_found", "The model gpt-9 does not exist"),
         "account_model", "gpt-9: ", "broken"},
        {"no right to the model", KEY, "gpt-5", LIST,
         ERROR("403 Forbidden", "no_access", "Project may not use it"), "account_model",
         "may not use it", "broken"},
        {"a key without rights", KEY, NULL, ERROR("403 Forbidden", "forbidden", "no"), NULL,
         "account_forbidden", NULL, "broken"},
        {"a key that may ask, and not list", KEY, "gpt-5", ERROR("403 Forbidden", "x", "no"),
         ANSWER, NULL, NULL, "ok"},
        {"no credit", KEY, NULL, LIST,
         ERROR("429 Too Many Requests", "insufficient_quota", "You exceeded your current quota"),
         "account_quota", "quota", "broken"},
        {"asked too often", KEY, NULL, BUSY, NULL, "account_busy", "Slow down", "untested"},
        {"an error of its own", KEY, NULL, ERROR("500 Server Error", "x", "Oh"), NULL,
         "account_provider", NULL, "untested"},
        {"a web page", KEY, NULL,
         "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: "
         "close\r\n\r\n<!doctype html><h1>Welcome</h1>",
         NULL, "account_not_llm", NULL, "broken"},
        {"another API", KEY, NULL, STATUS("200 OK") "{\"hello\":\"world\"}", NULL,
         "account_not_llm", NULL, "broken"},
        {"nothing there", KEY, NULL, ERROR("404 Not Found", "", "Not Found"), NULL,
         "account_not_llm", NULL, "broken"},
        {"no list, and the named model answers", KEY, "gpt-5",
         ERROR("404 Not Found", "", "Not Found"), ANSWER, NULL, NULL, "ok"},
        {"no list, and nothing to ask either", KEY, "gpt-5",
         ERROR("404 Not Found", "", "Not Found"), ERROR("404 Not Found", "", "Not Found"),
         "account_not_llm", NULL, "broken"},
        {"an empty list", KEY, NULL, STATUS("200 OK") "{\"data\":[]}", NULL, "account_no_models",
         NULL, "broken"},
        {"models that don't talk", KEY, NULL,
         STATUS("200 OK") "{\"data\":[{\"id\":\"text-embedding-3-small\"}]}", NULL, NULL, NULL,
         "ok"},
        {"sent elsewhere", KEY, NULL,
         "HTTP/1.1 301 Moved Permanently\r\nLocation: https://elsewhere.example/\r\n"
         "Content-Length: 0\r\nConnection: close\r\n\r\n",
         NULL, "account_moved", NULL, "broken"},
        {"not even HTTP", KEY, NULL, "220 mail.example ESMTP\r\n", NULL, "account_not_llm", NULL,
         "broken"},
        {"a question that is refused", KEY, "gpt-5", LIST,
         ERROR("400 Bad Request", "unsupported", "No such parameter"), "account_refused",
         "No such parameter", "broken"},
        {"a model that thinks and says nothing", KEY, NULL, LIST,
         STATUS("200 OK") "{\"model\":\"gpt-5-mini\",\"choices\":[{\"finish_reason\":\"length\","
                          "\"message\":{\"role\":\"assistant\",\"content\":\"\"}}],"
                          "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":64}}",
         NULL, NULL, "ok"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct tiny_step steps[] = {{rows[i].list, 0, TINY_CLOSE},
                                          {rows[i].answer, 0, TINY_CLOSE}};
        struct tiny *server = tiny_start(steps, 2);
        const struct new_provider_account in = {
            .base_url = tiny_url(server), .key = rows[i].key, .models = rows[i].models};
        struct provider_account a = tested(f, &in);

        if (!text_is(a.fault, rows[i].fault) || !text_is(a.state, rows[i].state))
            fail_msg("%s: %s, %s (%s)", rows[i].about, text(a.fault), a.state,
                     text(a.fault_detail));
        if (rows[i].fault != NULL)
            assert_non_null(a.fault_text);
        if (rows[i].said != NULL && strstr(text(a.fault_detail), rows[i].said) == NULL)
            fail_msg("%s: %s", rows[i].about, text(a.fault_detail));
        /* What a provider repeats of the key goes nowhere. */
        if (a.fault_detail != NULL)
            assert_null(strstr(a.fault_detail, KEY));
        assert_true(tiny_requests(server) >= (rows[i].answer == NULL ? 1 : 2));
        if (rows[i].answer == NULL && tiny_requests(server) > 1)
            fail_msg("%s: it was asked all the same", rows[i].about);
        assert_true(a.checked > 0);
        tiny_stop(server);
    }
}

static void what_was_found_is_kept(void **state)
{
    const struct tiny_step steps[] = {{LIST, 0, TINY_CLOSE}, {ANSWER, 0, TINY_CLOSE}};
    struct fixture *f = *state;
    struct tiny *server = tiny_start(steps, 2);
    const struct new_provider_account in = {.base_url = tiny_url(server), .key = KEY};
    struct provider_account a = tested(f, &in);
    const char *sent;

    assert_string_equal(a.models_found, "gpt-5 gpt-5-mini");
    sent = tiny_request(server, 0);
    assert_true(text_starts(sent, "GET /v1/models "));
    assert_non_null(strstr(sent, "Authorization: Bearer " KEY));
    sent = tiny_request(server, 1);
    assert_true(text_starts(sent, "POST /v1/chat/completions "));
    assert_non_null(strstr(sent, "\"model\":\"gpt-5-mini\""));
    /* Paid for: 1,000 tokens in and 1,000 out, in the ledger and out of the company's cap. */
    assert_string_equal(
        pg_get(f->mem, f->super,
               "SELECT concat_ws(' ', provider, model, input_tokens, output_tokens, outcome,"
               " cost_micros > 0, employee_id IS NULL, account_id IS NOT NULL) FROM usage WHERE "
               "tenant_id = '%s'",
               f->at.tenant_id),
        "openai gpt-5-mini 1000 1000 answered t t t");
    assert_int_equal(
        pg_count(f->super,
                 "SELECT count(*) FROM cap_period p JOIN cap c ON c.tenant_id = p.tenant_id AND"
                 " c.id = p.cap_id WHERE p.tenant_id = '%s' AND p.spent_micros ="
                 " (SELECT sum(cost_micros) FROM usage u WHERE u.tenant_id = p.tenant_id)",
                 f->at.tenant_id),
        2);
    assert_int_equal(pg_count(f->super, "SELECT count(*) FROM call_open WHERE tenant_id = '%s'",
                              f->at.tenant_id),
                     0);
    assert_int_equal(pg_count(f->super,
                              "SELECT count(*) FROM audit WHERE tenant_id = '%s' AND action ="
                              " 'provider_account.tested' AND body LIKE '%%fine%%'",
                              f->at.tenant_id),
                     1);
    tiny_stop(server);
}

static void ask_in_vain(struct fixture *f)
{
    static const struct llm_message hello[] = {LLM_SAYS(LLM_PERSON, "Hello")};
    static const struct payer payer = {.employee_id = NULL};
    const struct llm_ask ask = {.messages = hello, .count = 1, .max_tokens = 9};
    struct ctx *c = pg_ctx(PG_WORKER, f->at.tenant_id);
    struct pool_route route = {.count = 1, .payer = &payer};
    struct pool_outcome o;
    struct account *items;
    size_t count;

    ok(c, account_book(c, &items, &count));
    assert_true(account_candidate(&items[0], &route.candidates[0]));
    ok(c, db_commit(c));
    route.candidates[0].model = "gpt-5-mini";
    assert_int_equal(pool_ask_booked(c, &route, &ask, NULL, &o), E_UPSTREAM);
    ctx_end(c);
}

/* A key that is revoked later: the account tells of the call, until a test goes well. */
static void a_refusal_in_use_is_told(void **state)
{
    const struct tiny_step steps[] = {{LIST, 0, TINY_CLOSE},      {ANSWER, 0, TINY_CLOSE},
                                      {WRONG_KEY, 0, TINY_CLOSE}, {LIST, 0, TINY_CLOSE},
                                      {ANSWER, 0, TINY_CLOSE},    {BUSY, 0, TINY_CLOSE}};
    struct fixture *f = *state;
    struct tiny *server = tiny_start(steps, COUNT_OF(steps));
    const struct new_provider_account in = {.base_url = tiny_url(server), .key = KEY};
    struct provider_account a = tested(f, &in);

    assert_int_equal(a.refused, 0);
    ask_in_vain(f);
    a = now(f, a.id);
    assert_true(a.refused > 0);
    assert_string_equal(a.refused_text, provider_account_sentence("account_key"));
    assert_string_equal(a.state, "ok");
    a = test_again(f, a.id);
    assert_int_equal(a.refused, 0);
    assert_null(a.refused_text);
    /* What has nothing to do with the account is not told of it. */
    ask_in_vain(f);
    assert_int_equal(now(f, a.id).refused, 0);
    tiny_stop(server);
}

/* What the company says is for embeddings only is not asked to talk. */
static void a_model_that_embeds_is_not_asked_to_talk(void **state)
{
    const struct tiny_step steps[] = {{LIST, 0, TINY_CLOSE},
                                      {ANSWER, 0, TINY_CLOSE},
                                      {LIST, 0, TINY_CLOSE},
                                      {ANSWER, 0, TINY_CLOSE}};
    struct fixture *f = *state;
    struct tiny *server = tiny_start(steps, COUNT_OF(steps));
    const struct new_provider_account in = {
        .base_url = tiny_url(server), .key = KEY, .models = "our-vectors gpt-5"};
    struct provider_account a = tested(f, &in);

    assert_non_null(strstr(tiny_request(server, 1), "\"our-vectors\""));
    pg_do(f->super,
          "INSERT INTO provider_account_model (tenant_id, id, account_id, name, size)"
          " SELECT tenant_id, gen_random_uuid(), id, 'our-*', 'embeds' FROM provider_account"
          " WHERE tenant_id = '%s'",
          f->at.tenant_id);
    a = test_again(f, a.id);
    assert_string_equal(a.state, "ok");
    assert_non_null(strstr(tiny_request(server, 3), "\"gpt-5\""));
    tiny_stop(server);
}

static void a_cap_is_not_passed_for_a_test(void **state)
{
    const struct tiny_step steps[] = {{LIST, 0, TINY_CLOSE}, {ANSWER, 0, TINY_CLOSE}};
    struct fixture *f = *state;
    struct tiny *server = tiny_start(steps, 2);
    const struct new_provider_account in = {.base_url = tiny_url(server), .key = KEY};
    struct provider_account a;

    pg_do(f->super, "UPDATE cap SET limit_micros = 1 WHERE tenant_id = '%s'", f->at.tenant_id);
    a = tested(f, &in);
    assert_string_equal(a.fault, "account_cap");
    assert_string_equal(a.state, "untested");
    assert_string_equal(a.models_found, "gpt-5 gpt-5-mini");
    assert_int_equal(tiny_requests(server), 1);
    tiny_stop(server);
}

/* Nobody named a model, and the first choice is closed to this account: the next one is asked. */
static void the_next_model_is_asked(void **state)
{
    const struct tiny_step steps[] = {
        {LIST, 0, TINY_CLOSE},
        {ERROR("404 Not Found", "model_not_found", "no such model"), 0, TINY_CLOSE},
        {ANSWER, 0, TINY_CLOSE}};
    struct fixture *f = *state;
    struct tiny *server = tiny_start(steps, 3);
    const struct new_provider_account in = {.base_url = tiny_url(server), .key = KEY};

    assert_string_equal(tested(f, &in).state, "ok");
    assert_non_null(strstr(tiny_request(server, 1), "\"model\":\"gpt-5-mini\""));
    assert_non_null(strstr(tiny_request(server, 2), "\"model\":\"gpt-5\""));
    tiny_stop(server);
}

/* Says that it wants something else than TLS, as web servers do, and closes. */
static void *speak_plainly(void *arg)
{
    static const char words[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    char hello[4096];
    int line = accept(*(int *)arg, NULL, NULL);

    assert_true(recv(line, hello, sizeof(hello), 0) > 0);
    assert_int_equal(send(line, words, strlen(words), MSG_NOSIGNAL), strlen(words));
    close(line);
    return NULL;
}

static void a_server_without_tls(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);
    int door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_t thread;

    assert_int_equal(bind(door, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(door, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(listen(door, 4), 0);
    assert_int_equal(pthread_create(&thread, NULL, speak_plainly, &door), 0);

    const struct new_provider_account in = {
        .base_url = text_printf(f->mem, "https://127.0.0.1:%d/v1", ntohs(at.sin_port)), .key = KEY};

    assert_string_equal(tested(f, &in).fault, "account_tls");
    pthread_join(thread, NULL);
    close(door);
}

static void addresses_that_lead_nowhere(void **state)
{
    const struct tiny_step step = {LIST, 0, TINY_CLOSE};
    struct fixture *f = *state;
    struct tiny *server = tiny_start(&step, 1);
    struct new_provider_account in = {.base_url = "https://no-such-host.invalid/v1", .key = KEY};

    assert_string_equal(tested(f, &in).fault, "account_address");
    in.base_url = text_dup(f->mem, tiny_url(server));
    tiny_stop(server);
    assert_string_equal(tested(f, &in).fault, "account_address");
}

/* A company's address that leads inside is not called, however it is written. */
static void nothing_inside_is_called(void **state)
{
    const struct tiny_step step = {LIST, 0, TINY_CLOSE};
    struct fixture *f = *state;
    struct tiny *server = tiny_start(&step, 1);
    const char *port = strrchr(tiny_url(server), ':');
    const char *hosts[] = {"127.0.0.1",  "localhost",   "[::1]",      "[::ffff:127.0.0.1]",
                           "2130706433", "0x7f.1",      "0.0.0.0",    "169.254.169.254",
                           "10.0.0.1",   "192.168.0.1", "100.64.0.1", "[fd00::1]"};
    struct provider_account a;

    conf_set(CONF_private_addresses, "off");
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        const struct new_provider_account in = {
            .base_url = text_printf(f->mem, "https://%s%s", hosts[i], port), .key = KEY};

        a = tested(f, &in);
        if (!text_is(a.fault, "account_private"))
            fail_msg("%s: %s", hosts[i], text(a.fault));
    }
    /* Ollama's usual address is this machine. */
    a = tested(f, &(struct new_provider_account){.provider = "ollama"});
    assert_string_equal(a.fault, "account_private");
    assert_int_equal(tiny_connections(server), 0);
    tiny_stop(server);
}

static void no_key_for_a_provider_that_wants_one(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(tested(f, &(struct new_provider_account){.provider = "anthropic"}).fault,
                        "account_no_key");
}

static void a_key_that_does_not_open(void **state)
{
    const struct tiny_step step = {LIST, 0, TINY_CLOSE};
    struct fixture *f = *state;
    struct tiny *server = tiny_start(&step, 1);
    struct new_provider_account in = {
        .provider = "openai", .name = "A", .base_url = tiny_url(server), .key = KEY};
    struct provider_account made;
    struct account_test t;
    struct run run = {.tokens = 0};

    ok(f->web, provider_account_add(f->web, &in, &made));
    ok(f->web, provider_account_test(f->web, made.id, false, &t));
    ok(f->web, db_commit(f->web));
    pg_do(f->super, "UPDATE provider_account SET key_sealed = 'x' || key_sealed WHERE id = '%s'",
          made.id);
    runner_run(pg_pool(PG_WORKER), &(struct job_hint){f->at.tenant_id, t.job_id}, &run);
    assert_string_equal(now(f, made.id).fault, "account_unreadable");
    assert_int_equal(tiny_requests(server), 0);
    tiny_stop(server);
}

static void a_removed_account_is_not_tested(void **state)
{
    struct fixture *f = *state;
    struct new_provider_account in = {.provider = "openai", .name = "A", .key = KEY};
    struct provider_account made;
    struct account_test t;
    struct run run = {.tokens = 0};

    ok(f->web, provider_account_add(f->web, &in, &made));
    ok(f->web, provider_account_test(f->web, made.id, false, &t));
    ok(f->web, provider_account_drop(f->web, made.id, &made));
    ok(f->web, db_commit(f->web));
    runner_run(pg_pool(PG_WORKER), &(struct job_hint){f->at.tenant_id, t.job_id}, &run);
    assert_string_equal(pg_get(f->mem, f->super, "SELECT state FROM job WHERE id = '%s'", t.job_id),
                        "done");
}

static void which_model_a_test_asks(void **state)
{
    static const struct {
        const char *provider, *names;
        bool in_order;
        size_t n;
        const char *picked;
    } rows[] = {
        {"openai", "gpt-5 whisper-1 gpt-5-mini gpt-4o-mini-tts", false, 0, "gpt-5-mini"},
        {"openai", "gpt-5 whisper-1 gpt-5-mini gpt-4o-mini-tts", false, 1, "gpt-5"},
        {"openai", "gpt-5 whisper-1 gpt-5-mini gpt-4o-mini-tts", false, 2, NULL},
        {"openai", "some/thing openai/gpt-5-mini", false, 0, "openai/gpt-5-mini"},
        {"openai", "gpt-5 my-own", false, 0, "my-own"},
        {"openai", "gpt-5 gpt-5-mini", true, 0, "gpt-5"},
        {"openai", "text-embedding-3-small gpt-5", true, 0, "gpt-5"},
        {"openai", "text-embedding-3-small", true, 0, NULL},
        {"anthropic", "claude-opus-4-5 claude-haiku-4-5", false, 0, "claude-haiku-4-5"},
        {"ollama", "nomic-embed-text:latest llama3.2:3b", false, 0, "llama3.2:3b"},
        {"openai", "", false, 0, NULL},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *picked = account_pick(f->mem, rows[i].provider, rows[i].names, rows[i].in_order,
                                          rows[i].n);

        if (!text_is(picked, rows[i].picked))
            fail_msg("%s: %s", rows[i].names, picked == NULL ? "none" : picked);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_fault_has_its_name, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_found_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_in_use_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_model_that_embeds_is_not_asked_to_talk, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cap_is_not_passed_for_a_test, setup, teardown),
        cmocka_unit_test_setup_teardown(the_next_model_is_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_without_tls, setup, teardown),
        cmocka_unit_test_setup_teardown(addresses_that_lead_nowhere, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_inside_is_called, setup, teardown),
        cmocka_unit_test_setup_teardown(no_key_for_a_provider_that_wants_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_that_does_not_open, setup, teardown),
        cmocka_unit_test_setup_teardown(a_removed_account_is_not_tested, setup, teardown),
        cmocka_unit_test_setup_teardown(which_model_a_test_asks, setup, teardown),
    };

    return cmocka_run_group_tests(tests, pg_start, pg_stop);
}
