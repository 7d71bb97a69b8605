/*
 * Posting into Slack: what is sent, what each reply means, and reading a thread back after a crash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "base/shape.h"
#include "channels/channel.h"

#define TOKEN "01900000-0000-8000-8000-000000000001"

static int setup(void **state)
{
    *state = ctx_new(MIB(8), NULL);
    return 0;
}

static int teardown(void **state)
{
    ctx_end(*state);
    return 0;
}

static struct channel_post post_to(const char *reply_to)
{
    return (struct channel_post){.token = TOKEN,
                                 .secret = "xoxb-1-secret",
                                 .reply_to = reply_to,
                                 .text = "**Yes** & no",
                                 .api_base = "https://api.example/api",
                                 .since_s = 1700000000,
                                 .self = "U0BOT"};
}

static const char *header(const struct http_ask *ask, const char *name)
{
    for (int i = 0; i < ask->header_count; i++)
        if (strcmp(ask->headers[i].name, name) == 0)
            return ask->headers[i].value;
    return NULL;
}

static void a_post_into_a_thread(void **state)
{
    struct ctx *c = *state;
    struct channel_post post = post_to("C1:10.5");
    struct http_ask ask;
    json_t *body;

    assert_int_equal(channel_slack.write(c, &post, &ask), OK);
    assert_string_equal(ask.method, "POST");
    assert_string_equal(ask.url, "https://api.example/api/chat.postMessage");
    assert_string_equal(header(&ask, "Authorization"), "Bearer xoxb-1-secret");
    assert_string_equal(header(&ask, "Content-Type"), "application/json; charset=utf-8");
    assert_int_equal(json_parse(c, ask.body, &body), OK);
    assert_string_equal(json_str(body, "channel"), "C1");
    assert_string_equal(json_str(body, "thread_ts"), "10.5");
    assert_string_equal(json_str(body, "text"), "*Yes* &amp; no");
    assert_string_equal(json_str(body, "client_msg_id"), TOKEN);
    assert_true(json_is_false(json_object_get(body, "unfurl_links")));
    assert_true(json_is_false(json_object_get(body, "unfurl_media")));
    assert_true(json_is_false(json_object_get(body, "link_names")));

    const json_t *metadata = json_object_get(body, "metadata");

    assert_string_equal(json_str(metadata, "event_type"), "konstruct_answer");
    assert_string_equal(json_str(json_object_get(metadata, "event_payload"), "token"), TOKEN);
    /* The secret goes into the header and nowhere else. */
    assert_null(strstr(ask.body.data, "xoxb"));
}

static void a_post_into_a_direct_message(void **state)
{
    struct ctx *c = *state;
    struct channel_post post = post_to("D1");
    struct http_ask ask;
    json_t *body;

    post.token = "not a uuid";
    assert_int_equal(channel_slack.write(c, &post, &ask), OK);
    assert_int_equal(json_parse(c, ask.body, &body), OK);
    assert_null(json_object_get(body, "thread_ts"));
    assert_true(id_valid(json_str(body, "client_msg_id")));
}

static void bad_posts_are_not_made(void **state)
{
    struct ctx *c = *state;
    static const char *const places[] = {"", "c1", "C1:", "C1:x", "C1:1.2:3", ":1.2", "C1 1.2"};
    struct channel_post post = post_to("C1");
    struct http_ask ask;

    for (size_t i = 0; i < COUNT_OF(places); i++) {
        post.reply_to = places[i];
        assert_int_equal(channel_slack.write(c, &post, &ask), E_INTERNAL);
    }
    post = post_to("C1");
    post.secret = "xoxb\r\nX-Evil: 1";
    ctx_forgive(c);
    assert_int_equal(channel_slack.write(c, &post, &ask), E_INVALID);
    assert_string_equal(c->fault.code, "token_malformed");
}

static struct http_answer answer(int status, const char *body)
{
    return (struct http_answer){.status = status, .body = bytes_of(body), .retry_after_ms = -1};
}

static void what_a_reply_means(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum channel_result result;
        const char *why;
    } rows[] = {
        {200, "{\"ok\":true,\"channel\":\"C1\",\"ts\":\"10.6\"}", POST_SENT, NULL},
        {200, "{\"ok\":true}", POST_UNKNOWN, "unreadable_answer"},
        {200, "{\"ok\":true,\"channel\":\"C1\",\"ts\":10.6}", POST_UNKNOWN, "unreadable_answer"},
        {200, "", POST_UNKNOWN, "unreadable_answer"},
        {200, "<html>", POST_UNKNOWN, "unreadable_answer"},
        {200, "[]", POST_UNKNOWN, "unreadable_answer"},
        {200, "{\"ok\":false}", POST_UNKNOWN, "unreadable_answer"},
        {200, "{\"ok\":true,\"channel\":\"C1\",\"ts\":", POST_UNKNOWN, "unreadable_answer"},
        {200, "{\"ok\":false,\"error\":\"ratelimited\"}", POST_LATER, "ratelimited"},
        {200, "{\"ok\":false,\"error\":\"something_new\"}", POST_LATER, "something_new"},
        {200, "{\"ok\":false,\"error\":\"internal_error\"}", POST_UNKNOWN, "internal_error"},
        {200, "{\"ok\":false,\"error\":\"fatal_error\"}", POST_UNKNOWN, "fatal_error"},
        {200, "{\"ok\":false,\"error\":\"invalid_auth\"}", POST_REFUSED, "invalid_auth"},
        {200, "{\"ok\":false,\"error\":\"token_revoked\"}", POST_REFUSED, "token_revoked"},
        {200, "{\"ok\":false,\"error\":\"account_inactive\"}", POST_REFUSED, "account_inactive"},
        {200, "{\"ok\":false,\"error\":\"channel_not_found\"}", POST_REFUSED, "channel_not_found"},
        {200, "{\"ok\":false,\"error\":\"not_in_channel\"}", POST_REFUSED, "not_in_channel"},
        {200, "{\"ok\":false,\"error\":\"is_archived\"}", POST_REFUSED, "is_archived"},
        {200, "{\"ok\":false,\"error\":\"msg_too_long\"}", POST_REFUSED, "msg_too_long"},
        {200, "{\"ok\":false,\"error\":\"restricted_action\"}", POST_REFUSED, "restricted_action"},
        {429, "", POST_LATER, "ratelimited"},
        {500, "", POST_UNKNOWN, "http_500"},
        {502, "{\"ok\":true,\"channel\":\"C1\",\"ts\":\"10.6\"}", POST_UNKNOWN, "http_502"},
        {503, "", POST_UNKNOWN, "http_503"},
        {408, "", POST_UNKNOWN, "http_408"},
        {204, "", POST_UNKNOWN, "http_204"},
        {404, "", POST_REFUSED, "http_404"},
        {302, "", POST_REFUSED, "http_302"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_answer http = answer(rows[i].status, rows[i].body);
        struct channel_outcome out;

        assert_int_equal(channel_slack.wrote(*state, &http, &out), OK);
        assert_int_equal(out.result, rows[i].result);
        assert_true(text_is(out.why, rows[i].why));
        if (out.result == POST_SENT)
            assert_string_equal(out.provider_id, "C1:10.6");
        if (out.result == POST_LATER)
            assert_true(out.retry_after_ms >= 1000);
    }
}

static void a_refused_token_is_not_a_refused_channel(void **state)
{
    struct http_answer token = answer(200, "{\"ok\":false,\"error\":\"token_revoked\"}");
    struct http_answer place = answer(200, "{\"ok\":false,\"error\":\"is_archived\"}");
    struct channel_outcome out;

    assert_int_equal(channel_slack.wrote(*state, &token, &out), OK);
    assert_true(out.install_broken);
    assert_int_equal(channel_slack.wrote(*state, &place, &out), OK);
    assert_false(out.install_broken);
}

static void retry_after_is_obeyed(void **state)
{
    struct http_answer http = answer(429, "");
    struct channel_outcome out;

    http.retry_after_ms = 37000;
    assert_int_equal(channel_slack.wrote(*state, &http, &out), OK);
    assert_int_equal(out.retry_after_ms, 37000);
    http.retry_after_ms = 0;
    assert_int_equal(channel_slack.wrote(*state, &http, &out), OK);
    assert_int_equal(out.retry_after_ms, 1000);
}

static void how_a_thread_is_read_back(void **state)
{
    struct ctx *c = *state;
    struct channel_post post = post_to("C1:10.5");
    struct http_ask ask;

    assert_int_equal(channel_slack.find(c, &post, &ask), OK);
    assert_string_equal(ask.url, "https://api.example/api/conversations.replies");
    assert_string_equal(header(&ask, "Content-Type"), "application/x-www-form-urlencoded");
    assert_true(bytes_is(
        ask.body,
        "channel=C1&ts=10.5&oldest=1699999400.000000&limit=200&include_all_metadata=true"));

    post = post_to("D1");
    post.cursor = "bmV4dA==&x";
    assert_int_equal(channel_slack.find(c, &post, &ask), OK);
    assert_string_equal(ask.url, "https://api.example/api/conversations.history");
    assert_true(bytes_is(ask.body,
                         "channel=D1&oldest=1699999400.000000&limit=200&include_all_metadata=true"
                         "&cursor=bmV4dA%3D%3D%26x"));
}

#define OTHER "{\"user\":\"U1\",\"ts\":\"10.5\",\"text\":\"hi\"}"
#define MARKED(token)                                                                        \
    "{\"user\":\"U0BOT\",\"ts\":\"10.6\",\"metadata\":{\"event_type\":\"konstruct_answer\"," \
    "\"event_payload\":{\"token\":\"" token "\"}}}"
#define BARE "{\"user\":\"U0BOT\",\"ts\":\"10.7\",\"text\":\"?\"}"

static void what_a_thread_says(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum channel_result result;
        const char *why;
    } rows[] = {
        {200, "{\"ok\":true,\"messages\":[" OTHER "," MARKED(TOKEN) "],\"has_more\":false}",
         POST_SENT, NULL},
        {200, "{\"ok\":true,\"messages\":[" BARE "," MARKED(TOKEN) "],\"has_more\":true}",
         POST_SENT, NULL},
        {200, "{\"ok\":true,\"messages\":[" OTHER "," MARKED("another") "],\"has_more\":false}",
         POST_ABSENT, NULL},
        {200, "{\"ok\":true,\"messages\":[]}", POST_ABSENT, NULL},
        /*
         * Our own message without its metadata: they are hidden from us, so absence means nothing.
         */
        {200, "{\"ok\":true,\"messages\":[" OTHER "," BARE "],\"has_more\":false}", POST_UNKNOWN,
         "metadata_hidden"},
        {200, "{\"ok\":true,\"messages\":[" OTHER "],\"has_more\":true}", POST_UNKNOWN,
         "no_next_page"},
        {200,
         "{\"ok\":true,\"messages\":[],\"has_more\":true,\"response_metadata\":{\"next_cursor\":"
         "\"n1\"}}",
         POST_MORE, NULL},
        {200, "{\"ok\":true}", POST_LATER, "http_200"},
        {200, "{\"ok\":false,\"error\":\"ratelimited\"}", POST_LATER, "ratelimited"},
        {200, "{\"ok\":false,\"error\":\"internal_error\"}", POST_LATER, "internal_error"},
        {200, "{\"ok\":false,\"error\":\"missing_scope\"}", POST_UNKNOWN, "missing_scope"},
        {200, "{\"ok\":false,\"error\":\"thread_not_found\"}", POST_UNKNOWN, "thread_not_found"},
        {200, "nonsense", POST_LATER, "http_200"},
        {429, "", POST_LATER, "http_429"},
        {500, "", POST_LATER, "http_500"},
        {404, "", POST_UNKNOWN, "http_404"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct channel_post post = post_to("C1:10.5");
        struct http_answer http = answer(rows[i].status, rows[i].body);
        struct channel_outcome out;

        assert_int_equal(channel_slack.found(*state, &http, &post, &out), OK);
        assert_int_equal(out.result, rows[i].result);
        assert_true(text_is(out.why, rows[i].why));
        if (out.result == POST_SENT)
            assert_string_equal(out.provider_id, "C1:10.6");
        if (out.result == POST_MORE)
            assert_string_equal(out.cursor, "n1");
    }
}

static rc_t probed(struct ctx *c, int status, const char *body, struct hook_claim *claim,
                   const char **self)
{
    struct http_answer http = answer(status, body);
    const char *shown;

    ctx_forgive(c);
    return channel_slack.probed(c, &http, claim, self, &shown);
}

static void a_token_is_proved(void **state)
{
    struct ctx *c = *state;
    struct hook_claim claim;
    const char *self;
    struct http_ask ask;

    assert_int_equal(channel_slack.probe(c, "https://api.example/api", "xoxb-1", &ask), OK);
    assert_string_equal(ask.url, "https://api.example/api/auth.test");
    assert_int_equal(probed(c, 200,
                            "{\"ok\":true,\"team\":\"Acme\",\"team_id\":\"T1\",\"user_id\":"
                            "\"U0BOT\",\"bot_id\":\"B1\"}",
                            &claim, &self),
                     OK);
    assert_string_equal(claim.install, "T1");
    assert_null(claim.app);
    assert_string_equal(self, "U0BOT");
}

static void a_refused_token_says_what_to_do(void **state)
{
    static const struct {
        int status;
        const char *body, *code, *part;
    } rows[] = {
        {200, "{\"ok\":false,\"error\":\"invalid_auth\"}", "token_refused", "invalid_auth"},
        {200, "{\"ok\":false,\"error\":\"token_revoked\"}", "token_refused", "Install the app"},
        {200, "{\"ok\":false,\"error\":\"brand_new\"}", "token_refused", "brand_new"},
        {200, "{\"ok\":false}", "token_refused", "nothing"},
        {200, "{\"ok\":true,\"team_id\":\"T1\",\"user_id\":\"U1\"}", "token_not_bot",
         "person's token"},
        {200, "{\"ok\":true,\"bot_id\":\"B1\"}", "channel_broken", "no workspace"},
        {200, "nonsense", "channel_broken", "200"},
        {503, "", "channel_broken", "503"},
        {429, "", "channel_busy", "5 seconds"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ctx *c = *state;
        struct hook_claim claim;
        const char *self;

        assert_int_not_equal(probed(c, rows[i].status, rows[i].body, &claim, &self), OK);
        assert_string_equal(c->fault.code, rows[i].code);
        assert_non_null(strstr(c->fault.detail, rows[i].part));
    }
}

static void the_registry_knows_its_channels(void **state)
{
    size_t count;

    (void)state;
    assert_ptr_equal(channel_find("slack"), &channel_slack);
    assert_ptr_equal(channel_find("portal"), &channel_portal);
    assert_null(channel_find("fax"));
    assert_null(channel_find(NULL));
    assert_ptr_equal(channel_all(&count)[0], &channel_slack);
    assert_int_equal(count, 2);
    assert_null(channel_portal.write);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_post_into_a_thread, setup, teardown),
        cmocka_unit_test_setup_teardown(a_post_into_a_direct_message, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_posts_are_not_made, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_reply_means, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_token_is_not_a_refused_channel, setup, teardown),
        cmocka_unit_test_setup_teardown(retry_after_is_obeyed, setup, teardown),
        cmocka_unit_test_setup_teardown(how_a_thread_is_read_back, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_thread_says, setup, teardown),
        cmocka_unit_test_setup_teardown(a_token_is_proved, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_token_says_what_to_do, setup, teardown),
        cmocka_unit_test(the_registry_knows_its_channels),
    };

    return cmocka_run_group_tests_name("slack_post", tests, NULL, NULL);
}
