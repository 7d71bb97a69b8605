/* What the tests of the HTTP client share: a context each, and a plain call. */
#ifndef TESTS_UNIT_HTTP_HELP_H
#define TESTS_UNIT_HTTP_HELP_H

#include "io/http.h"
#include "tiny_server.h"

/* A good answer: "hello". */
#define TEXT_OK TINY_OK("text/plain", "5", "hello")

/* As cmocka wants them; *state is a struct ctx. */
int http_help_setup(void **state);
int http_help_teardown(void **state);

#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, http_help_setup, http_help_teardown)

rc_t http_help_get(struct ctx *c, struct tiny *t, struct http_answer *out) MUST;

#endif
