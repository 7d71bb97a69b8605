/*
 * Questions of every kind, for the request that each API makes of them. What it must be stands in
 * tests/unit/recordings/asks/API/NAME.json.
 */
#ifndef TESTS_UNIT_LLM_ASKS_H
#define TESTS_UNIT_LLM_ASKS_H

#include "llm/llm.h"

struct llm_asked {
    const char *name;
    struct llm_ask ask; /* without its model */
};

extern const struct llm_asked llm_asks[];
extern const size_t llm_ask_count;

/* A model of each API that takes all of it, by the folder's name. */
const char *llm_asked_model(const char *api);

#endif
