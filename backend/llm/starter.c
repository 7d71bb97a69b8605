/*
 * The brain that needs no account. It answers only from the employee's role, the conversation and the facts it was
 * given, and says so. The same question in the same conversation always gets the same answer.
 */
#include <ctype.h>
#include <string.h>

#include "llm/llm.h"
#include "llm/words.h"

#define NAME "starter"
#define TEXTS_MAX 500 /* facts and earlier messages that are searched; the last ones win */
#define FACT_MAX 700  /* bytes of one fact in an answer */
#define SURE 0.6      /* from this share of the question's weight on a fact is the answer */
#define NEAR 0.3      /* from this on it is offered as the closest thing known */

/* What a turn is about; everything lives in the turn's arena. */
struct turn {
    struct ctx *c;
    const struct llm_ask *ask;
    const char *name;
    size_t last;        /* index of the message to answer */
    const char *plain;  /* that message, see words_plain */
    struct words *asks; /* its words without names and greetings */
    bool greeted;
    struct buf out;
};

/* A phrase that decides what is meant, and who answers it. The first row that fits wins. */
struct intent {
    const char *phrases[14];
    bool (*answer)(struct turn *t); /* false: not meant after all */
};

static bool has(const char *plain, const char *phrase)
{
    return strstr(plain, phrase) != NULL;
}

static bool is_question(const char *text, const char *plain)
{
    static const char *const starts[] = {" who ",  " what ", " when ", " where ", " why ",   " how ",   " which ",
                                         " can ",  " could ", " do ",  " does ",  " did ",   " is ",    " are ",
                                         " will ", " would ", " may ", " should ", " whose ", " tell ", " please ",
                                         " show ", " explain ", " write ", " give ", " send ", " make ",
                                         " help ", " i want ", " i need ", " i would like "};

    if (strchr(text, '?') != NULL)
        return true;
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        if (text_starts(plain, starts[i]))
            return true;
    return false;
}

/* The name that a person gave for himself in this message, or NULL. It is taken as it was written. */
static const char *given_name(struct ctx *c, const char *text)
{
    static const char *const leads[] = {"my name is ", "my name's ", "call me ", "i am called ", "i'm called "};

    for (size_t i = 0; i < COUNT_OF(leads); i++) {
        const char *at = strcasestr(text, leads[i]);

        if (at == NULL)
            continue;
        at += strlen(leads[i]);

        size_t len = strcspn(at, " \t\r\n.,;:!?");
        /* A second word belongs to the name when it is written like one. */
        size_t next = at[len] == ' ' && isupper((unsigned char)at[len + 1])
                          ? len + 1 + strcspn(at + len + 1, " \t\r\n.,;:!?")
                          : len;

        if (len > 0 && next <= 80)
            return text_copy(c->mem, at, next);
    }
    return NULL;
}

static bool says_own_name(struct turn *t)
{
    const char *name = given_name(t->c, t->ask->messages[t->last].text);

    if (name == NULL)
        return false;
    buf_printf(&t->out, "Nice to meet you, %s. I am %s. What can I help you with?", name, t->name);
    return true;
}

static bool asks_own_name(struct turn *t)
{
    for (size_t i = t->last; i-- > 0;) {
        const struct llm_message *m = &t->ask->messages[i];
        const char *name = m->author == LLM_PERSON && m->text != NULL ? given_name(t->c, m->text) : NULL;

        if (name == NULL)
            continue;
        buf_printf(&t->out, "Your name is %s.", name);
        return true;
    }
    buf_text(&t->out, "You have not told me your name in this conversation yet.");
    return true;
}

static void quote(struct turn *t, const char *lead, const char *text)
{
    size_t len = text_cut(text, strlen(text), FACT_MAX);

    buf_printf(&t->out, "%s \"%.*s%s\"", lead, (int)len, text, text[len] == '\0' ? "" : " ...");
}

static bool asks_what_was_said(struct turn *t)
{
    bool first = has(t->plain, " first ");
    const char *found = NULL;

    if (has(t->plain, " about "))
        return false; /* a matter is named: look for it */
    for (size_t i = 0; i < t->last && !(first && found != NULL); i++)
        if (t->ask->messages[i].author == LLM_PERSON && !text_blank(t->ask->messages[i].text))
            found = t->ask->messages[i].text;
    if (found == NULL)
        buf_text(&t->out, "This is your first message in this conversation.");
    else
        quote(t, first ? "Your first message here was:" : "Before this you wrote:", found);
    return true;
}

static void say_role(struct turn *t)
{
    buf_printf(&t->out, "I am %s, an AI employee.", t->name);
    if (!text_blank(t->ask->role))
        buf_printf(&t->out, " My role: %s%s", t->ask->role,
                   strchr(".!?", t->ask->role[strlen(t->ask->role) - 1]) == NULL ? "." : "");
}

static void say_fact(struct turn *t, const char *fact)
{
    size_t len = text_cut(fact, strlen(fact), FACT_MAX);

    while (len > 0 && isspace((unsigned char)fact[len - 1]))
        len--;
    buf_add(&t->out, fact, len);
    if (len > 0 && strchr(".!?", fact[len - 1]) == NULL)
        buf_text(&t->out, fact[len] == '\0' ? "." : " ...");
}

static void say_examples(struct turn *t, size_t count)
{
    for (size_t i = 0, said = 0; i < t->ask->fact_count && said < count; i++) {
        if (text_blank(t->ask->facts[i]))
            continue;
        buf_text(&t->out, "\n- ");
        say_fact(t, t->ask->facts[i]);
        said++;
    }
}

static bool asks_who(struct turn *t)
{
    say_role(t);
    buf_text(&t->out, has(t->plain, " human ") || has(t->plain, " person ") || has(t->plain, " bot ")
                          ? " I am a program, not a human."
                          : " What can I help you with?");
    return true;
}

static bool asks_abilities(struct turn *t)
{
    say_role(t);
    if (t->ask->fact_count == 0) {
        buf_text(&t->out, " I have not been given any facts yet, so I can remember what you tell me here and little "
                          "more.");
        return true;
    }
    buf_text(&t->out, " I can answer questions about what I was told, and recall what you said here. I know, for "
                      "example:");
    say_examples(t, 5);
    return true;
}

static bool asks_help(struct turn *t)
{
    return t->asks->count <= 1 && asks_abilities(t);
}

static bool asks_how_it_is(struct turn *t)
{
    buf_text(&t->out, "I am fine, thank you. What can I help you with?");
    return true;
}

static const char connecting[] =
    "I run on the built-in starter brain: no language model is connected, so I answer only from my role, from this "
    "conversation and from what I was told. To connect a real model, set KONSTRUCT_OPENAI_KEY, "
    "KONSTRUCT_ANTHROPIC_KEY or KONSTRUCT_OLLAMA_URL in konstruct.conf and start Konstruct again.";

static bool asks_brain(struct turn *t)
{
    buf_text(&t->out, connecting);
    return true;
}

static bool says_goodbye(struct turn *t)
{
    if (t->asks->count > 1)
        return false;
    buf_text(&t->out, "Goodbye! Write to me whenever you need something.");
    return true;
}

static bool says_thanks(struct turn *t)
{
    if (t->asks->count > 1)
        return false;
    buf_text(&t->out, "You are welcome. Is there anything else that I can help with?");
    return true;
}

static const struct intent small_talk[] = {
    {{" what is my name ", " know my name ", " remember my name ", " tell me my name ", " who am i ", " my name again "},
     asks_own_name},
    {{" my name is ", " call me ", " i am called "}, says_own_name},
    {{" what did i say ", " what did i just say ", " what did i ask ", " what did i just ask ", " what did i tell ",
      " what did i write ", " what have i said ", " what was my last ", " what was my first ", " what was my question ",
      " what was my message ", " what i said ", " what i just said "},
     asks_what_was_said},
    {{" which model ", " what model ", " language model ", " real model ", " starter brain ", " starter model ",
      " api key ", " which llm ", " what llm ", " connect a model "},
     asks_brain},
    {{" who are you ", " what are you ", " what is your name ", " your name ", " introduce yourself ",
      " about yourself ", " what is your role ", " what is your job ", " are you a bot ", " are you human ",
      " are you a human ", " are you real ", " are you a real person ", " are you an ai "},
     asks_who},
    {{" what can you do ", " what do you do ", " how can you help ", " what can i ask ", " what do you know ",
      " what can you help "},
     asks_abilities},
    {{" help "}, asks_help},
    {{" how are you ", " how is it going ", " how do you do ", " how are things ", " wie geht "}, asks_how_it_is},
    {{" goodbye ", " good bye ", " bye ", " see you ", " good night ", " ciao ", " farewell "}, says_goodbye},
    {{" thank you ", " thanks ", " thank ", " thx ", " cheers ", " danke "}, says_thanks},
};

static bool answer_small_talk(struct turn *t)
{
    for (size_t i = 0; i < COUNT_OF(small_talk); i++)
        for (size_t k = 0; k < COUNT_OF(small_talk[i].phrases) && small_talk[i].phrases[k] != NULL; k++)
            if (has(t->plain, small_talk[i].phrases[k]) && small_talk[i].answer(t))
                return true;
    return false;
}

/* A text that may hold the answer: a fact, or what the person said earlier (then `said` is true). */
struct source {
    const char *text;
    bool said;
};

static size_t sources(const struct turn *t, struct source list[TEXTS_MAX])
{
    size_t count = 0, first = t->ask->fact_count > TEXTS_MAX / 2 ? t->ask->fact_count - TEXTS_MAX / 2 : 0;

    for (size_t i = first; i < t->ask->fact_count; i++)
        if (!text_blank(t->ask->facts[i]))
            list[count++] = (struct source){t->ask->facts[i], false};
    for (size_t i = t->last; i-- > 0 && count < TEXTS_MAX;) {
        const struct llm_message *m = &t->ask->messages[i];

        if (m->author != LLM_PERSON || text_blank(m->text) || is_question(m->text, words_plain(t->c->mem, m->text)))
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

    if (found == 0 || best[0].coverage < least || (list[best[0].index].said && best[0].coverage < SURE))
        return false;
    if (list[best[0].index].said) {
        quote(t, "You told me:", list[best[0].index].text);
        return true;
    }
    if (best[0].coverage < SURE)
        buf_text(&t->out, "I am not sure that this is what you mean, but I know: ");
    say_fact(t, list[best[0].index].text);
    if (found > 1 && best[1].score > 0.9 * best[0].score && !list[best[1].index].said) {
        buf_char(&t->out, ' ');
        say_fact(t, list[best[1].index].text);
    }
    return true;
}

static void answer_unknown(struct turn *t)
{
    const char *text = t->ask->messages[t->last].text;

    if (!is_question(text, t->plain) && t->asks->count > 0) {
        buf_text(&t->out, "I will remember that in this conversation. As the starter brain I can't do more with it; ");
        buf_text(&t->out, "you can ask me about it later, or about what I was told.");
        return;
    }
    buf_text(&t->out, "I don't know that: nothing that I was told answers it.");
    if (t->ask->fact_count == 0)
        return;
    buf_text(&t->out, " I can help with questions like those that these facts answer:");
    say_examples(t, 2);
}

/* Words that say nothing about the matter: greetings, thanks, the employee's own name. */
static const struct words *small_words(struct turn *t)
{
    static const char greetings[] = " hi hello hey hallo moin servus bonjour hola greetings good morning afternoon "
                                    "evening guten tag morgen abend dear bye goodbye night thank thanks thx cheers "
                                    "danke ciao welcome team all everybody great nice cool fine ";
    const char *own = words_plain(t->c->mem, t->name);

    return words_of(t->c->mem, text_printf(t->c->mem, "%s%s", greetings, own));
}

static bool greets(const char *plain)
{
    static const char *const marks[] = {" hi ",     " hello ",        " hey ",          " hallo ",
                                        " moin ",   " servus ",       " bonjour ",      " hola ",
                                        " guten ",  " good morning ", " good evening ", " good afternoon ",
                                        " greetings "};

    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (has(plain, marks[i]))
            return true;
    return false;
}

static void answer(struct turn *t)
{
    if (t->greeted)
        buf_text(&t->out, "Hello! ");
    /* A fact that fits nearly word by word goes before a phrase: "what are you" may begin many questions. */
    if (t->asks->count >= 2 && answer_from_sources(t, 0.9))
        return;
    if (answer_small_talk(t))
        return;
    if (t->asks->count == 0 && t->greeted) {
        say_role(t);
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

static rc_t starter_local(struct ctx *c, const struct llm_ask *ask, struct llm_answer *out)
{
    struct turn t = {.c = c, .ask = ask, .last = ask->count, .out = buf_new(c->mem, LLM_TEXT_MAX)};

    for (size_t i = 0; i < ask->count; i++)
        if (ask->messages[i].author == LLM_PERSON && !text_blank(ask->messages[i].text))
            t.last = i;
    if (t.last == ask->count)
        return ctx_fail(c, E_INVALID, "llm_no_message", "the conversation has no message with text");
    t.name = text_blank(ask->name) ? "your AI employee" : ask->name;
    t.plain = words_plain(c->mem, ask->messages[t.last].text);
    t.asks = words_of(c->mem, t.plain);
    words_drop(t.asks, small_words(&t));
    t.greeted = greets(t.plain);
    answer(&t);
    if (begins(ask) && strstr(buf_str(&t.out), connecting) == NULL)
        buf_printf(&t.out, "\n\n%s", connecting);
    *out = (struct llm_answer){.text = buf_str(&t.out), .model = NAME, .stop = LLM_STOP_END, .counted = true};
    out->input_tokens = llm_estimate_ask(ask);
    out->output_tokens = llm_estimate_tokens(out->text);
    return OK;
}

const struct llm llm_starter = {
    .name = NAME,
    .can = LLM_CAN_LOCAL,
    .local = starter_local,
};
