/*
 * One request body for a served API: what is read can be asked, and what it holds can be answered.
 */
#ifndef TESTS_FUZZ_SERVED_FEED_H
#define TESTS_FUZZ_SERVED_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "llm/served.h"

/*
 * Feeds the body and aborts when a question or a fault breaks what served.h promises, or when what
 * an employee says in it, written as an answer, is not read by `reader` (our own side of the same
 * API) as the same.
 */
void served_feed(const struct served *served, const struct llm *reader, const uint8_t *data,
                 size_t len);
/* The fault that ended reading, as an error that is valid JSON. */
void served_feed_fault(struct ctx *c, rc_t rc);

#endif
