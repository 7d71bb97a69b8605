/* Any Markdown into mrkdwn: no mention can come of it, and what was UTF-8 stays UTF-8. */
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "channels/mrkdwn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool starts_any(const char *at, const char *const *with, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strncasecmp(at, with[i], strlen(with[i])) == 0)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char *const links[] = {"<http://", "<https://", "<mailto:", "<tel:"};
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;"};
    struct ctx *c = ctx_new(MIB(256), NULL);
    const char *text = text_copy(c->mem, (const char *)data, len);
    const char *out;

    if (mrkdwn_of(c, text, &out) == OK) {
        assert(strlen(out) <= MRKDWN_MAX);
        if (text_utf8(bytes_of(text)))
            assert(text_utf8(bytes_of(out)));
        for (const char *at = out; *at != '\0'; at++) {
            assert(*at != '<' || starts_any(at, links, COUNT_OF(links)));
            assert(*at != '&' || starts_any(at, entities, COUNT_OF(entities)));
        }
    }
    ctx_end(c);
    return 0;
}
