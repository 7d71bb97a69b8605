/*
 * A server of a model in OpenAI's format that answers thousands of calls at once, on a thread of
 * its own, and counts what it would put on the bill: of a stream that its client ends, what it has
 * sent by then.
 */
#ifndef TESTS_LIB_MODEL_H
#define TESTS_LIB_MODEL_H

#include <stdatomic.h>
#include <stdint.h>

/* How it answers; may be changed while it runs. */
struct model_way {
    int pieces;   /* of a stream; each counts as one token */
    int first_ms; /* until the answer begins */
    int piece_ms; /* between two pieces */
    int breaks;   /* the connection ends behind so many pieces; 0: never */
    int status;   /* an error instead, when it is not 0 */
};

struct model {
    struct model_way way;
    /* of questions and answers; a question has as many tokens as its body has bytes, / 4 */
    atomic_llong input_tokens, output_tokens;
    atomic_int asked, answered, left; /* left: the client went away in the middle */
    atomic_int open, most_open;       /* connections */
    atomic_int opened;
};

struct model *model_start(const struct model_way *way);
void model_stop(struct model *m);
const char *model_url(const struct model *m); /* "http://127.0.0.1:port/v1" */

#endif
