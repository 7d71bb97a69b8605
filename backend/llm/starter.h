/* What the parts of the starter brain share: one turn in the making, and its small talk. */
#ifndef LLM_STARTER_H
#define LLM_STARTER_H

#include "llm/llm.h"
#include "llm/words.h"

/* What a turn is about; everything lives in the turn's arena. */
struct turn {
    struct ctx *c;
    const struct llm_ask *ask;
    const char *name;
    size_t last;        /* index of the message to answer */
    const char *plain;  /* that message, see words_plain */
    struct words *asks; /* its words without names and greetings */
    bool greeted;
    struct buf out;
};

/* How a real model is connected; said once in a conversation. */
extern const char starter_connecting[];

/*
 * Answers greetings' company: names, thanks, goodbyes, questions about the employee and about what
 * was said.
 */
bool starter_small_talk(struct turn *t);

/*
 * Adds to the answer: who is speaking; one fact as a sentence; some facts as a list; someone's
 * words.
 */
void starter_say_role(struct turn *t);
void starter_say_fact(struct turn *t, const char *fact);
void starter_say_examples(struct turn *t, size_t count);
void starter_quote(struct turn *t, const char *lead, const char *text);

#endif
