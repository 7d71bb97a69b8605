/*
 * Slack's webhooks that are refused: not signed, stale, of another workspace, or no event at all.
 * No row is left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/metric.h"
#include "core/connection.h"
#include "io/crypto.h"
#include "slack.h"

#include <cmocka.h>

static void unsigned_and_stale_are_refused(void **state)
{
    static const struct {
        const char *secret;
        int64_t off;
        const char *code;
    } bad[] = {
        {"another-secret-that-is-not-theirs", 0, "hook_signature"},
        {"", 0, "hook_signature"},
        {SLACK_SECRET, -310, "hook_stale"},
        {SLACK_SECRET, 310, "hook_stale"},
        {SLACK_SECRET, -1000000, "hook_stale"},
    };
    struct workspace w = workspace_new(*state);
    uint64_t refused = metric_get(METRIC_hook_refused);
    struct reply r;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        r = slack_deliver_at(&w, bytes_of(slack_mention(&w, "1700000000.000100")), bad[i].secret,
                             bad[i].off);
        expect(&r, 401, bad[i].code);
    }
    r = call(w.mem, &(struct call){.method = POST,
                                   .path = SLACK_HOOK,
                                   .body = bytes_of(slack_mention(&w, "1.1"))});
    expect(&r, 401, "hook_unsigned");
    assert_int_equal(metric_get(METRIC_hook_refused), refused + COUNT_OF(bad) + 1);

    /* A signature of another body. */
    const char *stamp = text_printf(w.mem, "%lld", (long long)clock_s());

    r = call(w.mem,
             &(struct call){.method = POST,
                            .path = SLACK_HOOK,
                            .body = bytes_of(slack_mention(&w, "1700000000.000100")),
                            .headers = {{"content-type", "application/json"},
                                        {"x-slack-request-timestamp", stamp},
                                        {"x-slack-signature",
                                         slack_sign(w.mem, stamp, BYTES("{}"), SLACK_SECRET)}}});
    expect(&r, 401, "hook_signature");

    /* Signed by one workspace for another one. */
    struct workspace other = workspace_new(*state);
    struct ctx *c = pg_ctx(PG_WORKER, other.at.tenant_id);

    pg_do(w.super, "UPDATE connection SET signing_secret = '%s' WHERE id = '%s'",
          seal_with_key(c, conf_text(CONF_web_key),
                        connection_secret_place(other.at.tenant_id, other.connection_id),
                        BYTES("the-other-workspaces-own-secret!")),
          other.connection_id);
    ctx_end(c);
    r = slack_deliver(&other, slack_mention(&other, "1700000000.000100"));
    expect(&r, 401, "hook_signature");
    assert_int_equal(slack_rows(&w) + slack_strays(&w) + slack_rows(&other) + slack_strays(&other),
                     0);
    PQfinish(w.super);
    PQfinish(other.super);
}

/*
 * Signed all of them: what is wrong is the body, and only the body's own limit is told before that.
 */
static void bad_bodies_are_refused(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *code;
    } bad[] = {
        {"", 400, "json_missing"},
        {"{", 400, "json_malformed"},
        {"payload=%7B%7D", 400, "json_malformed"},
        {"[]", 400, "hook_shape"},
        {"\"text\"", 400, NULL},
        {"{\"team_id\":\"\xff\"}", 400, "hook_not_utf8"},
        {"{\"team_id\":\"T1\",\"team_id\":\"T2\"}", 400, "json_malformed"},
        {"{\"team_id\":\"' OR true --\"}", 400, "hook_shape"},
        {"{\"team_id\":\"T\\u0000\"}", 400, "json_malformed"},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 400, "json_too_deep"},
    };
    struct workspace w = workspace_new(*state);
    struct reply r;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        r = slack_deliver(&w, bad[i].body);
        if (r.status != bad[i].status || (bad[i].code != NULL && !text_is(r.code, bad[i].code)))
            fail_msg("%s: %d %s", bad[i].body, r.status, r.body);
    }
    r = slack_deliver(
        &w, slack_envelope(&w, "{\"type\":\"app_mention\",\"user\":\"U1\",\"channel\":\"C1\"}"));
    expect(&r, 400, "hook_shape");
    r = slack_deliver(&w, slack_envelope(&w, "7"));
    expect(&r, 400, "hook_shape");

    char *large = arena_take(w.mem, MIB(1) + 1);

    memset(large, ' ', MIB(1) + 1);
    r = slack_deliver_at(&w, (struct bytes){large, MIB(1) + 1}, SLACK_SECRET, 0);
    expect(&r, 413, "body_too_large");
    assert_int_equal(slack_rows(&w) + slack_strays(&w), 0);
    PQfinish(w.super);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unsigned_and_stale_are_refused, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(bad_bodies_are_refused, api_setup, api_teardown),
    };

    return cmocka_run_group_tests(tests, api_start, api_stop);
}
