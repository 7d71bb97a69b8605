/* The readers of llm/responses_read.c: whole answers and streams. */
#include "llm_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct llm_account account = {.api = LLM_API_RESPONSES};

    llm_feed(llm_speaking(llm_find("openai"), &account), data, len);
    return 0;
}
