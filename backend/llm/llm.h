/*
 * Model providers. Each is one file, a pure translator from neutral structs to an HTTP request and
 * back: no network, no SQL, no logging. Time limits, retries, fall-back, cost and streaming to
 * people live in flow/.
 */
#ifndef LLM_LLM_H
#define LLM_LLM_H

#include "base/ctx.h"
#include "io/http.h"
#include "llm/like.h"

/*
 * Limits decided by us. An answer past one of them is a fault of the provider, and the next one is
 * asked; a question past one is refused before anybody is asked.
 */
#define LLM_TEXT_MAX KIB(256)  /* text of one answer: some 60,000 tokens */
#define LLM_BODY_MAX MIB(4)    /* a whole answer as sent; OpenAI's Responses repeat the question */
#define LLM_STREAM_MAX MIB(16) /* all bytes of a stream; each token comes wrapped in some 300 */
#define LLM_FRAME_MAX MIB(2)   /* one event of a stream; the last one may repeat everything */
#define LLM_SAID_MAX 4096      /* a provider's own words about a refusal */
#define LLM_TOKENS_MAX 100000000   /* a larger count in a usage report is nonsense */
#define LLM_PARTS_MAX 256          /* parts of one answer */
#define LLM_CALLS_MAX 64           /* tool calls of one answer */
#define LLM_ARGUMENTS_MAX KIB(128) /* arguments of one tool call */
#define LLM_OPAQUE_MAX MIB(1)      /* all blocks of a provider's own in one answer */
#define LLM_MODEL_MAX 200          /* the name by which a model answers; what is longer is cut */
#define LLM_ID_MAX 200             /* name that a provider gives to a call */
#define LLM_NAME_MAX 64            /* name of a tool or of a structure: letters, digits, "_", "-" */
#define LLM_TOOLS_MAX 128          /* tools of one question */
#define LLM_SCHEMA_MAX KIB(64)     /* a JSON schema */
#define LLM_STOPS_MAX 4            /* texts at which the model shall stop */
#define LLM_IMAGE_COUNT_MAX 50     /* images of one question */
#define LLM_IMAGES_MAX MIB(20)     /* and all their bytes, as base64 */
#define LLM_TEXTS_MAX 96           /* texts of one question for vectors */
#define LLM_DIMENSIONS_MAX 8192    /* numbers of one vector */
#define LLM_VECTORS_MAX MIB(24)    /* an answer with vectors, as sent */
#define LLM_NAMES_MAX 32000        /* names of all models that an account lists */

enum llm_author { LLM_PERSON, LLM_EMPLOYEE };

enum llm_kind {
    LLM_TEXT,
    LLM_IMAGE,  /* a person's only */
    LLM_CALL,   /* an employee's only: a tool that the model wants to be run */
    LLM_RESULT, /* a person's only, as providers see it: what the tool gave back */
    LLM_OPAQUE  /* an employee's only: a block of the provider's own, such as signed thinking */
};

/* One piece of a message. Members that its kind does not name are NULL. */
struct llm_part {
    enum llm_kind kind;
    const char *text; /* LLM_TEXT; LLM_RESULT: what the tool said, may be blank */
    /* LLM_IMAGE with bytes: "image/png", "image/jpeg", "image/gif" or "image/webp" */
    const char *media;
    const char *base64;    /* LLM_IMAGE: its bytes, RFC 4648 with padding */
    const char *url;       /* LLM_IMAGE: its https address where no bytes are given */
    const char *call_id;   /* LLM_CALL, LLM_RESULT: ties the two together */
    const char *tool;      /* LLM_CALL: the tool's name */
    const char *arguments; /* LLM_CALL: a whole JSON object, as the model wrote it */
    bool is_error;         /* LLM_RESULT: the tool failed */
    /*
     * LLM_OPAQUE: a JSON object that goes back unchanged, in its place, to the API that made it
     * (`owner` is the API's own mark), and to no other.
     */
    const char *owner, *block;
};

/*
 * Texts only: `text`. Anything else: `parts`, in the order in which they were said, and `text` is
 * not looked at. The result of a call stands in the person's messages that directly follow the
 * employee's message with the call.
 */
struct llm_message {
    enum llm_author author;
    const char *text;
    const struct llm_part *parts;
    size_t part_count;
};
#define LLM_SAYS(author, text)    \
    {                             \
        (author), (text), NULL, 0 \
    }

/* Where a provider offers more than one API: OpenAI's chat completions, or its Responses. */
enum llm_api { LLM_API_USUAL, LLM_API_RESPONSES };

/* Where a provider is reached and as whom. */
struct llm_account {
    const char *base_url; /* the provider's own default when NULL or blank */
    const char *key;      /* NULL where none is needed */
    enum llm_api api;
    /*
     * Of Azure's dated API: then the model is the name of a deployment and stands in the address.
     * NULL: not Azure, or Azure's newer undated API.
     */
    const char *api_version;
};

struct llm_tool {
    const char *name;
    const char *about;  /* for the model; NULL for none */
    const char *schema; /* JSON schema of its arguments, an object */
    /* the provider shall enforce the schema, which must then be of its subset */
    bool strict;
};

enum llm_choice {
    LLM_CHOOSE_FREELY,
    LLM_CHOOSE_NONE,     /* no tool now, though there are some */
    LLM_CHOOSE_REQUIRED, /* at least one */
    LLM_CHOOSE_ONE       /* the one in `chosen` */
};

/* How long the model may think before it speaks. */
enum llm_effort {
    LLM_EFFORT_USUAL, /* nothing is said about it */
    LLM_EFFORT_NONE,
    LLM_EFFORT_LOW,
    LLM_EFFORT_MEDIUM,
    LLM_EFFORT_HIGH
};

/*
 * A question. A model or API that cannot do what is asked (stop texts, images, a forced tool) is a
 * fault llm_cannot of that candidate. Temperature, top_p, seed and effort are wishes: they are left
 * out for models that are known to refuse them.
 */
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
    /*
     * So many of the first messages will be asked again word for word: for prompt caches. System
     * text and tools always count as such.
     */
    size_t stable_count;
    /* names the conversation's kind, where a cache wants it; NULL for none */
    const char *cache_key;
    int64_t max_tokens; /* of the answer; more than 0 */
    bool stream;

    const struct llm_tool *tools;
    size_t tool_count;
    enum llm_choice choice;
    const char *chosen; /* LLM_CHOOSE_ONE */
    bool one_call_only; /* no parallel calls */
    /* a structured answer: JSON by this schema; NULL: free text */
    const char *format_name, *format_schema;
    bool format_loose; /* the schema is a guide: the provider need not enforce it */
    bool format_json;  /* without a schema: any JSON object */

    const double *temperature, *top_p; /* NULL: the model's own */
    const int64_t *seed;
    const char *const *stops;
    size_t stop_count;
    enum llm_effort effort;

    /*
     * A question for vectors: one for each text, and of all the rest only the model counts. It is
     * asked of an llm's `vectors` translator; see llm/vectors.h.
     */
    const char *const *texts;
    size_t text_count;
    int64_t dimensions; /* of each vector; 0: as many as the model has */
};

enum llm_stop {
    LLM_STOP_END,
    LLM_STOP_LENGTH,
    LLM_STOP_REFUSED, /* by the model */
    LLM_STOP_CALLS,
    LLM_STOP_FILTERED, /* by the provider's safety filter, maybe after some text */
    LLM_STOP_SEQUENCE, /* one of the ask's stops */
    LLM_STOP_PAUSED    /* asked again with this answer at its end, the model goes on */
};

struct llm_answer {
    /*
     * All text joined, a refusal's words included; never NULL after OK; "" when the provider gave
     * none
     */
    const char *text;
    const char *model; /* as the provider names it; NULL when it does not */
    enum llm_stop stop;
    /* Everything in order: text, whole calls, opaque blocks. To be sent back as it is. */
    const struct llm_part *parts;
    size_t part_count, call_count;
    /* calls that broke off before their end; they are no part of the answer */
    size_t cut_calls;
    const char *refusal;    /* the provider's words for refusing, or NULL */
    const char *id;         /* the answer's, as the provider names it; NULL when it does not */
    const char *request_id; /* of the HTTP answer: what the provider's support asks for; or NULL */
    int64_t input_tokens;   /* all input tokens, the cached ones and images included */
    int64_t cached_tokens;  /* of these, read from the provider's cache */
    int64_t cache_write_tokens; /* of these, written to its cache */
    int64_t image_tokens;       /* of these, for images, where the provider tells */
    int64_t output_tokens;
    int64_t reasoning_tokens; /* of these, thinking */
    bool counted; /* the figures are the provider's own; false: it gave none, and flow/ estimates */
    /* What a question for vectors got: `dimensions` numbers for each text, one after the other. */
    const float *vectors;
    size_t vector_count, dimensions;
};

/* A part while it comes in; see gather.h. */
struct llm_block;

/*
 * A streamed answer while it comes in. flow/ feeds events; the adapter adds to it. Whole answers
 * are read into one as well.
 */
struct llm_stream {
    struct buf text; /* all text so far */
    /* figures and stop as they become known */
    struct llm_answer so_far;
    /* the provider said that the answer is complete: without it the answer is torn */
    bool ended;
    struct llm_block *blocks; /* at most LLM_PARTS_MAX; they move when another one is added */
    size_t block_count, call_count, opaque_bytes;
    struct buf refusal;
    struct like like; /* the adapter's: what the last piece of text looked like */
};

enum llm_framing { LLM_SSE, LLM_LINES };

enum llm_can { LLM_CAN_STREAM = 1, LLM_CAN_LOCAL = 2 };

struct llm {
    const char *name;
    const struct llm *responses; /* what speaks LLM_API_RESPONSES, where the provider has it */
    const struct llm *vectors;   /* what makes vectors of texts, where the provider has it */
    const char *default_url;     /* NULL: needs no address */
    unsigned can;
    enum llm_framing framing;
    bool needs_key;    /* at its default address; an own endpoint may have none */
    size_t answer_max; /* bytes of a whole answer; 0: LLM_BODY_MAX */

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
    /* The request for the models that an account offers, which costs nothing. */
    rc_t (*list)(struct ctx *c, const struct llm_account *account, struct http_ask *out);
    /*
     * Reads its answer: the names with blanks between, at most LLM_NAMES_MAX bytes of them; ""
     * where what is listed can't be asked by its name.
     */
    rc_t (*listed)(struct ctx *c, const struct llm_account *account, const struct http_answer *http,
                   const char **names);
    /* LLM_CAN_LOCAL: answers by itself; all functions above are NULL. */
    rc_t (*local)(struct ctx *c, const struct llm_ask *ask, struct llm_answer *out);
};

/* The provider of this name, or NULL. */
const struct llm *llm_find(const char *name);
/* All of them, in the order of llms.def. */
const struct llm *const *llm_all(size_t *count);
/* The translator for the account's API; `llm` itself where it has but one. */
const struct llm *llm_speaking(const struct llm *llm, const struct llm_account *account);

/* An empty stream whose text and parts live in `mem`. */
struct llm_stream llm_stream_new(struct arena *mem);
/* Text and figures that the stream holds now, torn or not; no parts. */
struct llm_answer llm_stream_answer(struct llm_stream *stream);
/*
 * The complete answer with its parts, in the stream's memory. E_UPSTREAM llm_torn when the provider
 * has not ended it, llm_broken when a call's arguments are no JSON object although nothing cut them
 * off.
 */
rc_t llm_stream_finish(struct ctx *c, const char *provider, struct llm_stream *stream,
                       struct llm_answer *out) MUST;
/* A copy of the answer with all its texts and parts. */
struct llm_answer llm_answer_copy(struct arena *mem, const struct llm_answer *from);
/* The model or its provider refused: stop is LLM_STOP_REFUSED or LLM_STOP_FILTERED. */
bool llm_refused(const struct llm_answer *answer);

/*
 * Whether the question can be asked of anybody: E_INVALID llm_bad_text (no UTF-8), llm_no_message
 * (nothing of a person), llm_bad_tool, llm_bad_schema, llm_bad_image, llm_bad_order (a call without
 * its result, a result without its call, a part that its author can't say); E_LIMIT llm_too_many
 * past one of the limits above.
 */
rc_t llm_check(struct ctx *c, const struct llm_ask *ask) MUST;
/* Bytes of everything that is text in the question: system, facts, messages, tools; no images. */
size_t llm_ask_bytes(const struct llm_ask *ask);
/*
 * The parts of a message; one without parts has its text as the only one, for which `single` is
 * the room.
 */
const struct llm_part *llm_parts(const struct llm_message *message, struct llm_part *single,
                                 size_t *count);

/*
 * Tokens of a text, for where the provider counts none: words by their length, digits by threes,
 * signs one each, and other scripts by their characters. Within a third of what common tokenizers
 * say for English, rather above than below.
 */
int64_t llm_estimate_tokens(const char *text);
/*
 * The same for the whole question: system text, tools and all messages with a few tokens of
 * wrapping each; an image counts as LLM_IMAGE_TOKENS.
 */
#define LLM_IMAGE_TOKENS 1500
int64_t llm_estimate_ask(const struct llm_ask *ask);

/*
 * The fault that an error status of any provider means, always E_UPSTREAM, with a stable code:
 * llm_key_refused (401,
 * 403), llm_no_credit (402, or a quota named in the words), llm_model_unknown (404), llm_too_long
 * (413, or a context
 * length named in the words), llm_bad_request (other 4xx), llm_rate_limited (429), llm_overloaded
 * (408, 503, 529), llm_filtered (a safety filter named in the words), llm_broken (other 5xx, and
 * answers that can't be read). `said` is the provider's own words or NULL; it may hold the key that
 * was sent, so flow/ masks it before it goes anywhere.
 */
rc_t llm_fault(struct ctx *c, const char *provider, int status, const char *said) MUST;

#endif
