/* Slack's events: which of them are somebody talking to us, and how they read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "channels/slack.h"
#include "slack_hook.h"

#define SELF "U0BOT"

static const struct slack_headers fresh = {"1700000000", "v0=00", NULL};

static int setup(void **state)
{
    *state = ctx_new(MIB(64), NULL);
    return 0;
}

static int teardown(void **state)
{
    ctx_end(*state);
    return 0;
}

static rc_t read_body(struct ctx *c, const char *body, struct hook_event *out)
{
    struct hook hook = slack_hook(&fresh, body);

    ctx_forgive(c);
    return channel_slack.read(c, &hook, SELF, out);
}

/*
 * An event_callback round this event; single quotes stand for double ones, so that cases stay
 * readable.
 */
static const char *quoted(struct ctx *c, const char *text)
{
    char *out = text_dup(c->mem, text);

    for (char *at = out; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    return out;
}

static struct hook_event event(struct ctx *c, const char *inner)
{
    struct hook_event out;

    assert_int_equal(
        read_body(
            c,
            quoted(c, text_printf(c->mem, "{'type':'event_callback','team_id':'T1','event':{%s}}",
                                  inner)),
            &out),
        OK);
    return out;
}

static void who_is_ignored(void **state)
{
#define MESSAGE "'type':'message','channel':'D1','user':'U1','ts':'1.2','text':'hi'"
    static const struct {
        const char *inner, *why;
    } rows[] = {
        {"'type':'reaction_added'", "other"},
        {"'type':'member_joined_channel'", "other"},
        {MESSAGE ",'bot_id':'B1'", "bot"},
        {MESSAGE ",'bot_profile':{}", "bot"},
        {MESSAGE ",'hidden':true", "hidden"},
        {MESSAGE ",'subtype':'bot_message'", "bot"},
        {MESSAGE ",'subtype':'message_changed'", "edit"},
        {MESSAGE ",'subtype':'message_deleted'", "delete"},
        {MESSAGE ",'subtype':'channel_join'", "join"},
        {MESSAGE ",'subtype':'group_leave'", "leave"},
        {MESSAGE ",'subtype':'channel_topic'", "subtype"},
        {"'type':'message','channel':'D1','user':'U0BOT','ts':'1.2','text':'hi'", "self"},
        {"'type':'message','channel':'D1','user':'USLACKBOT','ts':'1.2','text':'hi'", "bot"},
        {"'type':'message','channel':'C1','user':'U1','ts':'1.2','text':'hi','channel_type':'"
         "channel'",
         "not_addressed"},
        {"'type':'message','channel':'C1','user':'U1','ts':'1.2','text':'hi <@U9>'",
         "not_addressed"},
        {"'type':'message','channel':'C1','user':'U1','ts':'1.2','thread_ts':'1.2','text':'hi'",
         "not_addressed"},
        {"'type':'message','channel':'D1','user':'U1','ts':'1.2','text':'  '", "empty"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hook_event e = event(*state, rows[i].inner);

        assert_int_equal(e.kind, HOOK_IGNORE);
        assert_string_equal(e.why, rows[i].why);
    }
}

static void where_it_belongs(void **state)
{
    static const struct {
        const char *inner, *message_key, *thread_key;
        bool only_if_known;
    } rows[] = {
        {"'type':'app_mention','channel':'C1','user':'U1','ts':'10.5','text':'<@U0BOT> hi'",
         "C1:10.5", "C1:10.5", false},
        /* The same message as an event of the other type is the same message in the same thread. */
        {"'type':'message','channel':'C1','user':'U1','ts':'10.5','text':'<@U0BOT> hi'", "C1:10.5",
         "C1:10.5", false},
        {"'type':'message','channel':'C1','user':'U1','ts':'10.5','text':'<@U0BOT|mara> hi'",
         "C1:10.5", "C1:10.5", false},
        {"'type':'app_mention','channel':'C1','user':'U1','ts':'11.0','thread_ts':'10.5','text':'<@"
         "U0BOT> hi'",
         "C1:11.0", "C1:10.5", false},
        {"'type':'message','channel':'C1','user':'U1','ts':'11.0','thread_ts':'10.5','text':'and "
         "then?'",
         "C1:11.0", "C1:10.5", true},
        {"'type':'message','channel':'D1','channel_type':'im','user':'U1','ts':'10.5','text':'hi'",
         "D1:10.5", "D1", false},
        {"'type':'message','channel':'D1','user':'U1','ts':'10.5','text':'hi'", "D1:10.5", "D1",
         false},
        {"'type':'message','channel':'D1','channel_type':'im','user':'U1','ts':'11.0','thread_ts':'"
         "10.5','text':'hi'",
         "D1:11.0", "D1:10.5", false},
        {"'type':'message','channel':'G1','channel_type':'mpim','user':'U1','ts':'10.5','text':'<@"
         "U0BOT> hi'",
         "G1:10.5", "G1:10.5", false},
        {"'type':'message','subtype':'file_share','channel':'D1','user':'U1','ts':'10.5','text':'"
         "hi'",
         "D1:10.5", "D1", false},
        {"'type':'message','subtype':'thread_broadcast','channel':'C1','user':'U1','ts':'11.0','"
         "thread_ts':'10.5',"
         "'text':'<@U0BOT> hi'",
         "C1:11.0", "C1:10.5", false},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hook_event e = event(*state, rows[i].inner);

        assert_int_equal(e.kind, HOOK_MESSAGE);
        assert_string_equal(e.message_key, rows[i].message_key);
        assert_string_equal(e.thread_key, rows[i].thread_key);
        assert_string_equal(e.reply_to, rows[i].thread_key);
        assert_int_equal(e.only_if_known_thread, rows[i].only_if_known);
        assert_string_equal(e.author, "U1");
        assert_in_range(e.sent_s, 10, 11);
    }
}

static void text_is_read_like_a_person(void **state)
{
    static const struct {
        const char *slack, *plain;
    } rows[] = {
        {"hello", "hello"},
        {"<@U0BOT> what is 1 &lt; 2 &amp;&amp; 3 &gt; 2?", "what is 1 < 2 && 3 > 2?"},
        {"  <@U0BOT>: <@U0BOT|mara>, hello", "hello"},
        {"ask <@U0BOT> and <@U7|ben> and <@U8>", "ask @you and @ben and @U8"},
        {"<@U0BOT>", "@you"},
        {"<@U0BOTX> hi", "@U0BOTX hi"},
        {"see <#C1|general> and <#C2>", "see #general and #C2"},
        {"<!here> <!channel> <!subteam^S1|@ops> <!subteam^S2> <!date^1^{date}|1 May>",
         "@here @channel @ops @subteam 1 May"},
        {"<https://a.example/?a=1&amp;b=2>", "https://a.example/?a=1&b=2"},
        {"<https://a.example|the page>", "the page (https://a.example)"},
        {"<http://a.example|a.example>", "http://a.example"},
        {"<mailto:a@b.example|a@b.example>", "a@b.example"},
        {"&amp;lt; stays one level", "&lt; stays one level"},
        {"a < b and <", "a < b and <"},
        {"<>", "<>"},
        {"<<@U7>", "<@U7"},
        {"&amp", "&amp"},
        {"<|x> <!> <@> <#>", "x () @ @ #"},
    };
    struct ctx *c = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_string_equal(slack_plain(c->mem, rows[i].slack, SELF), rows[i].plain);
    assert_string_equal(slack_plain(c->mem, "<@U0BOT> hi", NULL), "@U0BOT hi");
}

static void files_are_named(void **state)
{
    struct hook_event e = event(
        *state, "'type':'message','subtype':'file_share','channel':'D1','user':'U1','ts':'1.2',"
                "'text':'look','files':[{'name':'a.pdf'},{'id':'F1'}]");

    assert_string_equal(e.text, "look\n[file: a.pdf]\n[file: without a name]");
    e = event(
        *state,
        "'type':'message','subtype':'file_share','channel':'D1','user':'U1','ts':'1.2','text':'',"
        "'files':[{'name':'a.pdf'}]");
    assert_string_equal(e.text, "[file: a.pdf]");
}

/* Its 200 bytes end within a character: half of one could be stored nowhere. */
static void a_long_name_of_a_file_is_not_torn(void **state)
{
    struct ctx *c = *state;
    struct buf name = buf_new(c->mem, KIB(1));

    buf_char(&name, 'a');
    for (int i = 0; i < 150; i++)
        buf_text(&name, "\xc3\xa4");

    struct hook_event e = event(
        c, text_printf(c->mem,
                       "'type':'message','subtype':'file_share','channel':'D1','user':'U1',"
                       "'ts':'1.2','text':'','files':[{'name':'%s'}]",
                       buf_str(&name)));

    assert_true(text_utf8(bytes_of(e.text)));
    assert_int_equal(strlen(e.text), strlen("[file: ]") + 199);
}

static void names_come_along(void **state)
{
    struct hook_event e = event(*state,
                                MESSAGE ",'user_profile':{'display_name':'','real_name':'Ann B'}");

    assert_string_equal(e.author_name, "Ann B");
    assert_null(event(*state, MESSAGE).author_name);

    struct ctx *c = *state;
    struct buf name = buf_new(c->mem, KIB(64));

    buf_char(&name, 'a');
    while (name.len < KIB(32))
        buf_text(&name, "\xc3\xa4");
    e = event(c,
              text_printf(c->mem, MESSAGE ",'user_profile':{'display_name':'%s'}", buf_str(&name)));
    assert_int_equal(strlen(e.author_name), HOOK_NAME_MAX - 1);
    assert_memory_equal(e.author_name, name.data, HOOK_NAME_MAX - 1);
}

/* Around the limit, so that a character of each width meets the cut. */
static void long_text_is_cut_between_characters(void **state)
{
    static const char *const characters[] = {"a", "\u00e9", "\u20ac", "\U0001f600"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(characters); i++)
        for (size_t shift = 0; shift < 4; shift++) {
            struct ctx *c = ctx_new(MIB(8), NULL);
            struct buf b = buf_new(c->mem, MIB(1));

            for (size_t k = 0; k < shift; k++)
                buf_char(&b, 'x');
            while (b.len < HOOK_TEXT_MAX + 10)
                buf_text(&b, characters[i]);

            struct hook_event e = event(
                c, text_printf(c->mem,
                               "'type':'message','channel':'D1','user':'U1','ts':'1.2',"
                               "'text':'%s'",
                               buf_str(&b)));

            assert_true(strlen(e.text) <= HOOK_TEXT_MAX && strlen(e.text) > HOOK_TEXT_MAX - 20);
            assert_true(text_utf8(bytes_of(e.text)));
            assert_string_equal(e.text + strlen(e.text) - 6, " [...]");
            ctx_end(c);
        }
}

static void challenge(void **state)
{
    struct hook_event e;

    assert_int_equal(
        read_body(*state,
                  "{\"type\":\"url_verification\",\"token\":\"t\",\"challenge\":\"3eZbrw1aB\"}",
                  &e),
        OK);
    assert_int_equal(e.kind, HOOK_CHALLENGE);
    assert_string_equal(e.challenge, "3eZbrw1aB");
    assert_int_equal(read_body(*state, "{\"type\":\"url_verification\"}", &e), E_INVALID);
    assert_int_equal(read_body(*state, "{\"type\":\"url_verification\",\"challenge\":\"a b\"}", &e),
                     E_INVALID);
    assert_int_equal(read_body(*state, "{\"type\":\"url_verification\",\"challenge\":\"\"}", &e),
                     E_INVALID);
}

static void other_envelopes(void **state)
{
    struct hook_event e;

    assert_int_equal(read_body(*state, "{\"type\":\"app_rate_limited\",\"team_id\":\"T1\"}", &e),
                     OK);
    assert_int_equal(e.kind, HOOK_IGNORE);
}

static const char *nested(struct ctx *c, int levels)
{
    struct buf b = buf_new(c->mem, MIB(1));

    for (int i = 0; i < levels; i++)
        buf_text(&b, "{\"a\":");
    buf_text(&b, "1");
    for (int i = 0; i < levels; i++)
        buf_text(&b, "}");
    return buf_str(&b);
}

static void bad_bodies(void **state)
{
    struct ctx *c = *state;
    const struct {
        const char *body, *code;
    } rows[] = {
        {"", "json_missing"},
        {"nonsense", "json_malformed"},
        {"{\"type\":\"event_callback\"", "json_malformed"},
        {"{\"a\":1,\"a\":2}", "json_malformed"},
        {"{\"type\":\"\\u0000\"}", "json_malformed"},
        {"{\"type\":\"\\ud800\"}", "json_malformed"},
        {"{} {}", "json_malformed"},
        {"{\"a\":\"\xff\"}", "hook_not_utf8"},
        {"{\"a\":\"\xc0\xaf\"}", "hook_not_utf8"},
        {"{\"a\":\"\xed\xa0\x80\"}", "hook_not_utf8"},
        {"\xef\xbb\xbf{}", "json_malformed"},
        {nested(c, 33), "json_too_deep"},
        {nested(c, 20000), "json_too_deep"},
        {"[]", "hook_shape"},
        {"{}", "hook_shape"},
        {"{\"type\":1}", "hook_shape"},
        {"{\"type\":\"event_callback\"}", "hook_shape"},
        {"{\"type\":\"event_callback\",\"event\":[]}", "hook_shape"},
        {"{\"type\":\"event_callback\",\"event\":{\"type\":\"message\"}}", "hook_shape"},
        {"{\"type\":\"event_callback\",\"event\":{\"type\":\"message\",\"channel\":\"D1\",\"ts\":"
         "\"1.2\"}}",
         "hook_shape"},
        {"{\"type\":\"event_callback\",\"event\":{\"type\":\"message\",\"channel\":\"D1\",\"ts\":"
         "\"1.2\",\"user\":7}}",
         "hook_shape"},
        {"{\"type\":\"event_callback\",\"event\":{\"type\":\"message\",\"channel\":\"D1\",\"ts\":"
         "\"12\",\"user\":\"U1\"}}",
         "hook_shape"},
        {"{\"type\":\"event_callback\",\"event\":{\"type\":\"message\",\"channel\":\"D "
         "1\",\"ts\":\"1.2\",\"user\":\"U1\"}}",
         "hook_shape"},
        {"{\"type\":\"event_callback\",\"event\":{\"type\":\"message\",\"channel\":\"D1\",\"ts\":"
         "\"1.2\",\"user\":\"U1\","
         "\"thread_ts\":\"x\"}}",
         "hook_shape"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hook_event e;

        assert_int_equal(read_body(c, rows[i].body, &e), E_INVALID);
        assert_string_equal(c->fault.code, rows[i].code);
    }

    struct hook_event e;

    assert_int_equal(read_body(c, nested(c, 32), &e), E_INVALID);
    assert_string_equal(c->fault.code, "hook_shape");
}

static void claims(void **state)
{
    static const struct {
        const char *body, *install, *app;
    } rows[] = {
        {"{'team_id':'T1','api_app_id':'A1'}", "T1", "A1"},
        {"{'team_id':'T1','authorizations':[{'team_id':'T2','enterprise_id':null}]}", "T2", NULL},
        {"{'team_id':'T1','authorizations':[{'team_id':null}]}", "T1", NULL},
        {"{'team_id':null,'authorizations':[{'team_id':null,'enterprise_id':'E1'}]}", "E1", NULL},
        {"{'enterprise_id':'E2','authorizations':[]}", "E2", NULL},
        {"{'type':'url_verification'}", NULL, NULL},
    };
    struct ctx *c = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hook hook = slack_hook(&fresh, quoted(c, rows[i].body));
        struct hook_claim claim;

        assert_int_equal(channel_slack.claim(c, &hook, &claim), OK);
        assert_true(text_is(claim.install, rows[i].install));
        assert_true(text_is(claim.app, rows[i].app));
    }
}

static void claims_that_are_none(void **state)
{
    struct ctx *c = *state;
    const struct {
        struct slack_headers headers;
        const char *body, *code;
    } rows[] = {
        {{NULL, NULL, NULL}, "{'team_id':'T1'}", "hook_unsigned"},
        /* Without a fresh stamp the body is not even parsed. */
        {{"1600000000", "v0=0", NULL}, nested(c, 100), "hook_stale"},
        {{"1600000000", "v0=0", "text/plain"}, "{}", "hook_stale"},
        {{"1700000000", "v0=0", "application/x-www-form-urlencoded"},
         "{'team_id':'T1'}",
         "not_json"},
        {{"1700000000", "v0=0", ""}, "{'team_id':'T1'}", "not_json"},
        {fresh, nested(c, 100), "json_too_deep"},
        {fresh, "{'team_id':'t1'}", "hook_shape"},
        {fresh, "{'team_id':'T1T1T1T1T1T1T1T1T1T1T1T1T1T1T1T1T1'}", "hook_shape"},
        {fresh, "{'team_id':'T1','api_app_id':'A;'}", "hook_shape"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hook hook = slack_hook(&rows[i].headers, quoted(c, rows[i].body));
        struct hook_claim claim;

        ctx_forgive(c);
        assert_int_not_equal(channel_slack.claim(c, &hook, &claim), OK);
        assert_string_equal(c->fault.code, rows[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_is_ignored, setup, teardown),
        cmocka_unit_test_setup_teardown(where_it_belongs, setup, teardown),
        cmocka_unit_test_setup_teardown(text_is_read_like_a_person, setup, teardown),
        cmocka_unit_test_setup_teardown(files_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_name_of_a_file_is_not_torn, setup, teardown),
        cmocka_unit_test_setup_teardown(names_come_along, setup, teardown),
        cmocka_unit_test_setup_teardown(long_text_is_cut_between_characters, setup, teardown),
        cmocka_unit_test_setup_teardown(challenge, setup, teardown),
        cmocka_unit_test_setup_teardown(other_envelopes, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(claims, setup, teardown),
        cmocka_unit_test_setup_teardown(claims_that_are_none, setup, teardown),
    };

    return cmocka_run_group_tests_name("slack_read", tests, NULL, NULL);
}
