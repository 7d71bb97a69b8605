/* The readers of embeddings: llm/openai_vectors.c and llm/ollama_vectors.c. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "llm/ollama.h"
#include "llm/openai.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Whatever is taken for an answer is vectors of one length, of finite numbers. */
static void check(const struct llm_answer *a)
{
    if (a->vector_count == 0 || a->vector_count > LLM_TEXTS_MAX || a->dimensions == 0 ||
        a->dimensions > LLM_DIMENSIONS_MAX)
        abort();
    for (size_t i = 0; i < a->vector_count * a->dimensions; i++)
        if (!isfinite(a->vectors[i]))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ctx *c = ctx_new(MIB(128), NULL);
    struct llm_answer a;

    if (len > 0) {
        const struct llm *llm = data[0] % 2 == 0 ? &openai_vectors : &ollama_vectors;
        struct http_answer http = {.status = data[0] & 4 ? 400 : 200,
                                   .body = {(const char *)data + 1, len - 1}};
        rc_t rc = llm->answer(c, &http, &a);

        if (rc == OK)
            check(&a);
        else if (rc != E_UPSTREAM || c->fault.rc != rc)
            abort();
    }
    ctx_end(c);
    return 0;
}
