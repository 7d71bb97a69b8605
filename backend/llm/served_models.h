/* The list of models in OpenAI's form; see served.h for the rest. */
#ifndef LLM_SERVED_MODELS_H
#define LLM_SERVED_MODELS_H

#include "llm/served.h"

#define SERVED_MODELS_PATH "/v1/models"

struct served_model {
    const char *id;    /* what a program names it by */
    const char *owner; /* who offers it: the provider's name */
    int64_t created;   /* seconds; 0 where nobody knows */
};

/* {"object": "list", "data": [...]} */
void served_models_write(const struct served_model *models, size_t count, struct buf *out);
/* One of them: the answer to /v1/models/ID. */
void served_model_write(const struct served_model *model, struct buf *out);

#endif
