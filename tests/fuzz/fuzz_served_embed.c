/* Requests for embeddings. */
#include "llm/served_embed.h"
#include "served_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ctx *c = ctx_new(MIB(64), NULL);
    struct served_embed asked;
    rc_t rc = served_embed_read(c, (struct bytes){(const char *)data, len}, &asked);

    if (rc != OK)
        served_feed_fault(c, rc);
    for (size_t i = 0; rc == OK && i < asked.count; i++)
        if (text_blank(asked.inputs[i]))
            __builtin_trap();
    ctx_end(c);
    return 0;
}
