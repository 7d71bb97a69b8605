/*
 * Webhook bodies from Slack, as anybody may send them: claim and read, and what must hold for what
 * comes out.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "channels/slack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *header(const void *native, const char *name)
{
    (void)native;
    if (strcmp(name, "content-type") == 0)
        return "application/json; charset=utf-8";
    return strcmp(name, "x-slack-request-timestamp") == 0 ? "1700000000" : "v0=00";
}

static void check_message(const struct hook_event *event)
{
    assert(!text_blank(event->text) && strlen(event->text) <= HOOK_TEXT_MAX);
    assert(text_utf8(bytes_of(event->text)));
    assert(event->author_name == NULL || (strlen(event->author_name) <= HOOK_NAME_MAX &&
                                          text_utf8(bytes_of(event->author_name))));
    assert(strlen(event->reply_to) <= 500 && strlen(event->thread_key) > 0);
    assert(slack_id_valid(event->author) && event->sent_s >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ctx *c = ctx_new(MIB(256), NULL);
    struct hook hook = {.body = {(const char *)data, len}, .header = header, .now_s = 1700000000};
    struct hook_claim claim;
    struct hook_event event;

    if (channel_slack.claim(c, &hook, &claim) == OK && claim.install != NULL)
        assert(slack_id_valid(claim.install));
    if (channel_slack.read(c, &hook, "U0BOT", &event) == OK) {
        assert((event.kind == HOOK_IGNORE) == (event.why != NULL));
        assert((event.kind == HOOK_CHALLENGE) == (event.challenge != NULL));
        if (event.kind == HOOK_MESSAGE)
            check_message(&event);
    }
    (void)!channel_slack.check(c, &hook, BYTES("a secret"));
    ctx_end(c);
    return 0;
}
