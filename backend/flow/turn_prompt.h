/*
 * Of what a turn's question is made: what stays the same from message to message comes first, so
 * that providers' caches know it again, and what is not needed is left out.
 */
#ifndef FLOW_TURN_PROMPT_H
#define FLOW_TURN_PROMPT_H

#include "flow/turn_load.h"

/*
 * Facts of so many bytes together stand in every question; of more, only those that have something
 * to do with it.
 */
#define PROMPT_FACTS_BYTES KIB(2)
#define PROMPT_FACTS 12

/*
 * Fills in the system text and what caches need to know, from the facts and messages that the
 * question has already; and t->prompt, which says how many tokens each part takes.
 */
void turn_prompt(struct ctx *c, struct turn *t);

/*
 * The first of the newest messages that is looked back on: as many as fit, but their beginning
 * moves on in steps, so that most questions begin as the one before did.
 */
size_t turn_prompt_first(const struct message *items, size_t count);

#endif
