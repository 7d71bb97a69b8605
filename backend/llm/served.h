/*
 * OpenAI's own API as programs of a tenant call us: request bodies to neutral questions, neutral
 * answers to bodies and streams. Pure: who may ask, what it costs and who answers is decided
 * elsewhere. What cannot be done is refused by naming the member; what is harmless is ignored.
 */
#ifndef LLM_SERVED_H
#define LLM_SERVED_H

#include <jansson.h>

#include "llm/llm.h"

#define SERVED_BODY_MAX MIB(24)  /* a question with as many images as there may be */
#define SERVED_VALUES_MAX 50000  /* JSON values in one body: they, not bytes, cost memory */
#define SERVED_MESSAGES_MAX 4000 /* messages or items of one question */
#define SERVED_MODEL_MAX 200     /* bytes of a model's name */
/* Of an answer, when the question does not bound it; a model that thinks spends most on that. */
#define SERVED_TOKENS_USUAL 4096
#define SERVED_TOKENS_THINKING 16384

/* A question as it came. */
struct served_ask {
    /*
     * What the pool is asked; `model` is the name that the program wrote. Its texts live in c->mem.
     * Whoever sends it on checks it with llm_check, as the pool does.
     */
    struct llm_ask ask;
    bool unbounded; /* it does not say how long the answer may be */
    bool usage;     /* the stream shall end with the figures */
    /* Responses: the members of the question that each answer repeats, as JSON text; else NULL */
    const char *echo;
    bool blocks; /* Responses: blocks of a provider's own are wanted, to be sent back */
};

/*
 * One answer on its way to a program. The first members are the caller's, set before anything is
 * written; the others begin as zero and are the writer's own.
 */
struct served_talk {
    const struct served_ask *asked;
    const char *id;       /* of the call: letters, digits, "-" and "_" */
    const char *model;    /* who answers; streams: known before `begin` */
    int64_t created;      /* seconds */
    struct arena *mem;    /* lives as long as the talk; a stream's beginning and text go there */
    bool begun;           /* something of the stream has been written */
    size_t sent;          /* bytes of text in it */
    int64_t number;       /* Responses: of the next event */
    struct buf head, all; /* what stands before each piece; Responses: all text so far */
};

/* A refusal in OpenAI's form. */
struct served_error {
    int status;
    const char *type, *code, *message;
    const char *param; /* the member at fault, or NULL */
    int64_t wait_s;    /* for Retry-After; 0: none */
    /* trying again can help: says the header x-should-retry, which OpenAI's own clients heed */
    bool again;
};

/* One of OpenAI's APIs that answer in text. */
struct served {
    const char *path; /* "/v1/chat/completions" */
    /*
     * Reads a body of at most SERVED_BODY_MAX; large ones take milliseconds. E_INVALID with the
     * member at fault in `field`; E_LIMIT llm_too_many, body_too_large. c->mem needs room for five
     * times the body.
     */
    rc_t (*read)(struct ctx *c, struct bytes body, struct served_ask *out);
    /* A whole answer as one body. */
    void (*whole)(struct served_talk *talk, const struct llm_answer *answer, struct buf *out);
    /*
     * A stream of server-sent events: `begin` once the model is known to answer, `text` for each
     * piece (whole UTF-8 characters), `end` with the finished answer. `end` writes what has not
     * been: all of it when there was no `begin`.
     */
    void (*begin)(struct served_talk *talk, struct buf *out);
    void (*text)(struct served_talk *talk, struct bytes piece, struct buf *out);
    void (*end)(struct served_talk *talk, const struct llm_answer *answer, struct buf *out);
    /* The stream broke after its beginning: the last event says so, and nothing follows it. */
    void (*broke)(struct served_talk *talk, const struct served_error *error, struct buf *out);
};

extern const struct served served_chat, served_responses;
/* The API at this path, or NULL. */
const struct served *served_find(const char *path);

/*
 * What a fault is in OpenAI's form. Codes of the pool become OpenAI's own: caps insufficient_quota,
 * an unknown model model_not_found, too long a question context_length_exceeded. For a pool in
 * which nobody answered, the fault of its last try says more than its own.
 */
struct served_error served_error_of(const struct fault *fault);
/* {"error": {...}}: the body for e->status. */
void served_error_write(const struct served_error *e, struct buf *out);

#endif
