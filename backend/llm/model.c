/* See model.h. */
#include "llm/model.h"

#include <string.h>

#include "base/text.h"

static const struct llm_model rows[] = {
#define MODEL(provider, name, context, answer, size, can) \
    {#provider, (name), (context), (answer), (size), (can)},
#include "llm/models.def"
#undef MODEL
};

size_t llm_model_fits(const char *row_name, const char *model)
{
    size_t length = strlen(row_name);

    if (text_is(row_name, model))
        return length + 2; /* a name is better than any beginning of it */
    if (length == 0 || row_name[length - 1] != '*')
        return 0;
    return strncmp(row_name, model, length - 1) == 0 ? length : 0;
}

const struct llm_model *llm_model_find(const char *provider, const char *model)
{
    const struct llm_model *best = NULL;
    size_t longest = 0;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t length = text_is(rows[i].provider, provider) ? llm_model_fits(rows[i].name, model)
                                                            : 0;

        if (length > longest) {
            longest = length;
            best = &rows[i];
        }
    }
    return best;
}

bool llm_model_talks(const char *model)
{
    static const char *const words[] = {"embed",      "whisper", "tts",      "dall-e",
                                        "image",      "audio",   "realtime", "moderation",
                                        "transcribe", "rerank",  "sora",     "babbage",
                                        "davinci",    "codex",   "research", "turbo-instruct"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcasestr(model, words[i]) != NULL)
            return false;
    return true;
}

const struct llm_model *llm_models(size_t *count)
{
    *count = COUNT_OF(rows);
    return rows;
}
