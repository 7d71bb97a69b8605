/* See words.h. */
#include "llm/words.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORD_LEN_MAX 40
#define PLAIN_MAX KIB(8) /* a longer message is searched in its first part */

/* Endings behind an apostrophe, and the words they stand for. */
static const char *expanded(const char *ending)
{
    static const char *const rows[][2] = {{"s", "is"},    {"m", "am"},    {"re", "are"},
                                          {"ve", "have"}, {"ll", "will"}, {"d", "would"},
                                          {"t", "not"}};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(ending, rows[i][0]) == 0)
            return rows[i][1];
    return NULL;
}

/* "dont" keeps its n with the verb: "don't" is "do not", "can't" is "can not". */
static void add_word(struct buf *b, char *word, size_t len)
{
    char *mark = memchr(word, '\'', len);
    const char *more = NULL;

    word[len] = '\0';
    if (mark != NULL) {
        *mark = '\0';
        more = expanded(mark + 1);
        if (more != NULL && strcmp(more, "not") == 0 && mark > word && mark[-1] == 'n' &&
            strcmp(word, "can") != 0)
            mark[-1] = '\0';
    }
    if (word[0] != '\0') {
        buf_text(b, word);
        buf_char(b, ' ');
    }
    if (more != NULL) {
        buf_text(b, more);
        buf_char(b, ' ');
    }
}

const char *words_plain(struct arena *mem, const char *text)
{
    struct buf b = buf_new(mem, PLAIN_MAX * 2);
    char word[WORD_LEN_MAX + 1];
    size_t len = 0, length = strlen(text);

    buf_char(&b, ' ');
    length = text_cut(text, length, PLAIN_MAX);
    for (size_t i = 0; i <= length; i++) {
        unsigned char ch = i < length ? (unsigned char)text[i] : ' ';

        if (i + 2 < length && memcmp(text + i, "\xe2\x80\x99", 3) == 0) {
            ch = '\''; /* the typographic apostrophe */
            i += 2;
        }
        if (isalnum(ch) || ch >= 0x80 || (ch == '\'' && len > 0)) {
            if (len < WORD_LEN_MAX)
                word[len++] = (char)(ch < 0x80 ? tolower(ch) : ch);
        } else if (len > 0) {
            add_word(&b, word, len);
            len = 0;
        }
    }
    return buf_str(&b);
}

static bool listed(const char *const *list, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], word) == 0)
            return true;
    return false;
}

static bool is_stop(const char *word)
{
    static const char *const stops[] = {
        "a",        "about",   "also",      "am",       "an",   "and",    "any",      "are",
        "as",       "at",      "be",        "been",     "but",  "by",     "can",      "could",
        "did",      "do",      "does",      "for",      "from", "get",    "give",     "got",
        "had",      "has",     "have",      "he",       "her",  "here",   "him",      "his",
        "how",      "i",       "if",        "in",       "into", "is",     "it",       "its",
        "just",     "know",    "let",       "like",     "many", "may",    "me",       "might",
        "mine",     "more",    "most",      "much",     "must", "my",     "need",     "no",
        "not",      "of",      "on",        "one",      "or",   "our",    "out",      "please",
        "say",      "shall",   "she",       "should",   "so",   "some",   "tell",     "than",
        "that",     "the",     "their",     "them",     "then", "there",  "these",    "they",
        "thing",    "this",    "those",     "to",       "too",  "up",     "us",       "very",
        "want",     "was",     "we",        "were",     "what", "when",   "which",    "while",
        "who",      "whom",    "whose",     "why",      "will", "with",   "would",    "yes",
        "you",      "your",    "yours",     "ok",       "okay", "really", "actually", "maybe",
        "possible", "exactly", "something", "anything", "per",  "use",    "used",     "using",
    };

    return listed(stops, COUNT_OF(stops), word);
}

static bool ends(const char *word, size_t len, const char *with)
{
    size_t n = strlen(with);

    return len >= n && memcmp(word + len - n, with, n) == 0;
}

/*
 * Cuts common endings, so that "opening", "opens" and "opened" meet. It need not be a word that
 * exists.
 */
static void stem(char *word)
{
    static const char *const endings[] = {"ingly", "edly", "ing", "ed", "ly"};
    size_t len = strlen(word);

    if (ends(word, len, "ies") && len > 4) {
        len -= 2; /* companies: compani, and so is company below */
    } else if (len > 3 && ends(word, len, "s") && !ends(word, len, "ss") &&
               !ends(word, len, "us")) {
        len--;
        if (len > 4 && (ends(word, len, "xe") || ends(word, len, "che") || ends(word, len, "she") ||
                        ends(word, len, "sse")))
            len--;
        if (len == 3 && ends(word, len, "oe")) /* goes, does */
            len--;
    }
    for (size_t i = 0; i < COUNT_OF(endings); i++)
        if (len > strlen(endings[i]) + 2 && ends(word, len, endings[i])) {
            len -= strlen(endings[i]);
            if (word[len - 1] == word[len - 2] && strchr("lsz", word[len - 1]) == NULL)
                len--; /* shipping: ship */
            break;
        }
    if (len > 3 && word[len - 1] == 'e')
        len--;
    if (len > 3 && word[len - 1] == 'y')
        word[len - 1] = 'i';
    word[len] = '\0';
}

/*
 * Words that mean the same to a person who asks. Each row: the shared stem, then the stems (see
 * stem) that become it.
 */
static const char *synonym(const char *word)
{
    static const char *const rows[][12] = {
        {"cost", "pric", "fee", "charg", "expensiv", "cheap", "pay", "payment", "euro", "dollar"},
        {"open", "hour", "clos", "closur", "availabl"},
        {"mail", "email"},
        {"call", "phon", "telephon", "ring", "hotlin"},
        {"where", "wher", "locat", "location", "address", "situat", "plac", "find", "found"},
        {"refund", "return", "reimburs"},
        {"cancel", "cancell", "cancellation", "terminat", "quit"},
        {"ship", "deliver", "deliveri", "shipment", "dispatch", "send", "sent"},
        {"problem", "issu", "bug", "error", "fault", "broken"},
        {"human", "person", "peopl", "somebodi", "someon"},
        {"employe", "staff", "worker", "colleagu"},
        {"privaci", "privat", "gdpr"},
        {"buy", "purchas", "order", "bought"},
        {"start", "begin", "setup", "install", "installation"},
        {"secur", "securiti", "saf", "safeti"},
        {"connect", "connection", "link", "integrat", "integration"},
        {"languag", "speak", "spoken"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (size_t k = 1; k < COUNT_OF(rows[i]) && rows[i][k] != NULL; k++)
            if (strcmp(word, rows[i][k]) == 0)
                return rows[i][0];
    return word;
}

struct words *words_of(struct arena *mem, const char *plain)
{
    struct words *w = arena_take(mem, sizeof(*w));
    const char *at = plain;

    while (w->count < WORDS_MAX && *(at += strspn(at, " ")) != '\0') {
        size_t len = strcspn(at, " ");
        char *word = text_copy(mem, at, len);

        at += len;
        if (is_stop(word) || (len == 1 && !isdigit((unsigned char)word[0])))
            continue;
        stem(word);

        const char *meaning = synonym(word);

        if (!words_have(w, meaning))
            w->items[w->count++] = meaning;
    }
    return w;
}

bool words_have(const struct words *w, const char *stem_text)
{
    return listed(w->items, w->count, stem_text);
}

void words_drop(struct words *w, const struct words *out)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->count; i++)
        if (!words_have(out, w->items[i]))
            w->items[kept++] = w->items[i];
    w->count = kept;
}

struct shelf words_shelf(const struct words **texts, size_t count)
{
    struct shelf shelf = {.texts = texts, .count = count, .mean_length = 1};
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += texts[i]->count;
    if (sum > 0)
        shelf.mean_length = (double)sum / (double)count;
    return shelf;
}

/* How much a word tells: much when few texts hold it. Never below zero. */
static double weight(const struct shelf *shelf, const char *word)
{
    double holding = 0, all = (double)shelf->count;

    for (size_t i = 0; i < shelf->count; i++)
        if (words_have(shelf->texts[i], word))
            holding += 1;
    /* "Where" may be answered by a text that names a place without calling it one. */
    if (holding < 1 && strcmp(word, "where") == 0)
        return 0;
    return log(1 + (all - holding + 0.5) / (holding + 0.5));
}

/*
 * BM25 with each word counted once a text: facts are one sentence, and words_of keeps a word once.
 * A text that begins with a word of the question is rather about it: "What is Konstruct?",
 * "Konstruct is ...".
 */
static struct match judge(const struct shelf *shelf, size_t index, const struct words *question,
                          const double *weights, double whole)
{
    const double k1 = 1.2, b = 0.5;
    const struct words *text = shelf->texts[index];
    double length = (double)text->count / shelf->mean_length, held = 0;

    for (size_t i = 0; i < question->count; i++)
        if (words_have(text, question->items[i]))
            held += weights[i];

    bool about = text->count > 0 && words_have(question, text->items[0]);

    return (struct match){.index = index,
                          .score = held * (about ? 1.3 : 1) * (k1 + 1) /
                                   (1 + k1 * (1 - b + b * length)),
                          .coverage = whole > 0 ? held / whole : 0};
}

size_t words_search(const struct shelf *shelf, const struct words *question, struct match *best,
                    size_t room)
{
    double weights[WORDS_MAX], whole = 0;
    size_t found = 0;

    for (size_t i = 0; i < question->count; i++)
        whole += weights[i] = weight(shelf, question->items[i]);
    for (size_t i = 0; i < shelf->count; i++) {
        struct match m = judge(shelf, i, question, weights, whole);
        size_t at = found;

        if (m.score <= 0)
            continue;
        while (at > 0 && best[at - 1].score < m.score)
            at--;
        if (at >= room)
            continue;
        if (found < room)
            found++;
        memmove(best + at + 1, best + at, (found - at - 1) * sizeof(*best));
        best[at] = m;
    }
    return found;
}
