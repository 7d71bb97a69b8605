/*
 * One call of /v1 in a worker: reads the question, asks the pool, writes the answer, in OpenAI's
 * format. It lives in the loop's thread and knows nothing of the line.
 */
#ifndef FLOW_V1_CALL_H
#define FLOW_V1_CALL_H

#include "flow/helpers.h"
#include "flow/line_open.h"
#include "flow/pool_loop.h"

struct v1_call;

/* Where the answer goes. `end` comes last, and never from within v1_call_start. */
struct v1_out {
    void (*head)(void *arg, const struct line_head *head);
    void (*data)(void *arg, struct bytes piece);
    void (*end)(void *arg);
    void *arg;
};

/* What calls share. */
struct v1_place {
    struct loop *loop;
    struct pool_loop *pool;
    struct helpers *helpers;   /* for what is over soon */
    struct helpers *embedders; /* for vectors of texts, which may take a minute */
};

/*
 * Takes over c, and the body, which is of malloc: it goes as soon as it is read, since an answer
 * may take long. The call is gone after `end`, or some time after it was left.
 */
struct v1_call *v1_call_start(const struct v1_place *place, struct ctx *c,
                              const struct line_open *open, char *body, size_t len,
                              const struct v1_out *out);

/* The reader is slow: the model's words are waited for, or no longer. */
void v1_call_hold(struct v1_call *v, bool hold);

/* Nobody waits any more: `out` is not used from now on. */
void v1_call_leave(struct v1_call *v);

#endif
