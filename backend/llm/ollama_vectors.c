/* Embeddings by Ollama's own API. */
#include "llm/ollama.h"
#include "llm/vectors.h"
#include "llm/vendor.h"

static rc_t vectors_ask(struct ctx *c, const struct llm_account *account, const struct llm_ask *ask,
                        struct http_ask *out)
{
    const char *base = text_blank(account->base_url) ? OLLAMA_HOME : account->base_url;
    /* Left alone, it drops the end of a text that is too long, without a word. */
    json_t *body = json_pack("{s:s, s:b}", "model", ask->model, "truncate", 0);

    TRY(vendor_body(c, body));
    TRY(vendor_put(c, body, "input", vectors_input(ask)));
    if (ask->dimensions > 0)
        TRY(vendor_put(c, body, "dimensions", json_integer(ask->dimensions)));
    vendor_post(c, vendor_url(c, base, "/api", true, "/embed"), body, out);
    if (account->key != NULL)
        http_header_add(out, "Authorization", text_printf(c->mem, "Bearer %s", account->key));
    return OK;
}

static rc_t vectors_answer(struct ctx *c, const struct http_answer *http, struct llm_answer *out)
{
    struct vectors_reading r;
    json_t *root, *list = NULL, *one;
    size_t i;

    *out = (struct llm_answer){.text = ""};
    if (http->status < 200 || http->status > 299)
        return vendor_refusal(c, OLLAMA, http);
    TRY(vendor_json(c, OLLAMA, http->body, &root));
    if (json_object_get(root, "error") != NULL)
        return vendor_refusal(c, OLLAMA, http);
    TRY(vendor_list(c, OLLAMA, root, "embeddings", &list));
    TRY(vectors_begin(c, OLLAMA, json_array_size(list), &r));
    json_array_foreach(list, i, one) TRY(vectors_one(c, &r, i, one));
    TRY(vectors_end(c, &r, out));
    TRY(vendor_text(c, OLLAMA, root, "model", &out->model));
    TRY(vendor_count(c, OLLAMA, root, "prompt_eval_count", &out->input_tokens));
    out->request_id = http->request_id;
    vendor_settle(out);
    return OK;
}

const struct llm ollama_vectors = {
    .name = OLLAMA,
    .default_url = OLLAMA_HOME,
    .answer_max = LLM_VECTORS_MAX,
    .ask = vectors_ask,
    .answer = vectors_answer,
};
