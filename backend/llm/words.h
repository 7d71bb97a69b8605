/*
 * English words for the starter brain: plain lower-case text, word stems, and how well a text fits
 * a question.
 */
#ifndef LLM_WORDS_H
#define LLM_WORDS_H

#include "base/text.h"

#define WORDS_MAX 256 /* words looked at in one text; what follows is ignored */

/*
 * The text in lower case with single blanks between its words and one at either end, without signs;
 * contractions are written out ("what's" is " what is "). Phrases can be searched in it with their
 * blanks: " who are you ".
 */
const char *words_plain(struct arena *mem, const char *text);

/* The words that carry meaning, as stems; synonyms share one stem. */
struct words {
    const char *items[WORDS_MAX];
    size_t count;
};
struct words *words_of(struct arena *mem, const char *plain);

bool words_have(const struct words *w, const char *stem);
/* Takes out every word of `plain`: names, greetings. */
void words_drop(struct words *w, const struct words *out);

/* A set of texts to search in. */
struct shelf {
    const struct words **texts;
    size_t count;
    double mean_length;
};
struct shelf words_shelf(const struct words **texts, size_t count);

struct match {
    size_t index;
    double score;    /* BM25 */
    double coverage; /* share of the question's weight that the text holds: 0 to 1 */
};

/*
 * The best texts for the question, best first, at most `room`; answers how many hold any word of
 * it.
 */
size_t words_search(const struct shelf *shelf, const struct words *question, struct match *best,
                    size_t room);

#endif
