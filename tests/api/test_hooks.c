/*
 * Slack's webhooks through the router: what is stored, what is acknowledged without being stored,
 * and what happens while the database is away. Whatever leaves a row gets its 200, and nothing else
 * does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/metric.h"
#include "lib/proxy.h"
#include "slack.h"

#include <cmocka.h>

static void a_message_is_stored_once(void **state)
{
    struct workspace w = workspace_new(*state);
    uint64_t accepted = metric_get(METRIC_hook_accepted), twice = metric_get(METRIC_hook_duplicate);
    struct reply r = slack_deliver(&w, slack_mention(&w, "1700000000.000100"));

    expect(&r, 200, NULL);
    assert_string_equal(r.body, "");
    assert_int_equal(slack_rows(&w), 1);
    assert_string_equal(
        pg_get(w.mem, w.super, "SELECT text FROM inbound WHERE tenant_id = '%s'", w.at.tenant_id),
        "hello");
    assert_int_equal(metric_get(METRIC_hook_accepted), accepted + 1);

    /* The same again, and under other event ids: slack_envelope() makes a new one each time. */
    for (int i = 0; i < 5; i++) {
        r = slack_deliver(&w, slack_mention(&w, "1700000000.000100"));
        expect(&r, 200, NULL);
    }
    assert_int_equal(slack_rows(&w), 1);
    assert_int_equal(metric_get(METRIC_hook_duplicate), twice + 5);
    r = slack_deliver(&w, slack_mention(&w, "1700000000.000200"));
    expect(&r, 200, NULL);
    assert_int_equal(slack_rows(&w), 2);
    assert_int_equal(slack_strays(&w), 0);
    PQfinish(w.super);
}

/* A mention and the plain message event of the same post are one message of one conversation. */
static void threads_are_conversations(void **state)
{
    static const char reply[] =
        "{\"type\":\"message\",\"user\":\"U1\",\"channel\":\"C1\",\"channel_type\":\"channel\","
        "\"ts\":\"1700000001.000100\",\"thread_ts\":\"1700000000.000100\",\"text\":\"and?\"}";
    struct workspace w = workspace_new(*state);
    struct reply r = slack_deliver(&w, slack_envelope(&w, reply));

    expect(&r, 200, NULL); /* a thread that we are not in */
    assert_int_equal(slack_rows(&w), 0);
    r = slack_deliver(&w, slack_mention(&w, "1700000000.000100"));
    expect(&r, 200, NULL);
    pg_do(w.super,
          "INSERT INTO conversation (tenant_id, id, employee_id, connection_id, channel)"
          " SELECT tenant_id, conversation_id, '%s', connection_id, 'slack' FROM inbound WHERE "
          "tenant_id = '%s'",
          w.at.employee_id, w.at.tenant_id);
    r = slack_deliver(&w, slack_envelope(&w, reply));
    expect(&r, 200, NULL);
    assert_int_equal(slack_rows(&w), 2);
    assert_int_equal(
        pg_count(w.super,
                 "SELECT count(DISTINCT conversation_id) FROM inbound WHERE tenant_id = '%s'",
                 w.at.tenant_id),
        1);
    assert_int_equal(
        pg_count(w.super,
                 "SELECT count(DISTINCT lane_id) FROM job WHERE tenant_id = '%s' AND kind = 'turn'",
                 w.at.tenant_id),
        1);
    PQfinish(w.super);
}

static void nobody_talking_to_us(void **state)
{
    static const char *const events[] = {
        "{\"type\":\"app_mention\",\"user\":\"UBOT\",\"channel\":\"C1\",\"ts\":\"1.1\",\"text\":\"<"
        "@UBOT> me\"}",
        "{\"type\":\"message\",\"bot_id\":\"B1\",\"channel\":\"D1\",\"channel_type\":\"im\",\"ts\":"
        "\"1.1\",\"text\":\"x\"}",
        "{\"type\":\"message\",\"subtype\":\"message_changed\",\"channel\":\"D1\",\"ts\":\"1.1\"}",
        "{\"type\":\"message\",\"subtype\":\"channel_join\",\"user\":\"U1\",\"channel\":\"C1\","
        "\"ts\":\"1.1\",\"text\":\"x\"}",
        "{\"type\":\"message\",\"user\":\"U1\",\"channel\":\"C1\",\"channel_type\":\"channel\","
        "\"ts\":\"1700000000.1\",\"text\":\"x\"}",
        "{\"type\":\"reaction_added\",\"user\":\"U1\"}",
    };
    struct workspace w = workspace_new(*state);
    uint64_t before = metric_get(METRIC_hook_ignored);

    for (size_t i = 0; i < COUNT_OF(events); i++) {
        struct reply r = slack_deliver(&w, slack_envelope(&w, events[i]));

        if (r.status != 200)
            fail_msg("%s: %s", events[i], r.body);
    }
    assert_int_equal(metric_get(METRIC_hook_ignored), before + COUNT_OF(events));
    assert_int_equal(slack_rows(&w) + slack_strays(&w), 0);
    PQfinish(w.super);
}

static void unknown_workspaces_are_acknowledged_and_counted(void **state)
{
    struct workspace w = workspace_new(*state);
    uint64_t unknown = metric_get(METRIC_hook_unknown);
    const char *body;
    struct reply r;

    w.team = slack_id(w.mem, 'T');
    body = slack_mention(&w, "1700000000.000100");
    r = slack_deliver(&w, body); /* signed by the app that another workspace has connected */
    expect(&r, 200, NULL);
    assert_int_equal(metric_get(METRIC_hook_unknown), unknown + 1);
    r = slack_deliver_at(&w, bytes_of(body), "not-the-secret-of-this-app-at-all", 0);
    expect(&r, 401, "hook_signature");
    w.app = slack_id(w.mem, 'A'); /* an app that nobody has */
    r = slack_deliver(&w, slack_mention(&w, "1700000000.000100"));
    expect(&r, 401, "hook_signature");
    assert_int_equal(metric_get(METRIC_hook_unknown), unknown + 1);
    assert_int_equal(slack_rows(&w) + slack_strays(&w), 0);
    PQfinish(w.super);
}

static void the_handshake_is_answered_to_who_signs(void **state)
{
    static const char body[] =
        "{\"type\":\"url_verification\",\"challenge\":\"3eZbrw1aBm2rZgRNFdxV\",\"token\":\"t\"}";
    struct workspace w = workspace_new(*state);
    struct reply r = slack_deliver(&w, body);

    expect(&r, 200, NULL);
    assert_string_equal(r.body, "3eZbrw1aBm2rZgRNFdxV");
    assert_string_equal(r.type, "text/plain; charset=utf-8");
    r = slack_deliver_at(&w, BYTES(body), "not-the-secret-of-anybody-at-all!", 0);
    expect(&r, 401, "hook_signature");
    r = slack_deliver(&w, "{\"type\":\"url_verification\",\"challenge\":\"<script>\\n\"}");
    expect(&r, 400, "hook_shape");

    /* Another company's secret that does not open, or is gone, is not this one's trouble. */
    struct workspace other = workspace_new(*state);

    pg_do(w.super, "UPDATE connection SET signing_secret = 'broken' WHERE id = '%s'",
          other.connection_id);
    r = slack_deliver(&w, body);
    expect(&r, 200, NULL);
    PQfinish(other.super);
    PQfinish(w.super);
}

/* A connection that was removed takes nothing any more. */
static void removed_connections_take_nothing(void **state)
{
    struct workspace w = workspace_new(*state);
    struct reply r;

    pg_do(w.super, "UPDATE connection SET state = 'removed' WHERE id = '%s'", w.connection_id);
    r = slack_deliver(&w, slack_mention(&w, "1700000000.000100"));
    expect(&r, 200, NULL);
    assert_int_equal(slack_rows(&w) + slack_strays(&w), 0);
    PQfinish(w.super);
}

/*
 * The database is away when the tenant is looked for, when the row is stored, or with the answer in
 * hand.
 */
static void away_is_503_and_no_row(void **state)
{
    struct workspace w = workspace_new(*state);
    struct proxy *proxy = proxy_new();
    uint64_t unavailable = metric_get(METRIC_hook_unavailable);
    const char *through = proxy_address(w.mem, proxy, PG_WEB);
    struct reply r;

    pg_use(PG_WEB, through);
    proxy_down(proxy);
    r = slack_deliver(&w, slack_mention(&w, "1700000000.000100"));
    expect(&r, 503, "db_away");
    assert_int_equal(metric_get(METRIC_hook_unavailable), unavailable + 1);
    pg_use(PG_WEB, NULL);

    call_batch(db_batch_new(through));
    r = slack_deliver(&w, slack_mention(&w, "1700000000.000100"));
    expect(&r, 503, "hook_not_stored");
    assert_string_equal(r.res.headers[0].name, "retry-after");
    assert_int_equal(metric_get(METRIC_hook_unavailable), unavailable + 2);
    assert_int_equal(slack_rows(&w) + slack_strays(&w), 0);

    proxy_up(proxy);
    call_batch(NULL);
    r = slack_deliver(&w, slack_mention(&w, "1700000000.000100"));
    expect(&r, 200, NULL);
    assert_int_equal(slack_rows(&w), 1);
    proxy_free(proxy);
    PQfinish(w.super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_is_stored_once, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(threads_are_conversations, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(nobody_talking_to_us, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(unknown_workspaces_are_acknowledged_and_counted, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(the_handshake_is_answered_to_who_signs, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(removed_connections_take_nothing, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(away_is_503_and_no_row, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
