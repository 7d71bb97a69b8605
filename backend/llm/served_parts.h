/* What the readers and writers of OpenAI's served APIs share; see served.h. */
#ifndef LLM_SERVED_PARTS_H
#define LLM_SERVED_PARTS_H

#include "llm/served.h"

/* Where a value stands in the body; becomes text, "messages[2].content", only for a fault. */
struct served_at {
    const struct served_at *up; /* NULL: the body itself */
    const char *key;            /* NULL: `index` of a list */
    size_t index;
};

/* E_INVALID for the member `key` (NULL: for the value itself) at `at`. */
rc_t served_bad(struct ctx *c, const struct served_at *at, const char *key, const char *code,
                const char *words);
/* The same for a member that is wrong by its type, or that cannot be had here. */
rc_t served_wrong_type(struct ctx *c, const struct served_at *at, const char *key,
                       const char *wanted);
rc_t served_cannot(struct ctx *c, const struct served_at *at, const char *key, const char *words);

/*
 * The body as an object, bounded in bytes, values and depth. Its reader empties it at the end, as
 * an answer may take long: what is kept of it are copies.
 */
rc_t served_body(struct ctx *c, struct bytes body, json_t **out) MUST;

/* A copy of a JSON text. */
const char *served_kept(struct ctx *c, const json_t *text);
/* Members; missing or null leaves *out as it was. Numbers outside the bounds are invalid_value. */
rc_t served_text(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                 const char **out) MUST;
rc_t served_bool(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                 bool *out) MUST;
rc_t served_int(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                int64_t min, int64_t max, int64_t *out) MUST;
rc_t served_list(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                 json_t **out) MUST;
rc_t served_object(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                   json_t **out) MUST;
/* A wish between 0 and max, given to the ask's memory; NULL when it is not there. */
rc_t served_wish(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                 double max, const double **out) MUST;
/* A text that must be there and say something. */
rc_t served_needed(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                   size_t max, const char **out) MUST;

/*
 * Members that change an answer and that nobody here can heed: anything but `null`, false, 0, an
 * empty text, list or object in them is refused.
 */
struct served_never {
    const char *key, *words;
};
rc_t served_refuse(struct ctx *c, const json_t *body, const struct served_never *rows, size_t count)
    MUST;

/* What both APIs name alike: model, temperature, top_p, stream, cache key, parallel calls. */
rc_t served_common(struct ctx *c, const json_t *body, struct llm_ask *ask) MUST;
/* An image by its address or "data:" address. */
rc_t served_image(struct ctx *c, const struct served_at *at, const char *key, const char *url,
                  struct llm_part *out) MUST;
/* The word of an effort; an unknown one is invalid_value. */
rc_t served_effort(struct ctx *c, const struct served_at *at, const json_t *from, const char *key,
                   enum llm_effort *out) MUST;
/*
 * What may be called, what must be, and the form of the answer. What belongs to a function or to a
 * schema stands in the member `inside` of each, or (NULL) beside its type.
 */
rc_t served_tools(struct ctx *c, const json_t *body, const char *inside, struct llm_ask *ask) MUST;
rc_t served_tool_choice(struct ctx *c, const json_t *body, const char *inside, struct llm_ask *ask)
    MUST;
rc_t served_format(struct ctx *c, const struct served_at *at, const json_t *from,
                   const char *inside, struct llm_ask *ask) MUST;

/* The usual length of an answer, where the question named none. */
void served_bound(struct served_ask *out);

/* Messages in the making, with the system's texts apart. */
struct served_talked {
    struct llm_message *messages;
    size_t count;
    struct buf system;
};
struct served_talked served_talked_new(struct ctx *c, size_t most, size_t bytes);
void served_system(struct served_talked *talked, const char *text);
/* One message of these parts; a lone text becomes the message's text. */
void served_said(struct served_talked *talked, enum llm_author author, struct llm_part *parts,
                 size_t count);
void served_settle(struct served_talked *talked, struct llm_ask *ask);

/* A JSON string with its quotes, or null. */
void served_string(struct buf *out, const char *text);
/* The words of a refusal, when they are all that the answer says; else NULL. */
const char *served_only_refusal(const struct llm_answer *answer);

#endif
