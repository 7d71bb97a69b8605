/*
 * WordPiece, as BERT's uncased models want it: text without accents, in lower case, cut at blanks
 * and punctuation, each word into the longest pieces that the vocabulary holds. Chinese characters
 * are words of their own. The result equals that of the tokenizer that the models come with.
 */
#ifndef MEMORY_WORDPIECE_H
#define MEMORY_WORDPIECE_H

#include "base/ctx.h"

struct wordpiece;

/*
 * Reads a vocabulary: the content of a tokenizer.json. E_INVALID wordpiece_broken when it is none
 * of this kind. Lives in `mem`.
 */
rc_t wordpiece_new(struct ctx *c, struct arena *mem, struct bytes json, struct wordpiece **out)
    MUST;

size_t wordpiece_count(const struct wordpiece *w); /* of its pieces; their ids are below it */

/*
 * The ids of the text, with those that mark its begin and end. At most `max` (2 or more) are
 * written, the end's among them; gives how many the whole text has.
 */
size_t wordpiece_ids(const struct wordpiece *w, struct bytes text, uint16_t *ids, size_t max);

#endif
