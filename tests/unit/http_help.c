/* See http_help.h. */
#include "http_help.h"

int http_help_setup(void **state)
{
    *state = ctx_new(MIB(16), NULL);
    return 0;
}

int http_help_teardown(void **state)
{
    ctx_end(*state);
    return 0;
}

rc_t http_help_get(struct ctx *c, struct tiny *t, struct http_answer *out)
{
    struct http_ask ask = {.method = "GET", .url = tiny_url(t)};

    ctx_forgive(c);
    return http_call(c, &ask, out);
}
