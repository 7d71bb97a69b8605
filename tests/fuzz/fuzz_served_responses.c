/* Bodies for served_responses, and what is written of them. */
#include "served_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct llm_account account = {.api = LLM_API_RESPONSES};

    served_feed(&served_responses, llm_speaking(llm_find("openai"), &account), data, len);
    return 0;
}
