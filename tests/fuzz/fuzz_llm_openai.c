/* The readers of llm/openai.c: whole answers and streams. */
#include "llm_feed.h"

extern const struct llm llm_openai;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    llm_feed(&llm_openai, data, len);
    return 0;
}
