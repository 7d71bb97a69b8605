/*
 * A conversation in the order that providers insist on: the results of tool calls come before all
 * else that the person says after them, blank texts are left out, and so are blocks that another
 * API made.
 */
#ifndef LLM_TURNS_H
#define LLM_TURNS_H

#include "llm/llm.h"

struct llm_turn {
    enum llm_author author;
    const struct llm_part **parts;
    size_t count;
    bool stable; /* stands wholly in what will be asked again word for word */
};

/*
 * The turns; with `merge` the messages of one author in a row are one. `owner` is the API whose
 * blocks stay. E_INVALID llm_no_message when nothing is left.
 */
rc_t turns_of(struct ctx *c, const struct llm_ask *ask, const char *owner, bool merge,
              struct llm_turn **out, size_t *count) MUST;

/* How many parts of this kind the turn has. */
size_t turn_has(const struct llm_turn *turn, enum llm_kind kind);
/* Its texts with blank lines between; "" for none. */
const char *turn_text(struct arena *mem, const struct llm_turn *turn);
/* Whether all of it is text. */
bool turn_is_text(const struct llm_turn *turn);
/* The tool of the call with this id; "" when there is none. */
const char *turns_tool_of(const struct llm_turn *turns, size_t count, const char *call_id);

#endif
