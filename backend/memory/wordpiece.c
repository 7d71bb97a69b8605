/* See wordpiece.h. */
#include "memory/wordpiece.h"

#include <string.h>

#include "base/shape.h"
#include "memory/unicode.h"

#define PIECES_MAX 65000 /* ids have 16 bits */
#define PIECE_MAX 100    /* bytes of one */
#define WORD_MAX 100     /* characters; a longer word is unknown */
#define SLOTS ((size_t)1 << 17)
#define NO_PIECE 0xffff

/* Texts that mean what they are called, wherever they stand. */
enum mark { MARK_PAD, MARK_UNKNOWN, MARK_BEGIN, MARK_END, MARK_MASK, MARKS };
static const char *const mark_texts[MARKS] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

struct piece {
    const char *text;
    unsigned char len;
    bool is_inner; /* not at the begin of a word */
};

struct wordpiece {
    struct piece *pieces; /* by id */
    uint16_t *slots;      /* ids by hash; NO_PIECE where none is */
    size_t count, longest;
    uint16_t marks[MARKS];
};

static size_t hash(const char *text, size_t len, bool is_inner)
{
    uint32_t h = is_inner ? 2166136261u : 40389u;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)text[i]) * 16777619u;
    return (h ^ h >> 15) & (SLOTS - 1);
}

static uint16_t find(const struct wordpiece *w, const char *text, size_t len, bool is_inner)
{
    for (size_t at = hash(text, len, is_inner); w->slots[at] != NO_PIECE;
         at = (at + 1) & (SLOTS - 1)) {
        const struct piece *p = &w->pieces[w->slots[at]];

        if (p->len == len && p->is_inner == is_inner && memcmp(p->text, text, len) == 0)
            return w->slots[at];
    }
    return NO_PIECE;
}

static rc_t broken(struct ctx *c, const char *what)
{
    return ctx_fail(c, E_INVALID, "wordpiece_broken", "the vocabulary can't be used: %s", what);
}

static rc_t add(struct ctx *c, struct arena *mem, struct wordpiece *w, const char *text, int64_t id)
{
    size_t len = strlen(text), at;
    bool is_inner = len > 2 && text_starts(text, "##");
    struct piece *p;

    if (id < 0 || (size_t)id >= w->count || w->pieces[id].text != NULL || len == 0 ||
        len > PIECE_MAX)
        return broken(c, "a piece with no possible number or length");
    p = &w->pieces[id];
    p->text = text_dup(mem, text + (is_inner ? 2 : 0));
    p->len = (unsigned char)(is_inner ? len - 2 : len);
    p->is_inner = is_inner;
    if (p->len > w->longest)
        w->longest = p->len;
    for (at = hash(p->text, p->len, is_inner); w->slots[at] != NO_PIECE;)
        at = (at + 1) & (SLOTS - 1);
    w->slots[at] = (uint16_t)id;
    return OK;
}

static rc_t fill(struct ctx *c, struct arena *mem, json_t *root, struct wordpiece *w)
{
    json_t *model = json_object_get(root, "model"), *vocab = json_object_get(model, "vocab"), *id;
    const char *text;

    if (!text_is(json_str(model, "type"), "WordPiece") ||
        !text_is(json_str(model, "continuing_subword_prefix"), "##"))
        return broken(c, "it is not for WordPiece");
    w->count = json_object_size(vocab);
    if (w->count == 0 || w->count > PIECES_MAX)
        return broken(c, "it has no pieces, or too many");
    w->pieces = arena_take(mem, w->count * sizeof(*w->pieces));
    w->slots = arena_take(mem, SLOTS * sizeof(*w->slots));
    memset(w->slots, 0xff, SLOTS * sizeof(*w->slots));
    json_object_foreach(vocab, text, id)
    {
        if (!json_is_integer(id))
            return broken(c, "a piece has no number");
        TRY(add(c, mem, w, text, json_integer_value(id)));
    }
    for (size_t i = 0; i < MARKS; i++) {
        w->marks[i] = find(w, mark_texts[i], strlen(mark_texts[i]), false);
        if (w->marks[i] == NO_PIECE)
            return broken(c, "a mark is missing");
    }
    return OK;
}

rc_t wordpiece_new(struct ctx *c, struct arena *mem, struct bytes json, struct wordpiece **out)
{
    json_t *root;

    *out = arena_take(mem, sizeof(**out));
    if (json_parse(c, json, &root) != OK) {
        ctx_forgive(c);
        return broken(c, "it is no JSON");
    }
    return fill(c, mem, root, *out);
}

size_t wordpiece_count(const struct wordpiece *w)
{
    return w->count;
}

/* A text while it is cut: the word so far, and the ids. */
struct cutter {
    const struct wordpiece *w;
    char word[4 * (WORD_MAX + UNICODE_FOLDED_MAX)];
    size_t len, chars;
    uint16_t *ids;
    size_t count, max;
};

static void give(struct cutter *k, uint16_t id)
{
    if (k->count + 1 < k->max) /* the last place is the end's */
        k->ids[k->count] = id;
    k->count++;
}

/* The longest piece at `from`; its end, or `from` when there is none. */
static size_t longest(const struct cutter *k, size_t from, uint16_t *id)
{
    size_t most = k->len - from, end;

    if (most > k->w->longest)
        most = k->w->longest;
    for (end = from + most; end > from; end--) {
        if (end < k->len && (k->word[end] & 0xc0) == 0x80)
            continue;
        *id = find(k->w, k->word + from, end - from, from > 0);
        if (*id != NO_PIECE)
            break;
    }
    return end;
}

/* A word is known as a whole or not at all. */
static void end_word(struct cutter *k)
{
    uint16_t found[WORD_MAX], id = NO_PIECE;
    size_t count = 0, from = 0;

    while (k->chars <= WORD_MAX && from < k->len) {
        size_t end = longest(k, from, &id);

        if (end == from)
            break;
        found[count++] = id;
        from = end;
    }
    if (from < k->len)
        give(k, k->w->marks[MARK_UNKNOWN]);
    else
        for (size_t i = 0; i < count; i++)
            give(k, found[i]);
    k->len = k->chars = 0;
}

static void add_char(struct cutter *k, uint32_t c)
{
    if (k->chars <= WORD_MAX)
        k->len += unicode_put(c, k->word + k->len);
    k->chars++;
}

/* A character as a word of its own. */
static void alone(struct cutter *k, uint32_t c)
{
    end_word(k);
    add_char(k, c);
    end_word(k);
}

static void take(struct cutter *k, uint32_t c)
{
    uint32_t folded[UNICODE_FOLDED_MAX];
    bool is_space = c == '\t' || c == '\n' || c == '\r';
    size_t count;

    if (c == 0xfffd || (!is_space && unicode_is_mute(c)))
        return;
    if (is_space || unicode_is_blank(c)) {
        end_word(k);
        return;
    }
    count = unicode_fold(c, folded);
    if (unicode_is_han(c))
        end_word(k);
    for (size_t i = 0; i < count; i++)
        if (unicode_is_sign(folded[i]))
            alone(k, folded[i]);
        else
            add_char(k, folded[i]);
    if (unicode_is_han(c))
        end_word(k);
}

/* Which mark the text begins with; MARKS: none. */
static size_t mark_at(struct bytes text)
{
    size_t i = 0;

    while (i < MARKS && (text.len < strlen(mark_texts[i]) ||
                         memcmp(text.data, mark_texts[i], strlen(mark_texts[i])) != 0))
        i++;
    return i;
}

size_t wordpiece_ids(const struct wordpiece *w, struct bytes text, uint16_t *ids, size_t max)
{
    struct cutter k = {.w = w, .ids = ids, .max = max};

    give(&k, w->marks[MARK_BEGIN]);
    for (size_t len; text.len > 0; text.data += len, text.len -= len) {
        size_t mark = text.data[0] == '[' ? mark_at(text) : MARKS;

        if (mark == MARKS) {
            take(&k, unicode_next(text, &len));
        } else {
            end_word(&k);
            give(&k, w->marks[mark]);
            len = strlen(mark_texts[mark]);
        }
    }
    end_word(&k);
    k.count++;
    ids[(k.count < max ? k.count : max) - 1] = w->marks[MARK_END];
    return k.count;
}
