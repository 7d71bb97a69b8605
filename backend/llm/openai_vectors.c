/* Embeddings in OpenAI's manner: OpenAI, Azure, vLLM, LM Studio, gateways, an own endpoint. */
#include "llm/openai.h"
#include "llm/vectors.h"

static rc_t vectors_ask(struct ctx *c, const struct llm_account *account, const struct llm_ask *ask,
                        struct http_ask *out)
{
    enum openai_host host = openai_host(account);
    json_t *body = json_pack("{s:s}", "model", ask->model);

    TRY(vendor_body(c, body));
    TRY(vendor_put(c, body, "input", vectors_input(ask)));
    /* Base64 is a quarter of the bytes, and exact; others may not know it. */
    TRY(vendor_put(c, body, "encoding_format",
                   json_string(host == OPENAI_OWN || host == OPENAI_AZURE ? "base64" : "float")));
    if (ask->dimensions > 0)
        TRY(vendor_put(c, body, "dimensions", json_integer(ask->dimensions)));
    openai_post(c, account, ask->model, true, "/embeddings", body, out);
    return OK;
}

/* Where no index is named, the order is that of the texts. */
static rc_t vectors_of(struct ctx *c, const json_t *data, struct llm_answer *out)
{
    struct vectors_reading r;
    json_t *one;
    size_t i;

    TRY(vectors_begin(c, OPENAI, json_array_size(data), &r));
    json_array_foreach(data, i, one)
    {
        int64_t index = (int64_t)i;

        TRY(vendor_count(c, OPENAI, one, "index", &index));
        TRY(vectors_one(c, &r, (size_t)index, json_object_get(one, "embedding")));
    }
    return vectors_end(c, &r, out);
}

static rc_t vectors_answer(struct ctx *c, const struct http_answer *http, struct llm_answer *out)
{
    json_t *root, *data = NULL, *usage = NULL;

    *out = (struct llm_answer){.text = ""};
    if (http->status < 200 || http->status > 299)
        return vendor_refusal(c, OPENAI, http);
    TRY(vendor_json(c, OPENAI, http->body, &root));
    if (json_object_get(root, "error") != NULL)
        return vendor_refusal(c, OPENAI, http);
    TRY(vendor_list(c, OPENAI, root, "data", &data));
    TRY(vectors_of(c, data, out));
    TRY(vendor_text(c, OPENAI, root, "model", &out->model));
    TRY(vendor_object(c, OPENAI, root, "usage", &usage));
    TRY(vendor_count(c, OPENAI, usage, "prompt_tokens", &out->input_tokens));
    out->request_id = http->request_id;
    vendor_settle(out);
    return OK;
}

const struct llm openai_vectors = {
    .name = OPENAI,
    .default_url = OPENAI_HOME,
    .needs_key = true,
    .answer_max = LLM_VECTORS_MAX,
    .ask = vectors_ask,
    .answer = vectors_answer,
};
