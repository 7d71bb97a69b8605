/*
 * Feeds recorded and hand-made answers of providers to their readers, and compares what comes out.
 */
#ifndef TESTS_UNIT_LLM_READING_H
#define TESTS_UNIT_LLM_READING_H

#include "llm/llm.h"

/* A whole answer and what must come of it: a text, or the code of a fault. */
struct llm_whole {
    const char *about;
    int status;
    const char *body;
    const char *code; /* NULL: it is good */
    const char *text, *model;
    enum llm_stop stop;
    int64_t input, cached, output;
};

/* The rest of a row whose answer must be this fault. */
#define WHOLE_FAULT(code) code, NULL, NULL, LLM_STOP_END, 0, 0, 0
#define FLOW_FAULT(code) WHOLE_FAULT(code), false

void llm_check_wholes(const struct llm *llm, const struct llm_whole *rows, size_t count);

/* A stream as it comes over the line; `ended` is false when it must count as torn. */
struct llm_flow {
    const char *about;
    const char *bytes;
    const char *code;
    const char *text, *model;
    enum llm_stop stop;
    int64_t input, cached, output;
    bool torn;
};

void llm_check_flows(const struct llm *llm, const struct llm_flow *rows, size_t count);

/*
 * Every body that no provider may get past its reader: not JSON, wrong types at each known place,
 * too deep, too long.
 */
void llm_check_nonsense(const struct llm *llm);

/*
 * Every beginning of a good answer is a fault, never a crash nor an answer; of a stream, torn or a
 * fault.
 */
void llm_check_truncated(const struct llm *llm, const char *whole, const char *flow);

#endif
