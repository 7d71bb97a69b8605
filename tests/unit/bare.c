/* See bare.h. */
#include "bare.h"

struct ctx *ctx;

int bare_setup(void **state)
{
    (void)state;
    ctx = ctx_new(MIB(4), NULL);
    return 0;
}

int bare_teardown(void **state)
{
    (void)state;
    ctx_end(ctx);
    return 0;
}
