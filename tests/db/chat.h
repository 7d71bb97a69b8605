/*
 * What the tests of turns share: a person asks in the portal, the worker runs the turn, and a model
 * behind OpenAI's API says what each test tells it.
 */
#ifndef TESTS_DB_CHAT_H
#define TESTS_DB_CHAT_H

#include "fixture.h"
#include "unit/tiny_server.h"

/* Streams of that API, each an answer that ends with its connection: 100 tokens in, 10 out. */
#define EVENTS(events) \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" events
#define CHUNK(delta, finish)                                                                       \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"gpt-4o\"," \
    "\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish "}]}\n\n"
#define USAGE                                                                                      \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"gpt-4o\"," \
    "\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":10,\"total_tokens\":"   \
    "110}}"                                                                                        \
    "\n\ndata: [DONE]\n\n"
/* It wants to know what time it is in a zone. */
#define CALLS(zone)                                                                                \
    {                                                                                              \
        EVENTS(CHUNK("{\"role\":\"assistant\",\"content\":\"Let me look.\",\"tool_calls\":[{"      \
                     "\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":" \
                     "\"date_and_time\",\"arguments\":\"{\\\"zone\\\":\\\"" zone "\\\"}\"}}]}",    \
                     "null") CHUNK("{}", "\"tool_calls\"") USAGE),                                 \
            0, TINY_CLOSE                                                                          \
    }
#define SAYS(text)                                                                \
    {                                                                             \
        EVENTS(CHUNK("{\"role\":\"assistant\",\"content\":\"" text "\"}", "null") \
                   CHUNK("{}", "\"stop\"") USAGE),                                \
            0, TINY_CLOSE                                                         \
    }

struct chat {
    struct fixture in;
    const char *job_id; /* of what was asked last */
    struct tiny *model; /* NULL: the built-in brain answers */
};

/* Around a program, with an HTTP client, and without breakers. */
int chat_start(void **state);
int chat_stop(void **state);

/* Around each test; *state is a struct chat. */
int chat_setup(void **state);
int chat_teardown(void **state);

#define CHAT_TEST(name) cmocka_unit_test_setup_teardown(name, chat_setup, chat_teardown)

/* The employee's model from now on. */
void chat_model(struct chat *f, const struct tiny_step *steps, size_t count);

/* Ann asks; and the worker runs the turn, which may be on a thread of its own. */
void chat_ask(struct chat *f, const char *text);
void chat_run(struct chat *f);

/* From now on no answer can be recorded; and again it can. */
void chat_refuse_answers(struct chat *f);
void chat_allow_answers(struct chat *f);

/* A column of the company's rows in a table, which may be followed by WHERE. */
const char *chat_get(struct chat *f, const char *what, const char *table);

/* Ends the test unless the employee has said so many messages, the last with this outcome. */
void chat_answered(struct chat *f, const char *count, const char *outcome);

#endif
