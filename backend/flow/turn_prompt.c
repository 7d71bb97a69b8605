/* See turn_prompt.h. */
#include "flow/turn_prompt.h"

#include <string.h>

#include "llm/words.h"

#define WINDOW_STEP 10
#define WRAPPING 4 /* tokens around each message, as llm_estimate_ask has it */

size_t turn_prompt_first(const struct message *items, size_t count)
{
    size_t first, bytes = 0;

    for (first = count; first > 0; first--) {
        bytes += strlen(items[first - 1].text);
        if (bytes > TURN_WINDOW_BYTES && first < count)
            break;
    }
    if (first == 0 && (count == 0 || items[0].seq == 1))
        return 0; /* the whole conversation */
    for (size_t i = first; i + 1 < count; i++)
        if ((items[i].seq - 1) % WINDOW_STEP == 0)
            return i;
    return first;
}

/* Which facts stand in the question, in their order: all, or those that fit the last message. */
static size_t pick_facts(struct ctx *c, const struct turn *t, bool *wanted)
{
    const struct llm_ask *ask = &t->ask;
    struct match best[PROMPT_FACTS];
    const struct words **texts;
    size_t bytes = 0, found;

    for (size_t i = 0; i < ask->fact_count; i++)
        bytes += strlen(ask->facts[i]);
    if (bytes <= PROMPT_FACTS_BYTES) {
        for (size_t i = 0; i < ask->fact_count; i++)
            wanted[i] = true;
        return ask->fact_count;
    }
    texts = arena_take(c->mem, ask->fact_count * sizeof(*texts));
    for (size_t i = 0; i < ask->fact_count; i++)
        texts[i] = words_of(c->mem, words_plain(c->mem, ask->facts[i]));

    const struct shelf shelf = words_shelf(texts, ask->fact_count);

    found = words_search(&shelf, words_of(c->mem, words_plain(c->mem, t->asked.text)), best,
                         COUNT_OF(best));
    for (size_t i = 0; i < found; i++)
        wanted[best[i].index] = true;
    return found;
}

/* "What you know", or nothing. */
static const char *knowledge(struct ctx *c, const struct turn *t, bool *all)
{
    bool *wanted = arena_take(c->mem, t->ask.fact_count + 1);
    struct buf b = buf_new(c->mem, KIB(64));
    size_t picked = pick_facts(c, t, wanted);

    *all = picked == t->ask.fact_count;
    if (picked > 0)
        buf_text(&b, *all ? "\n\nWhat you know:" : "\n\nOf what you know, this may matter now:");
    for (size_t i = 0; i < t->ask.fact_count; i++)
        if (wanted[i])
            buf_printf(&b, "\n- %s", t->ask.facts[i]);
    return buf_str(&b);
}

static int64_t message_tokens(const struct llm_ask *ask)
{
    int64_t sum = 0;

    for (size_t i = 0; i < ask->count; i++)
        sum += WRAPPING + llm_estimate_tokens(ask->messages[i].text);
    return sum;
}

/* Who asks stands behind the persona, so that it begins as it does for everybody else. */
static const char *persona_of(struct ctx *c, const struct turn *t)
{
    const char *persona = text_printf(c->mem, "You are %s, %s.\n\n%s", t->who.name, t->who.role,
                                      t->who.persona);

    return t->asker == NULL
               ? persona
               : text_printf(c->mem,
                             "%s\n\nNow %s, %s, asks you in order to answer somebody else. Say "
                             "what you know, briefly, and say so where you don't know.",
                             persona, t->asker->who.name, t->asker->who.role);
}

void turn_prompt(struct ctx *c, struct turn *t)
{
    const char *persona = persona_of(c, t);
    bool all;
    const char *facts = knowledge(c, t, &all);

    t->ask.system = text_printf(c->mem, "%s%s", persona, facts);
    /* With facts picked for this message the next question begins differently. */
    t->ask.stable_count = all ? t->ask.count : 0;
    t->ask.cache_key = t->asker == NULL ? t->in.conversation_id : t->who.id;
    t->prompt = (struct evidence_prompt){.persona = WRAPPING + llm_estimate_tokens(persona),
                                         .knowledge = llm_estimate_tokens(facts),
                                         .history = message_tokens(&t->ask)};
}
