/*
 * What a tokenizer must know of Unicode: which characters are accents, punctuation or white space,
 * and what is left of one without accents in lower case. The table is unicode.def.
 */
#ifndef MEMORY_UNICODE_H
#define MEMORY_UNICODE_H

#include "base/text.h"

#define UNICODE_FOLDED_MAX 3

/*
 * The character that begins the text, which is not empty; *len is its length in bytes. What is no
 * UTF-8 counts as U+FFFD, one byte long.
 */
uint32_t unicode_next(struct bytes text, size_t *len);
/* The bytes of a character; gives how many (at most 4). */
size_t unicode_put(uint32_t c, char *out);

bool unicode_is_mark(uint32_t c);  /* has no width of its own: an accent */
bool unicode_is_sign(uint32_t c);  /* punctuation; of ASCII everything that is no letter or digit */
bool unicode_is_mute(uint32_t c);  /* control, format and private characters */
bool unicode_is_blank(uint32_t c); /* white space */
bool unicode_is_han(uint32_t c);   /* a character of Chinese writing, which has no blanks */

/* What is left of the character; gives how many characters that are, 0 for a mark. */
size_t unicode_fold(uint32_t c, uint32_t out[UNICODE_FOLDED_MAX]);

#endif
