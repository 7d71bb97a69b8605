/*
 * The tokenizer of the built-in embedding model, with a vocabulary so small that most ways through
 * it are short: any text gives ids that there are, between the marks of begin and end, and the same
 * ones however few of them are wanted.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory/unicode.h"
#include "memory/wordpiece.h"

#define MOST 64

static const char vocabulary[] =
    "{\"model\":{\"type\":\"WordPiece\",\"continuing_subword_prefix\":\"##\",\"vocab\":{\"[PAD]\":"
    "0,"
    "\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"[MASK]\":4,\"a\":5,\"##a\":6,\"ab\":7,\"##b\":8,\"##"
    "bc\":9,"
    "\".\":10,\"\\u4e00\":11,\"\\u1112\":12,\"##\\u1161\":13,\"##\\u11ab\":14,\"e\":15,\"##e\":16,"
    "\"\\u03c3\":17,\"#\":18,\"[\":19,\"]\":20}}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool good)
{
    if (!good)
        abort();
}

static struct wordpiece *words(void)
{
    static struct ctx *c;
    static struct wordpiece *w;

    if (w == NULL) {
        c = ctx_new(MIB(16), NULL);
        must(wordpiece_new(c, c->mem, bytes_of(vocabulary), &w) == OK);
    }
    return w;
}

/* What is left of a character changes no more, and is written as it is read. */
static void check_folding(struct bytes text)
{
    for (size_t len; text.len > 0; text.data += len, text.len -= len) {
        uint32_t c = unicode_next(text, &len), folded[UNICODE_FOLDED_MAX],
                 again[UNICODE_FOLDED_MAX];
        size_t count = unicode_fold(c, folded);

        must(len >= 1 && len <= text.len && count <= UNICODE_FOLDED_MAX);
        for (size_t i = 0; i < count; i++) {
            char bytes[4];
            size_t wrote = unicode_put(folded[i], bytes), read;

            must(unicode_fold(folded[i], again) == 1 && again[0] == folded[i]);
            must(unicode_next((struct bytes){bytes, wrote}, &read) == folded[i]);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct bytes text = {(const char *)data, len};
    uint16_t ids[MOST], few[3];
    size_t count = wordpiece_ids(words(), text, ids, MOST), kept = count < MOST ? count : MOST;

    must(count >= 2 && ids[0] == 2 && ids[kept - 1] == 3);
    for (size_t i = 0; i < kept; i++)
        must(ids[i] < wordpiece_count(words()));
    must(wordpiece_ids(words(), text, few, 3) == count);
    must(few[0] == 2 && (count == 2 || few[1] == ids[1]));
    check_folding(text);
    return 0;
}
