/* Slack's signatures: their own published example, and everything that must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "slack_hook.h"

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

static rc_t check(struct ctx *c, const char *stamp, const char *signature, const char *body,
                  const char *secret)
{
    struct slack_headers headers = {stamp, signature, NULL};
    struct hook hook = slack_hook(&headers, body);

    ctx_forgive(c);
    return channel_slack.check(c, &hook, bytes_of(secret));
}

/* From Slack's page "Verifying requests from Slack". */
static void published_example(void **state)
{
    static const char body[] =
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id="
        "G8PSS9T3V&channel_name=foobar"
        "&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url="
        "https%3A%2F%2Fhooks.slack."
        "com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id="
        "398738663015.47445629121.803a0bc8"
        "87a14d10d2c447fce8b6703c";
    struct slack_headers headers = {
        "1531420618", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", NULL};
    struct hook hook = slack_hook(&headers, body);

    hook.now_s = 1531420618 + 60;
    assert_int_equal(channel_slack.check(*state, &hook, BYTES("8f742231b10e8888abcd99yyyzzz85a5")),
                     OK);
}

static void window_is_five_minutes_both_ways(void **state)
{
    static const struct {
        int64_t off;
        rc_t rc;
    } rows[] = {{0, OK},         {-300, OK},           {300, OK},          {-301, E_UNAUTH},
                {301, E_UNAUTH}, {-1000000, E_UNAUTH}, {1000000, E_UNAUTH}};
    struct ctx *c = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *stamp = text_printf(c->mem, "%lld", (long long)(SLACK_NOW + rows[i].off));

        assert_int_equal(
            check(c, stamp, slack_sign(c, stamp, BYTES("{}"), SLACK_SECRET), "{}", SLACK_SECRET),
            rows[i].rc);
        if (rows[i].rc != OK)
            assert_string_equal(c->fault.code, "hook_stale");
    }
}

static void stamps_that_are_no_time(void **state)
{
    static const char *const stamps[] = {"",
                                         "abc",
                                         "17e8",
                                         " 1700000000",
                                         "1700000000 ",
                                         "99999999999999999999",
                                         "-9223372036854775808",
                                         "0x10",
                                         "1700000000.0"};
    struct ctx *c = *state;

    for (size_t i = 0; i < COUNT_OF(stamps); i++)
        assert_int_equal(check(c, stamps[i], slack_sign(c, stamps[i], BYTES("{}"), SLACK_SECRET),
                               "{}", SLACK_SECRET),
                         E_UNAUTH);
}

static void unsigned_is_told_apart(void **state)
{
    struct ctx *c = *state;

    assert_int_equal(check(c, NULL, "v0=00", "{}", SLACK_SECRET), E_UNAUTH);
    assert_string_equal(c->fault.code, "hook_unsigned");
    assert_int_equal(check(c, "1700000000", NULL, "{}", SLACK_SECRET), E_UNAUTH);
    assert_string_equal(c->fault.code, "hook_unsigned");
}

/* Every single bit of body, stamp, secret and signature counts. */
static void one_flipped_bit_is_refused(void **state)
{
    static const char body[] = "{\"type\":\"event_callback\"}";
    struct ctx *c = *state;
    const char *good = slack_sign(c, "1700000000", BYTES(body), SLACK_SECRET);

    assert_int_equal(check(c, "1700000000", good, body, SLACK_SECRET), OK);
    for (size_t i = 0; i < strlen(body) * 8; i++) {
        char *bad = text_dup(c->mem, body);

        bad[i / 8] = (char)(bad[i / 8] ^ (1 << (i % 8)));
        assert_int_equal(check(c, "1700000000", good, bad, SLACK_SECRET), E_UNAUTH);
        assert_string_equal(c->fault.code, "hook_signature");
    }
    for (size_t i = 0; i < strlen(good) * 8; i++) {
        char *bad = text_dup(c->mem, good);

        bad[i / 8] = (char)(bad[i / 8] ^ (1 << (i % 8)));
        assert_int_equal(check(c, "1700000000", bad, body, SLACK_SECRET), E_UNAUTH);
    }
    assert_int_equal(check(c, "1700000001", good, body, SLACK_SECRET), E_UNAUTH);
    assert_int_equal(check(c, "1700000000", good, body, SLACK_SECRET "x"), E_UNAUTH);
}

static void wrong_forms_are_refused(void **state)
{
    struct ctx *c = *state;
    const char *good = slack_sign(c, "1700000000", BYTES("{}"), SLACK_SECRET);
    const char *const forms[] = {good + 3,
                                 text_printf(c->mem, "v1=%s", good + 3),
                                 text_printf(c->mem, "%s0", good),
                                 text_printf(c->mem, " %s", good),
                                 text_copy(c->mem, good, strlen(good) - 1),
                                 "v0="};

    for (size_t i = 0; i < COUNT_OF(forms); i++)
        assert_int_equal(check(c, "1700000000", forms[i], "{}", SLACK_SECRET), E_UNAUTH);
}

/* Without a secret anybody could sign with the empty key. */
static void empty_secret_fits_nothing(void **state)
{
    struct ctx *c = *state;

    assert_int_equal(check(c, "1700000000", slack_sign(c, "1700000000", BYTES("{}"), ""), "{}", ""),
                     E_UNAUTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(published_example, setup, teardown),
        cmocka_unit_test_setup_teardown(window_is_five_minutes_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(stamps_that_are_no_time, setup, teardown),
        cmocka_unit_test_setup_teardown(unsigned_is_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(one_flipped_bit_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_forms_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(empty_secret_fits_nothing, setup, teardown),
    };

    return cmocka_run_group_tests_name("slack_check", tests, NULL, NULL);
}
