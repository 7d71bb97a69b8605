/* See served.h: the table of APIs, refusals in OpenAI's form, and the writing of JSON. */
#include "llm/served_parts.h"

#include <stdio.h>
#include <string.h>

static const struct served *const all[] = {&served_chat, &served_responses};

const struct served *served_find(const char *path)
{
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (text_is(all[i]->path, path))
            return all[i];
    return NULL;
}

void served_string(struct buf *out, const char *text)
{
    if (text == NULL) {
        buf_text(out, "null");
        return;
    }
    buf_char(out, '"');
    buf_json(out, bytes_of(text));
    buf_char(out, '"');
}

/* White space at the ends is no difference: the pool trims answers. */
const char *served_only_refusal(const struct llm_answer *answer)
{
    const char *refusal = answer->refusal;
    size_t skip, len = strlen(answer->text);

    if (refusal == NULL)
        return NULL;
    skip = strspn(refusal, " \t\r\n\f\v");
    return len == 0 || (strncmp(refusal + skip, answer->text, len) == 0 &&
                        text_blank(refusal + skip + len))
               ? refusal
               : NULL;
}
