/* What the two APIs in OpenAI's manner share: chat completions and Responses. */
#ifndef LLM_OPENAI_H
#define LLM_OPENAI_H

#include "llm/gather.h"
#include "llm/vendor.h"

#define OPENAI "openai"
#define OPENAI_HOME "https://api.openai.com/v1"

/* Whose server stands at an address, where that decides what may be said to it. */
enum openai_host { OPENAI_OWN, OPENAI_AZURE, OPENAI_OPENROUTER, OPENAI_LIKE };
enum openai_host openai_host(const struct llm_account *account);

/*
 * A POST of the body to `path` ("/chat/completions", "/responses") with the account's key. Azure's
 * dated API has the model in its address, where `by_deployment`.
 */
void openai_post(struct ctx *c, const struct llm_account *account, const char *model,
                 bool by_deployment, const char *path, json_t *body, struct http_ask *out);

/* What the account offers. Azure lists what it could deploy, and not what is deployed: no names. */
rc_t openai_list(struct ctx *c, const struct llm_account *account, struct http_ask *out) MUST;
rc_t openai_listed(struct ctx *c, const struct llm_account *account, const struct http_answer *http,
                   const char **names) MUST;

/*
 * Models that think before they speak, by OpenAI's names for them (before a "/" may stand who
 * offers it). They refuse temperature, top_p and texts to stop at.
 */
bool openai_thinks(const char *model);
/* The word for an effort, or NULL when nothing is to be said; no model is asked for less than it
 * can. */
const char *openai_effort(const struct llm_ask *ask);

/* Temperature and top_p, for models that take them. */
rc_t openai_sampling(struct ctx *c, const struct llm_ask *ask, json_t *body) MUST;

/* The text of a result, marked where the tool failed: these APIs have no other word for it. */
const char *openai_result(struct arena *mem, const struct llm_part *result);

/* openai_ask.c and openai_read.c: chat completions. */
rc_t openai_ask(struct ctx *c, const struct llm_account *account, const struct llm_ask *ask,
                struct http_ask *out) MUST;
rc_t openai_answer(struct ctx *c, const struct http_answer *http, struct llm_answer *out) MUST;
rc_t openai_event(struct ctx *c, struct bytes event, struct bytes data, struct llm_stream *stream)
    MUST;

/* responses_ask.c and responses_read.c. */
rc_t responses_ask(struct ctx *c, const struct llm_account *account, const struct llm_ask *ask,
                   struct http_ask *out) MUST;
rc_t responses_answer(struct ctx *c, const struct http_answer *http, struct llm_answer *out) MUST;
rc_t responses_event(struct ctx *c, struct bytes event, struct bytes data,
                     struct llm_stream *stream) MUST;

/* openai_vectors.c: embeddings. */
extern const struct llm openai_vectors;

/* The marks of blocks that only the one or the other API understands. */
#define OPENAI_CHAT_OWNER "openai.chat"
#define OPENAI_RESPONSES_OWNER "openai.responses"

#endif
