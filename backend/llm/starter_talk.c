/* See starter.h: greetings, names, thanks, and questions about the employee itself. */
#include "llm/starter.h"

#include <ctype.h>
#include <string.h>

#define FACT_MAX 700 /* bytes of one fact in an answer */

/* A phrase that decides what is meant, and who answers it. The first row that fits wins. */
struct intent {
    const char *phrases[14];
    bool (*answer)(struct turn *t); /* false: not meant after all */
};

static bool has(const char *plain, const char *phrase)
{
    return strstr(plain, phrase) != NULL;
}

void starter_quote(struct turn *t, const char *lead, const char *text)
{
    size_t len = text_cut(text, strlen(text), FACT_MAX);

    buf_printf(&t->out, "%s \"%.*s%s\"", lead, (int)len, text, text[len] == '\0' ? "" : " ...");
}

/*
 * The name that a person gave for himself in this message, or NULL. It is taken as it was written.
 */
static const char *given_name(struct ctx *c, const char *text)
{
    static const char *const leads[] = {"my name is ", "my name's ", "call me ", "i am called ",
                                        "i'm called "};

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
        const char *name = m->author == LLM_PERSON && m->text != NULL ? given_name(t->c, m->text)
                                                                      : NULL;

        if (name == NULL)
            continue;
        buf_printf(&t->out, "Your name is %s.", name);
        return true;
    }
    buf_text(&t->out, "You have not told me your name in this conversation yet.");
    return true;
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
        starter_quote(t, first ? "Your first message here was:" : "Before this you wrote:", found);
    return true;
}

void starter_say_role(struct turn *t)
{
    if (text_blank(t->ask->name)) /* a program asks, and of no employee */
        buf_text(&t->out, "I am the built-in starter.");
    else
        buf_printf(&t->out, "I am %s, an AI employee.", t->name);
    if (!text_blank(t->ask->role))
        buf_printf(&t->out, " My role: %s%s", t->ask->role,
                   strchr(".!?", t->ask->role[strlen(t->ask->role) - 1]) == NULL ? "." : "");
}

void starter_say_fact(struct turn *t, const char *fact)
{
    size_t len = text_cut(fact, strlen(fact), FACT_MAX);

    while (len > 0 && isspace((unsigned char)fact[len - 1]))
        len--;
    buf_add(&t->out, fact, len);
    if (len > 0 && strchr(".!?", fact[len - 1]) == NULL)
        buf_text(&t->out, fact[len] == '\0' ? "." : " ...");
}

void starter_say_examples(struct turn *t, size_t count)
{
    for (size_t i = 0, said = 0; i < t->ask->fact_count && said < count; i++) {
        if (text_blank(t->ask->facts[i]))
            continue;
        buf_text(&t->out, "\n- ");
        starter_say_fact(t, t->ask->facts[i]);
        said++;
    }
}

static bool asks_who(struct turn *t)
{
    starter_say_role(t);
    buf_text(&t->out,
             has(t->plain, " human ") || has(t->plain, " person ") || has(t->plain, " bot ")
                 ? " I am a program, not a human."
                 : " What can I help you with?");
    return true;
}

static bool asks_abilities(struct turn *t)
{
    starter_say_role(t);
    if (t->ask->fact_count == 0) {
        buf_text(&t->out, " I have not been given any facts yet, so I can remember what you tell "
                          "me here and little "
                          "more.");
        return true;
    }
    buf_text(
        &t->out,
        " I can answer questions about what I was told, and recall what you said here. I know, for "
        "example:");
    starter_say_examples(t, 5);
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

const char starter_connecting[] =
    "I run on the built-in starter brain: no language model is connected, so I answer only from my "
    "role, from this conversation and from what I was told. To give me a real model, an admin of "
    "your company adds an account under Settings, Models, and chooses there what I think with.";

static bool asks_brain(struct turn *t)
{
    buf_text(&t->out, starter_connecting);
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
    {{" what is my name ", " know my name ", " remember my name ", " tell me my name ",
      " who am i ", " my name again "},
     asks_own_name},
    {{" my name is ", " call me ", " i am called "}, says_own_name},
    {{" what did i say ", " what did i just say ", " what did i ask ", " what did i just ask ",
      " what did i tell ", " what did i write ", " what have i said ", " what was my last ",
      " what was my first ", " what was my question ", " what was my message ", " what i said ",
      " what i just said "},
     asks_what_was_said},
    {{" which model ", " what model ", " language model ", " real model ", " starter brain ",
      " starter model ", " api key ", " which llm ", " what llm ", " connect a model "},
     asks_brain},
    {{" who are you ", " what are you ", " what is your name ", " your name ",
      " introduce yourself ", " about yourself ", " what is your role ", " what is your job ",
      " are you a bot ", " are you human ", " are you a human ", " are you real ",
      " are you a real person ", " are you an ai "},
     asks_who},
    {{" what can you do ", " what do you do ", " how can you help ", " what can i ask ",
      " what do you know ", " what can you help "},
     asks_abilities},
    {{" help "}, asks_help},
    {{" how are you ", " how is it going ", " how do you do ", " how are things ", " wie geht "},
     asks_how_it_is},
    {{" goodbye ", " good bye ", " bye ", " see you ", " good night ", " ciao ", " farewell "},
     says_goodbye},
    {{" thank you ", " thanks ", " thank ", " thx ", " cheers ", " danke "}, says_thanks},
};

bool starter_small_talk(struct turn *t)
{
    for (size_t i = 0; i < COUNT_OF(small_talk); i++)
        for (size_t k = 0; k < COUNT_OF(small_talk[i].phrases) && small_talk[i].phrases[k] != NULL;
             k++)
            if (has(t->plain, small_talk[i].phrases[k]) && small_talk[i].answer(t))
                return true;
    return false;
}
