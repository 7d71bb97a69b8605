/*
 * What Slack's Web API answers: to a post, to reading a thread, to auth.test. The first byte picks
 * the status.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "channels/slack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_outcome(const struct channel_outcome *out)
{
    assert((out->result == POST_SENT) == (out->provider_id != NULL));
    assert((out->result == POST_MORE) == (out->cursor != NULL));
    assert(out->why == NULL || text_utf8(bytes_of(out->why)));
    if (out->result == POST_LATER)
        assert(out->retry_after_ms > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const int statuses[] = {200, 429, 500, 404, 302, 408};

    if (len == 0)
        return 0;

    struct ctx *c = ctx_new(MIB(256), NULL);
    struct http_answer http = {.status = data[0] < 0x20 ? statuses[data[0] % COUNT_OF(statuses)]
                                                        : 200,
                               .body = {text_copy(c->mem, (const char *)data, len), len},
                               .retry_after_ms = -1};
    struct channel_post post = {
        .reply_to = "C1:10.5", .token = "t1", .self = "U0BOT", .secret = "x", .api_base = ""};
    struct channel_outcome out;
    struct hook_claim claim;
    const char *self, *shown;

    if (data[0] < 0x20)
        http.body = (struct bytes){http.body.data + 1, len - 1};
    assert(channel_slack.wrote(c, &http, &out) == OK);
    check_outcome(&out);
    assert(channel_slack.found(c, &http, &post, &out) == OK);
    check_outcome(&out);
    if (out.result == POST_MORE) {
        struct http_ask ask;

        post.cursor = out.cursor;
        (void)!channel_slack.find(c, &post, &ask);
    }
    if (channel_slack.probed(c, &http, &claim, &self, &shown) == OK)
        assert(slack_id_valid(claim.install) && slack_id_valid(self));
    ctx_end(c);
    return 0;
}
