/*
 * The starter brain: any conversation, one message a line; "f" before a fact, "e" before the
 * employee's words.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "llm/llm.h"

#define LINES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void answer(struct ctx *c, const struct llm_ask *ask)
{
    struct llm_answer a;
    rc_t rc = llm_find("starter")->local(c, ask, &a);

    if (rc == OK ? text_blank(a.text) || !text_utf8(bytes_of(a.text))
                 : !text_is(c->fault.code, "llm_no_message"))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes all = {(const char *)data, len};
    struct ctx *c = ctx_new(MIB(256), NULL);
    struct llm_message messages[LINES_MAX];
    const char *facts[LINES_MAX];
    struct llm_ask ask = {
        .name = "Mara", .role = "Support", .messages = messages, .facts = facts, .max_tokens = 100};

    /* flow/ lets nothing else through. */
    for (size_t at = 0;
         text_utf8(all) && at < len && ask.count < LINES_MAX && ask.fact_count < LINES_MAX;) {
        const char *line = all.data + at, *end = memchr(line, '\n', len - at);
        size_t size = end == NULL ? len - at : (size_t)(end - line);
        const char *text = text_copy(c->mem, line, size);

        if (text[0] == 'f')
            facts[ask.fact_count++] = text + 1;
        else
            messages[ask.count++] = (struct llm_message){.author = text[0] == 'e' ? LLM_EMPLOYEE
                                                                                  : LLM_PERSON,
                                                         .text = text[0] == 'e' ? text + 1 : text};
        at += size + 1;
    }
    answer(c, &ask);
    ctx_end(c);
    return 0;
}
