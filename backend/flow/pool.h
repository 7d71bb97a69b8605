/*
 * The pool of models: asks one candidate after the other until one answers, within one deadline.
 * Time limits, retries, fall-back and streaming live here and nowhere else.
 */
#ifndef FLOW_POOL_H
#define FLOW_POOL_H

#include "core/price.h"
#include "flow/purse.h"
#include "llm/llm.h"

#define POOL_CANDIDATES_MAX 6
#define POOL_TRIES_MAX ((size_t)(2 * POOL_CANDIDATES_MAX))
#define POOL_ASK_MAX MIB(1) /* all text of one question: persona, facts, tools and messages */

struct pool_candidate {
    const struct llm *llm;
    struct llm_account account;
    const char *model;
    const char *purpose; /* "primary", "fallback", "local": for the log and the tries */
    const char *account_id, *account_name; /* of a tenant's own account; NULL: the instance's */
    bool public_only;                      /* a tenant named the address, see http.h */
    const struct price *price;             /* that the tenant says it pays; NULL: it is looked up */
    int64_t answer_most; /* tokens of an answer, as its tenant says; 0: as is known of it */
    bool no_tools; /* it is asked without tools: a model that uses none may refuse the question */
};

/*
 * In milliseconds. A candidate may take total_ms, but leaves the ones after it some time of the
 * turn. A model on a slow machine may have to load first: that is what first_ms allows for.
 */
struct pool_limits {
    int64_t turn_ms;    /* all candidates together */
    int64_t connect_ms; /* to reach the provider */
    int64_t first_ms;   /* streams: until the first byte of the answer */
    int64_t idle_ms;    /* streams: between two pieces */
    int64_t total_ms;   /* one try */
};
/* 120 s, 5 s, 45 s, 30 s, 90 s. */
extern const struct pool_limits pool_usual;

struct pool_route {
    struct pool_candidate candidates[POOL_CANDIDATES_MAX];
    size_t count;
    struct pool_limits limits; /* a limit of 0 is the usual one */
    /* whose caps hold; NULL: nothing is held and nothing costs, which is for tests alone */
    const struct payer *payer;
    /* how long a model rests that failed BREAKER_FAILURES times in a row; 0: it never does */
    int64_t pause_ms;
};

/*
 * Who sees the answer come in; all members may be NULL. Deltas come only for an ask with `stream`.
 */
struct pool_sink {
    void (*delta)(void *arg, struct bytes piece); /* text as it comes in, whole UTF-8 characters */
    /*
     * Forget all pieces so far: another try begins. NULL: what was shown stays shown, so nobody
     * else is asked after it.
     */
    void (*restart)(void *arg);
    /* a provider has begun to answer, maybe without a word yet: once for each try of a stream */
    void (*began)(void *arg);
    /* asked about four times a second; true gives up */
    bool (*cancelled)(void *arg);
    /*
     * Every answer that its provider calls complete is one, without a word as well, and blanks
     * around it are its own: programs know what to make of it. Else nobody can be shown nothing,
     * and the next one is asked.
     */
    bool as_it_is;
    void *arg;
};

/* What a call costs its payer. */
struct pool_cost {
    struct purse_hold hold;
    struct price price; /* that it was held at, and that it costs */
    int64_t micros;
    const char *price_from; /* the day of the price used; NULL: no known price */
    bool price_own;         /* and it is the company's own */
    /* nobody knows whether the provider bills it: micros is what was held */
    bool unknown;
};

/* One try that failed. */
struct pool_try {
    const char *provider, *model, *purpose;
    const char *account_id, *account_name; /* NULL: the instance's own account */
    const char *code;                      /* stable, such as "llm_overloaded", "http_timeout" */
    const char *detail;                    /* for people who run the system; keys are masked */
    int status;                            /* of the HTTP answer, 0 when there was none */
    /* what the provider wants to be left alone; -1: unsaid */
    int64_t retry_after_ms;
    int64_t ms;
    int64_t first_ms; /* to its first token; 0: none came, or no stream */
    /*
     * Tokens that the provider may bill all the same: text came in before it failed, or it counted
     * some.
     */
    int64_t input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens;
    bool counted;
    struct pool_cost cost;
};

struct pool_outcome {
    /*
     * Text trimmed, and never blank but beside tool calls, unless the sink takes it as it is; calls
     * only where tools were offered. Model never NULL, figures estimated if not counted.
     */
    struct llm_answer answer;
    size_t candidate; /* index of the one that answered */
    int64_t ms;       /* what its try took */
    int64_t first_ms; /* and until its first token; 0: no stream */
    struct pool_cost cost;
    struct pool_try *tries; /* NULL when there are none */
    size_t try_count;
};

/*
 * E_UPSTREAM llm_all_failed when nobody answered: out->tries says why. E_UPSTREAM llm_broke_off: it
 * ended in the middle, and the sink can't forget. E_TIMEOUT llm_cancelled: the
 * last try says what it may cost. E_LIMIT cap_day, cap_month, cap_ever: nobody could be asked for
 * what is left of a cap.
 * E_LIMIT llm_ask_too_long and what llm_check says: the question itself can't be asked. Each failed
 * try is logged. Everything in `out` lives in c->mem; nothing else of the tries stays.
 */
rc_t pool_ask(struct ctx *c, const struct pool_route *route, const struct llm_ask *ask,
              const struct pool_sink *sink, struct pool_outcome *out) MUST;

#endif
