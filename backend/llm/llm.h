/*
 * Model providers. Each is one file, a pure translator from neutral structs to an HTTP request and
 * back: no network, no SQL, no logging. Time limits, retries, fall-back, cost and streaming to
 * people live in flow/.
 */
#ifndef LLM_LLM_H
#define LLM_LLM_H

#include "base/ctx.h"
#include "io/http.h"

/*
 * Limits decided by us. An answer past one of them is a fault of the provider, and the next one is
 * asked.
 */
#define LLM_TEXT_MAX KIB(256)    /* text of one answer: some 60,000 tokens */
#define LLM_BODY_MAX MIB(2)      /* a whole answer as sent, with its JSON */
#define LLM_STREAM_MAX MIB(16)   /* all bytes of a stream; each token comes wrapped in some 300 */
#define LLM_FRAME_MAX KIB(512)   /* one event of a stream */
#define LLM_SAID_MAX 4096        /* a provider's own words about a refusal */
#define LLM_TOKENS_MAX 100000000 /* a larger count in a usage report is nonsense */

enum llm_author { LLM_PERSON, LLM_EMPLOYEE };

struct llm_message {
    enum llm_author author;
    const char *text;
};

/* Where a provider is reached and as whom. */
struct llm_account {
    const char *base_url; /* the provider's own default when NULL or blank */
    const char *key;      /* NULL where none is needed */
};

struct llm_ask {
    const char *model;
    /* persona and facts as one text: what a real model gets; NULL for none */
    const char *system;
    const char *name, *role;  /* the employee's; starter only */
    const char *const *facts; /* starter only: what the employee knows, one sentence each */
    size_t fact_count;
    /* oldest first, the last one from a person; authors may repeat */
    const struct llm_message *messages;
    size_t count;
    int64_t max_tokens; /* of the answer; more than 0 */
    bool stream;
};

enum llm_stop { LLM_STOP_END, LLM_STOP_LENGTH, LLM_STOP_REFUSED };

struct llm_answer {
    const char *text;  /* never NULL after OK; "" when the provider gave none */
    const char *model; /* as the provider names it; NULL when it does not */
    enum llm_stop stop;
    int64_t input_tokens;  /* all input tokens, the cached ones included */
    int64_t cached_tokens; /* of these, read from the provider's cache */
    int64_t output_tokens;
    bool counted; /* the figures are the provider's own; false: it gave none, and flow/ estimates */
};

/*
 * A streamed answer while it comes in. flow/ feeds events; the adapter adds to `text` and `so_far`.
 */
struct llm_stream {
    struct buf text; /* all text so far */
    /* figures and stop as they become known; text is set by llm_stream_answer */
    struct llm_answer so_far;
    /* the provider said that the text is complete: without it the answer is torn */
    bool ended;
};

enum llm_framing { LLM_SSE, LLM_LINES };

enum llm_can { LLM_CAN_STREAM = 1, LLM_CAN_LOCAL = 2 };

struct llm {
    const char *name;
    const char *default_url; /* NULL: needs no address */
    unsigned can;
    enum llm_framing framing;
    bool needs_key; /* at its default address; an own endpoint may have none */

    /* The request for `ask`. Time limits and size limits are the caller's. */
    rc_t (*ask)(struct ctx *c, const struct llm_account *account, const struct llm_ask *ask,
                struct http_ask *out);
    /*
     * Reads a whole answer, status 200 or not; a refusal of the provider becomes a fault (see
     * llm_fault).
     */
    rc_t (*answer)(struct ctx *c, const struct http_answer *http, struct llm_answer *out);
    /*
     * Reads one event of a stream: `event` is the SSE event name (empty when there is none), data
     * its data or the line. `c` may end right after; what must outlive it goes into
     * stream->text.mem.
     */
    rc_t (*event)(struct ctx *c, struct bytes event, struct bytes data, struct llm_stream *stream);
    /* LLM_CAN_LOCAL: answers by itself; ask, answer and event are NULL. */
    rc_t (*local)(struct ctx *c, const struct llm_ask *ask, struct llm_answer *out);
};

/* The provider of this name, or NULL. */
const struct llm *llm_find(const char *name);
/* All of them, in the order of llms.def. */
const struct llm *const *llm_all(size_t *count);

/* An empty stream whose text and names live in `mem`. */
struct llm_stream llm_stream_new(struct arena *mem);
/* The answer that the stream holds now, torn or not. */
struct llm_answer llm_stream_answer(struct llm_stream *stream);

/*
 * Tokens of a text, for where the provider counts none: words by their length, digits by threes,
 * signs one each, and other scripts by their characters. Within a third of what common tokenizers
 * say for English, rather above than below.
 */
int64_t llm_estimate_tokens(const char *text);
/*
 * The same for the whole question: system text and all messages with a few tokens of wrapping each.
 */
int64_t llm_estimate_ask(const struct llm_ask *ask);

/*
 * The fault that an error status of any provider means, always E_UPSTREAM, with a stable code:
 * llm_key_refused (401,
 * 403), llm_no_credit (402, or a quota named in the words), llm_model_unknown (404), llm_too_long
 * (413, or a context
 * length named in the words), llm_bad_request (other 4xx), llm_rate_limited (429), llm_overloaded
 * (408, 503, 529), llm_broken (other 5xx, and answers that can't be read). `said` is the provider's
 * own words or NULL; it may hold the key that was sent, so flow/ masks it before it goes anywhere.
 */
rc_t llm_fault(struct ctx *c, const char *provider, int status, const char *said) MUST;

#endif
