/*
 * What the tests of employees who ask each other share: a chat whose employee, Mara, is in a team,
 * and what models say that want a colleague to be asked.
 */
#ifndef TESTS_DB_TEAM_H
#define TESTS_DB_TEAM_H

#include "chat.h"

#define ASK(name, question)                                                        \
    "\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\","        \
    "\"function\":{\"name\":\"ask_colleague\",\"arguments\":\"{\\\"colleague\\\":" \
    "\\\"" name "\\\",\\\"question\\\":\\\"" question "\\\"}\"}}]"
/* Mara's model, which streams, wants a colleague to be asked. */
#define ASKS(name, question)                                                     \
    {                                                                            \
        EVENTS(CHUNK("{\"role\":\"assistant\"," ASK(name, question) "}", "null") \
                   CHUNK("{}", "\"tool_calls\"") USAGE),                         \
            0, TINY_CLOSE                                                        \
    }
/* A colleague's model, whom nobody looks on, answers as a whole. */
#define WHOLE(message, finish)                                                             \
    {                                                                                      \
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"   \
        "{\"id\":\"c\",\"object\":\"chat.completion\",\"created\":0,\"model\":\"gpt-4o\"," \
        "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\"," message           \
        "},\"finish_reason\":\"" finish "\"}],\"usage\":{\"prompt_tokens\":50,"            \
        "\"completion_tokens\":20,\"total_tokens\":70}}",                                  \
            0, TINY_CLOSE                                                                  \
    }
#define COLLEAGUE_SAYS(text) WHOLE("\"content\":\"" text "\"", "stop")
#define COLLEAGUE_ASKS(name, question) WHOLE("\"content\":null," ASK(name, question), "tool_calls")

/* Mara and these are a team, in which each of the others keeps the books, and models say this. */
void team_open(struct chat *f, const struct tiny_step *steps, size_t count,
               const char *const *names, size_t name_count);
#define TEAM(f, steps, ...)                                                  \
    team_open(f, steps, COUNT_OF(steps), (const char *const[]){__VA_ARGS__}, \
              COUNT_OF(((const char *const[]){__VA_ARGS__})))

/* Around a program: that of chat, and a purse. */
int team_start(void **state);
int team_stop(void **state);

/* A column of an employee of the company. */
const char *team_of(struct chat *f, const char *name, const char *column);

/* Ends the test unless there is one answer, with this outcome and this in its text. */
void team_said(struct chat *f, const char *outcome, const char *text);

/* Whether this stands in request i of the models. */
bool team_asked(struct chat *f, size_t i, const char *text);

#endif
