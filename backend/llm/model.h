/* What is known of single models: how much they read, how large they are, what they can do. */
#ifndef LLM_MODEL_H
#define LLM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum model_size { MODEL_SMALL, MODEL_USUAL, MODEL_LARGE, MODEL_EMBEDS };

enum model_can { MODEL_TOOLS = 1, MODEL_IMAGES = 2, MODEL_THINKS = 4 };

struct llm_model {
    const char *provider;
    const char *name;    /* ending in *: all that begin so */
    int64_t context;     /* tokens of question and answer together; 0: any number */
    int64_t answer_most; /* tokens of an answer; 0: any number */
    enum model_size size;
    unsigned can;
};

/* The row whose name fits best, or NULL: nothing is known of this model. */
const struct llm_model *llm_model_find(const char *provider, const char *model);

/*
 * How well a row's name fits this model: 0 when it is another model's, else more the longer it is.
 */
size_t llm_model_fits(const char *row_name, const char *model);

/*
 * False for what lists hold besides models that talk, by what stands in the name: those that embed,
 * paint, hear, speak or judge.
 */
bool llm_model_talks(const char *model);

/* All rows, in the order of models.def. */
const struct llm_model *llm_models(size_t *count);

#endif
