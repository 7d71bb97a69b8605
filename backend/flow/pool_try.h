/*
 * One try of one candidate: the request, the stream or the whole answer, and what went wrong.
 * Whoever drives it makes the call in between. For flow/pool*.c only.
 */
#ifndef FLOW_POOL_TRY_H
#define FLOW_POOL_TRY_H

#include "flow/pool.h"
#include "llm/frames.h"

struct pool_failure {
    const char *code, *detail; /* detail lives in c->mem, masked and shortened */
    int status;
    int64_t retry_after_ms;    /* -1: the provider named none */
    bool shown;                /* pieces of the text went to the sink */
    bool sent;                 /* the question may have reached the provider */
    int64_t first_ms;          /* as in pool_trial */
    struct llm_answer partial; /* its figures: what may be billed all the same */
};

/* A try in progress. `c` is its own context, so that all its memory ends with it. */
struct pool_trial {
    struct ctx *c;
    struct ctx *piece; /* while a piece of a stream is read */
    const struct llm *llm;
    const struct pool_candidate *who;
    const struct pool_sink *sink;
    struct llm_ask ask; /* as this candidate is asked */
    bool tools_offered;
    struct frames frames;
    struct llm_stream stream;
    struct buf whole;   /* what a server gives all at once that was asked for a stream */
    bool fed;           /* bytes of a stream came in */
    bool heard, begun;  /* an event came in; the sink knows of it */
    size_t shown;       /* bytes of the text that went to the sink */
    int64_t started_ms; /* by clock_mono_ms */
    int64_t first_ms;   /* from then to the first token; 0: none came yet, or no stream */
    struct http_ask request;
    struct http_answer http;
    struct llm_answer answer;
};

/*
 * Makes the request, t->request, in t->c. *call: it is to be made, and its answer goes into
 * t->http; else a local model has answered already. Not OK: it can't be made. Whatever comes of it,
 * pool_trial_end follows. Uses the limits for one try; total_ms is what this try may take. c, the
 * sink and the candidate stay where they are until the end.
 */
rc_t pool_trial_begin(struct pool_trial *t, const struct ctx *c, const struct pool_candidate *who,
                      const struct pool_limits *limits, const struct llm_ask *ask,
                      const struct pool_sink *sink, bool *call) MUST;

/* Tokens of the answer that came so far, by our own count. */
int64_t pool_trial_tokens(const struct pool_trial *t);

/*
 * The call ended with this rc, and its fault in t->c. OK: the answer. Not OK: f is filled, c has no
 * fault. Frees what the try had.
 */
rc_t pool_trial_end(struct pool_trial *t, struct ctx *c, rc_t rc, struct llm_answer *out,
                    struct pool_failure *f) MUST;

#endif
