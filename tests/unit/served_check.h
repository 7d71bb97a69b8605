/*
 * Judges one of the served APIs by our own side of the same API: what it reads must become the
 * recorded question again, and what it writes must be read as the answer that was given to it.
 */
#ifndef TESTS_UNIT_SERVED_CHECK_H
#define TESTS_UNIT_SERVED_CHECK_H

#include "llm/served.h"

/* Every question of tests/unit/recordings/asks/FOLDER goes in and comes out of `llm` the same. */
void served_check_asks(const struct served *served, const struct llm *llm, const char *folder);

/* Every recorded answer of every provider, whole and as a stream in pieces, is read by `llm`. */
void served_check_answers(const struct served *served, const struct llm *llm);

/* A body that must be refused, and what is said of it. */
struct served_refused {
    const char *body, *code, *param; /* param NULL: none is named */
};
void served_check_refused(const struct served *served, const struct served_refused *rows,
                          size_t count);

/* Reads a body that must be good. */
struct served_ask served_good(struct ctx *c, const struct served *served, const char *body);

/* A talk about an answer to `asked`. */
struct served_talk served_talk_of(struct ctx *c, const struct served_ask *asked);

#endif
