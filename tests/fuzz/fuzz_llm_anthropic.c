/* The readers of llm/anthropic.c: whole answers and streams. */
#include "llm_feed.h"

extern const struct llm llm_anthropic;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    llm_feed(&llm_anthropic, data, len);
    return 0;
}
