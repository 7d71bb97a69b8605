/* The readers of llm/ollama.c: whole answers and streams. */
#include "llm_feed.h"

extern const struct llm llm_ollama;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    llm_feed(&llm_ollama, data, len);
    return 0;
}
