/*
 * What the tests of the pool share: servers that fail in known ways, a route over them, and a
 * person who watches.
 */
#ifndef TESTS_UNIT_POOL_BENCH_H
#define TESTS_UNIT_POOL_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/pool.h"
#include "tiny_server.h"

#define BENCH_KEY "sk-test-0123456789abcdef"

#define HEAD(status, type) "HTTP/1.1 " status "\r\nContent-Type: " type "\r\nConnection: close\r\n"
#define JSON_HEAD HEAD("200 OK", "application/json") "\r\n"
#define SSE_HEAD HEAD("200 OK", "text/event-stream") "\r\n"
#define CHUNK(text, finish)                                                  \
    "data: {\"model\":\"real\",\"choices\":[{\"delta\":{\"content\":\"" text \
    "\"},\"finish_reason\":" finish "}]}\n\n"
#define USAGE "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":50,\"completion_tokens\":7}}\n\n"
#define DONE "data: [DONE]\n\n"
#define WHOLE(text)                                                                                \
    JSON_HEAD "{\"choices\":[{\"message\":{\"content\":\"" text "\"},\"finish_reason\":\"stop\"}]" \
              "}"

/* Good answers: "Hello." */
extern const struct tiny_step bench_whole, bench_streamed;
/* A stream that ends in the middle; status 500; nothing at all. */
extern const struct tiny_step bench_torn, bench_broken, bench_hangs;

extern const struct llm_message bench_talk[1];

/* What the person's side saw. */
struct seen {
    struct buf text;
    int deltas, restarts, began;
    bool gone;
};

struct bench {
    struct ctx *c;
    struct tiny *servers[POOL_CANDIDATES_MAX];
    struct pool_route route;
    struct seen seen;
    struct pool_sink sink;
    struct pool_outcome out;
};

/* As cmocka wants them; *state is a struct bench. */
int bench_setup(void **state);
int bench_teardown(void **state);

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

/* Runs a program's tests with either driver: how many failed. */
int bench_run(const struct CMUnitTest *tests, size_t count);

/* Adds a candidate in OpenAI's format with a server of its own. */
void bench_serve(struct bench *b, const struct tiny_step *steps, size_t count);
void bench_add_starter(struct bench *b);

/* Who drives the pool: false: pool_ask, true: an event loop, of which the same is expected. */
extern bool bench_by_loop;

/* As pool_ask, by whoever drives. */
rc_t bench_pool(struct ctx *c, const struct pool_route *route, const struct llm_ask *ask,
                const struct pool_sink *sink, struct pool_outcome *out) MUST;
rc_t bench_ask(struct bench *b, bool stream) MUST;
void bench_expect(const struct bench *b, size_t i, const char *code, int status);

#endif
