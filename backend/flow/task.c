/* See task.h. */
#include "flow/task.h"

#include <string.h>

#include "base/text.h"
#include "llm/words.h"

#define SMALL_TALK_BYTES 80
#define LOOK_BYTES 300 /* at either end of a message */

static const struct row {
    const char *name, *words;
    enum model_size size;
} rows[] = {
#define TASK(id, name, size, words) {name, " " words " ", size},
#include "flow/tasks.def"
#undef TASK
};

const char *task_name(enum task task)
{
    return rows[task].name;
}

enum model_size task_size(enum task task)
{
    return rows[task].size;
}

bool task_find(const char *name, enum task *out)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (text_is(rows[i].name, name)) {
            *out = (enum task)i;
            return true;
        }
    return false;
}

static bool is_small_talk(struct ctx *c, const char *text)
{
    static const char polite[] = " hi hello hey hallo moin servus bonjour salut hola ciao good "
                                 "morning afternoon evening guten tag morgen abend thanks thank "
                                 "you danke merci gracias grazie bye goodbye tschuess ok okay ";
    struct words *left;

    if (strlen(text) > SMALL_TALK_BYTES)
        return false;
    left = words_of(c->mem, words_plain(c->mem, text));
    words_drop(left, words_of(c->mem, polite));
    return left->count == 0;
}

static const char *ends_of(struct ctx *c, const char *text)
{
    size_t length = strlen(text);

    if (length <= (size_t)2 * LOOK_BYTES)
        return text;
    return text_printf(c->mem, "%.*s %s", LOOK_BYTES, text, text + length - LOOK_BYTES);
}

static bool any_of(const struct words *said, const struct words *telling)
{
    for (size_t i = 0; i < telling->count; i++)
        if (words_have(said, telling->items[i]))
            return true;
    return false;
}

enum task task_guess(struct ctx *c, const char *text)
{
    const struct words *said;

    if (is_small_talk(c, text))
        return TASK_SMALL_TALK;
    said = words_of(c->mem, words_plain(c->mem, ends_of(c, text)));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (any_of(said, words_of(c->mem, rows[i].words)))
            return (enum task)i;
    return TASK_CHAT;
}
