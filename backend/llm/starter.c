/*
 * The brain that needs no account. It answers only from the employee's role, the conversation and
 * the facts it was given, and says so. The same question in the same conversation always gets the
 * same answer.
 */
#include "llm/starter.h"

#include <string.h>

#include "llm/vendor.h"

#define NAME "starter"
#define TEXTS_MAX 500 /* facts and earlier messages that are searched; the last ones win */
#define SURE 0.6      /* from this share of the question's weight on a fact is the answer */
#define NEAR 0.3      /* from this on it is offered as the closest thing known */

static bool has(const char *plain, const char *phrase)
{
    return strstr(plain, phrase) != NULL;
}

static bool is_question(const char *text, const char *plain)
{
    static const char *const starts[] = {
        " who ",    " what ",    " when ",        " where ",  " why ",   " how ",  " which ",
        " can ",    " could ",   " do ",          " does ",   " did ",   " is ",   " are ",
        " will ",   " would ",   " may ",         " should ", " whose ", " tell ", " please ",
        " show ",   " explain ", " write ",       " give ",   " send ",  " make ", " help ",
        " i want ", " i need ",  " i would like "};

    if (strchr(text, '?') != NULL)
        return true;
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        if (text_starts(plain, starts[i]))
            return true;
    return false;
}

/*
 * A text that may hold the answer: a fact, or what the person said earlier (then `said` is true).
 */
struct source {
    const char *text;
    bool said;
};

static size_t sources(const struct turn *t, struct source list[TEXTS_MAX])
{
    size_t count = 0,
           first = t->ask->fact_count > TEXTS_MAX / 2 ? t->ask->fact_count - TEXTS_MAX / 2 : 0;

    for (size_t i = first; i < t->ask->fact_count; i++)
        if (!text_blank(t->ask->facts[i]))
            list[count++] = (struct source){t->ask->facts[i], false};
    for (size_t i = t->last; i-- > 0 && count < TEXTS_MAX;) {
        const struct llm_message *m = &t->ask->messages[i];

        if (m->author != LLM_PERSON || text_blank(m->text) ||
            is_question(m->text, words_plain(t->c->mem, m->text)))
            continue;
        list[count++] = (struct source){m->text, true};
    }
    return count;
}

/* "And on Sunday?" goes on about what was asked before: its words count as well. */
static void add_topic(struct turn *t)
{
    bool goes_on = text_starts(t->plain, " and ") || text_starts(t->plain, " what about ") ||
                   text_starts(t->plain, " how about ");

    for (size_t i = t->last; goes_on && i-- > 0;) {
        const struct llm_message *m = &t->ask->messages[i];

        if (m->author != LLM_PERSON || text_blank(m->text))
            continue;

        const struct words *before = words_of(t->c->mem, words_plain(t->c->mem, m->text));

        for (size_t k = 0; k < before->count && t->asks->count < WORDS_MAX; k++)
            if (!words_have(t->asks, before->items[k]))
                t->asks->items[t->asks->count++] = before->items[k];
        return;
    }
}

static bool answer_from_sources(struct turn *t, double least)
{
    struct source *list = arena_take(t->c->mem, TEXTS_MAX * sizeof(*list));
    size_t count = sources(t, list);
    const struct words **texts = arena_take(t->c->mem, (count + 1) * sizeof(*texts));
    struct match best[2];

    for (size_t i = 0; i < count; i++)
        texts[i] = words_of(t->c->mem, words_plain(t->c->mem, list[i].text));

    struct shelf shelf = words_shelf(texts, count);
    size_t found = words_search(&shelf, t->asks, best, COUNT_OF(best));

    if (found == 0 || best[0].coverage < least ||
        (list[best[0].index].said && best[0].coverage < SURE))
        return false;
    if (list[best[0].index].said) {
        starter_quote(t, "You told me:", list[best[0].index].text);
        return true;
    }
    if (best[0].coverage < SURE)
        buf_text(&t->out, "I am not sure that this is what you mean, but I know: ");
    starter_say_fact(t, list[best[0].index].text);
    if (found > 1 && best[1].score > 0.9 * best[0].score && !list[best[1].index].said) {
        buf_char(&t->out, ' ');
        starter_say_fact(t, list[best[1].index].text);
    }
    return true;
}

static void answer_unknown(struct turn *t)
{
    const char *text = t->ask->messages[t->last].text;

    if (!is_question(text, t->plain) && t->asks->count > 0) {
        buf_text(&t->out, "I will remember that in this conversation. As the starter brain I can't "
                          "do more with it; ");
        buf_text(&t->out, "you can ask me about it later, or about what I was told.");
        return;
    }
    buf_text(&t->out, "I don't know that: nothing that I was told answers it.");
    if (t->ask->fact_count == 0)
        return;
    buf_text(&t->out, " I can help with questions like those that these facts answer:");
    starter_say_examples(t, 2);
}

/* Words that say nothing about the matter: greetings, thanks, the employee's own name. */
static const struct words *small_words(struct turn *t)
{
    static const char greetings[] =
        " hi hello hey hallo moin servus bonjour hola greetings good morning afternoon "
        "evening guten tag morgen abend dear bye goodbye night thank thanks thx cheers "
        "danke ciao welcome team all everybody great nice cool fine ";
    const char *own = words_plain(t->c->mem, t->name);

    return words_of(t->c->mem, text_printf(t->c->mem, "%s%s", greetings, own));
}

static bool greets(const char *plain)
{
    static const char *const marks[] = {
        " hi ",           " hello ",          " hey ",      " hallo ", " moin ",
        " servus ",       " bonjour ",        " hola ",     " guten ", " good morning ",
        " good evening ", " good afternoon ", " greetings "};

    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (has(plain, marks[i]))
            return true;
    return false;
}

static void answer(struct turn *t)
{
    if (t->greeted)
        buf_text(&t->out, "Hello! ");
    /*
     * A fact that fits nearly word by word goes before a phrase: "what are you" may begin many
     * questions.
     */
    if (t->asks->count >= 2 && answer_from_sources(t, 0.9))
        return;
    if (starter_small_talk(t))
        return;
    if (t->asks->count == 0) {
        starter_say_role(t);
        buf_text(&t->out, " What can I help you with?");
        return;
    }
    if (answer_from_sources(t, SURE))
        return;
    add_topic(t);
    if (!answer_from_sources(t, NEAR))
        answer_unknown(t);
}

static bool begins(const struct llm_ask *ask)
{
    for (size_t i = 0; i < ask->count; i++)
        if (ask->messages[i].author == LLM_EMPLOYEE)
            return false;
    return true;
}

/* The conversation with the texts of its messages only. */
static struct llm_message *texts_of(struct ctx *c, const struct llm_ask *ask)
{
    struct llm_message *list = arena_take(c->mem, (ask->count + 1) * sizeof(*list));

    for (size_t i = 0; i < ask->count; i++) {
        struct buf text = buf_new(c->mem, SIZE_MAX / 2);
        struct llm_part single;
        size_t count;
        const struct llm_part *parts = llm_parts(&ask->messages[i], &single, &count);

        for (size_t k = 0; k < count; k++)
            if (parts[k].kind == LLM_TEXT && parts[k].text != NULL)
                buf_printf(&text, "%s%s", text.len > 0 ? "\n\n" : "", parts[k].text);
        list[i] = (struct llm_message){.author = ask->messages[i].author, .text = buf_str(&text)};
    }
    return list;
}

/* Whether the newest message of a person shows an image, and whether that is all it does. */
static bool shows_image(const struct llm_ask *ask, const struct llm_message *texts, bool *only)
{
    size_t last = ask->count;

    while (last > 0 && ask->messages[last - 1].author != LLM_PERSON)
        last--;
    for (size_t i = 0; last > 0 && i < ask->messages[last - 1].part_count; i++)
        if (ask->messages[last - 1].parts[i].kind == LLM_IMAGE) {
            *only = text_blank(texts[last - 1].text);
            return true;
        }
    return false;
}

static void answer_text(struct turn *t)
{
    t->name = text_blank(t->ask->name) ? "the built-in starter" : t->ask->name;
    t->plain = words_plain(t->c->mem, t->ask->messages[t->last].text);
    t->asks = words_of(t->c->mem, t->plain);
    words_drop(t->asks, small_words(t));
    t->greeted = greets(t->plain);
    answer(t);
}

static rc_t starter_local(struct ctx *c, const struct llm_ask *ask, struct llm_answer *out)
{
    struct llm_ask texts = *ask;
    struct turn t = {
        .c = c, .ask = &texts, .last = ask->count, .out = buf_new(c->mem, LLM_TEXT_MAX)};
    bool only_image = false, image;

    texts.messages = texts_of(c, ask);
    image = shows_image(ask, texts.messages, &only_image);
    for (size_t i = 0; i < ask->count; i++)
        if (texts.messages[i].author == LLM_PERSON && !text_blank(texts.messages[i].text))
            t.last = i;
    if (t.last == ask->count && !image)
        return ctx_fail(c, E_INVALID, "llm_no_message",
                        "the conversation has no message with text");
    if (ask->format_schema != NULL || ask->format_json || ask->choice == LLM_CHOOSE_REQUIRED ||
        ask->choice == LLM_CHOOSE_ONE)
        return vendor_cannot(c, NAME, "it answers in plain sentences only");
    if (image)
        buf_text(&t.out, "I can't see images: the starter brain reads text only.");
    if (image && !only_image)
        buf_text(&t.out, "\n\n");
    if (!only_image)
        answer_text(&t);
    if (begins(ask) && strstr(buf_str(&t.out), starter_connecting) == NULL)
        buf_printf(&t.out, "\n\n%s", starter_connecting);

    struct llm_part *said = arena_take(c->mem, sizeof(*said));

    *said = (struct llm_part){.kind = LLM_TEXT, .text = buf_str(&t.out)};
    *out = (struct llm_answer){.text = said->text,
                               .model = NAME,
                               .stop = LLM_STOP_END,
                               .parts = said,
                               .part_count = 1,
                               .counted = true};
    out->input_tokens = llm_estimate_ask(ask);
    out->output_tokens = llm_estimate_tokens(out->text);
    return OK;
}

const struct llm llm_starter = {
    .name = NAME,
    .can = LLM_CAN_LOCAL,
    .local = starter_local,
};
