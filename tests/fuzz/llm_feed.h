/*
 * One input for a provider's readers: its first byte chooses whole answer or stream, and the
 * status.
 */
#ifndef TESTS_FUZZ_LLM_FEED_H
#define TESTS_FUZZ_LLM_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "llm/llm.h"

/* Feeds the input and aborts when an answer or a fault breaks what llm.h promises. */
void llm_feed(const struct llm *llm, const uint8_t *data, size_t len);

#endif
