/* Slack's mark-up undone, for any text. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "channels/slack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ctx *c = ctx_new(MIB(64), NULL);
    const char *text = text_copy(c->mem, (const char *)data, len);
    const char *plain = slack_plain(c->mem, text, "U0BOT");

    assert(strlen(plain) <= 2 * strlen(text) + 8);
    if (text_utf8(bytes_of(text)))
        assert(text_utf8(bytes_of(plain)));
    (void)slack_mentions(text, "U0BOT");
    ctx_end(c);
    return 0;
}
