/*
 * Model providers. Each is one file, a pure translator from neutral structs to an HTTP request and back: no network, no
 * SQL, no logging. Time limits, retries, fall-back, cost and streaming to people live in flow/.
 */
#ifndef LLM_LLM_H
#define LLM_LLM_H

#include "base/ctx.h"
#include "io/http.h"

enum llm_author { LLM_PERSON, LLM_EMPLOYEE };

struct llm_message {
    enum llm_author author;
    const char *text;
};

/* Where a provider is reached and as whom. */
struct llm_account {
    const char *base_url; /* without a slash at the end; the provider's own default when NULL */
    const char *key;      /* NULL where none is needed */
};

struct llm_ask {
    const char *model;
    const char *system;     /* persona and facts as one text: what a real model gets; NULL for none */
    const char *name, *role; /* the employee's; starter only */
    const char *const *facts; /* starter only: what the employee knows, one sentence each */
    size_t fact_count;
    const struct llm_message *messages; /* oldest first, the last one from a person; authors may repeat */
    size_t count;
    int64_t max_tokens; /* of the answer */
    bool stream;
};

enum llm_stop { LLM_STOP_END, LLM_STOP_LENGTH, LLM_STOP_REFUSED };

struct llm_answer {
    const char *text;
    const char *model; /* as the provider names it, or as asked */
    enum llm_stop stop;
    int64_t input_tokens;  /* all input tokens, the cached ones included */
    int64_t cached_tokens; /* of these, read from the provider's cache */
    int64_t output_tokens;
    bool counted; /* the figures are the provider's own; false: it gave none, and flow/ estimates */
};

/* A streamed answer while it comes in. flow/ feeds events; the adapter adds to `text` and `so_far`. */
struct llm_stream {
    struct buf text;         /* all text so far */
    struct llm_answer so_far; /* figures and stop as they become known; text is set at the end */
    bool ended;              /* the provider's own end mark was seen: without it the answer is torn */
};

enum llm_framing { LLM_SSE, LLM_LINES };

enum llm_can { LLM_CAN_STREAM = 1, LLM_CAN_LOCAL = 2 };

struct llm {
    const char *name;
    const char *default_url; /* NULL: the account must name one, or the provider is local */
    unsigned can;
    enum llm_framing framing;
    bool needs_key;

    /* The request for `ask`. */
    rc_t (*ask)(struct ctx *c, const struct llm_account *account, const struct llm_ask *ask, struct http_ask *out);
    /* Reads a whole answer, status 200 or not; a refusal of the provider becomes a fault (see llm_fault). */
    rc_t (*answer)(struct ctx *c, const struct http_answer *http, struct llm_answer *out);
    /* Reads one event of a stream: `event` is the SSE event name ("" when there is none), data its data or the line. */
    rc_t (*event)(struct ctx *c, struct bytes event, struct bytes data, struct llm_stream *stream);
    /* LLM_CAN_LOCAL: answers by itself; ask, answer and event are NULL. */
    rc_t (*local)(struct ctx *c, const struct llm_ask *ask, struct llm_answer *out);
};

/* The provider of this name, or NULL. */
const struct llm *llm_find(const char *name);
/* All of them, in the order of llms.def. */
const struct llm *const *llm_all(size_t *count);

/*
 * The fault that an error status of any provider means, with a stable code: llm_key_refused (401, 403), llm_model_unknown
 * (404), llm_too_long (400/413 about context), llm_bad_request (other 4xx), llm_rate_limited (429), llm_overloaded (529,
 * 503), llm_broken (other 5xx, and answers that can't be read). `said` is the provider's own words, shortened, or NULL.
 */
rc_t llm_fault(struct ctx *c, const char *provider, const struct http_answer *http, const char *said);

#endif
