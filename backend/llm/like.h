/*
 * Pieces of a stream that are those before them with another text: nearly all are. What surrounds
 * the text was read once as JSON, so of the next one only the text is looked at, and that what
 * differs without a meaning (padding, the time, a running number) is of the same kind. Whatever
 * could make a difference, and what JSON does not allow, is left to the provider's reader. Pure.
 */
#ifndef LLM_LIKE_H
#define LLM_LIKE_H

#include <jansson.h>

#include "base/text.h"

#define LIKE_HOLES_MAX 3

struct like_hole {
    size_t at; /* so many of the fixed bytes stand before it */
    bool is_number;
};

/* What pieces have in common: bytes that are the same in each, and between them what differs. */
struct like {
    struct buf fixed;
    struct like_hole holes[LIKE_HOLES_MAX];
    size_t count, text; /* of the holes, 0: nothing was learned; and which of them is the text */
};

struct like like_new(struct arena *mem);

/*
 * Learns from a piece that was read as JSON and says nothing but the text of this key: reading it
 * again with another text would change nothing else. The values of the keys in `varying` (ended by
 * NULL) mean nothing, wherever they stand. Learns nothing new where this is not plain to see.
 */
void like_learn(struct like *l, struct bytes data, const char *text_key,
                const char *const *varying);

/*
 * True when the piece is the one that was learned but for its text, which is then `text`: a part of
 * the data, or where it was escaped, of the arena.
 */
bool like_read(const struct like *l, struct arena *mem, struct bytes data, struct bytes *text);

/* For who decides what to learn: all members are null but those that `but` names, with blanks. */
bool like_only(const json_t *object, const char *but);

#endif
