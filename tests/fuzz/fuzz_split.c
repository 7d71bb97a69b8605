/* Any text cut into parts: each within its limit, characters whole, an end in sight. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "channels/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;

    struct ctx *c = ctx_new(MIB(256), NULL);
    const char *text = text_copy(c->mem, (const char *)data, len);
    size_t max = CHANNEL_SPLIT_LEAST + data[0];
    const char **parts;
    size_t count, total = 0;

    assert(channel_split(c, text, max, &parts, &count) == OK);
    for (size_t i = 0; i < count; i++) {
        assert(strlen(parts[i]) <= max && !text_blank(parts[i]));
        if (text_utf8(bytes_of(text)))
            assert(text_utf8(bytes_of(parts[i])));
        total += strlen(parts[i]);
    }
    assert(text_blank(text) == (count == 0));
    assert(total <= 4 * strlen(text) + 64);
    ctx_end(c);
    return 0;
}
