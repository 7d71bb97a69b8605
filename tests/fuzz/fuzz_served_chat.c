/* Bodies for served_chat, and what is written of them. */
#include "served_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct llm_account account = {.api = LLM_API_USUAL};

    served_feed(&served_chat, llm_speaking(llm_find("openai"), &account), data, len);
    return 0;
}
