/*
 * What the adapters share: building the request's address and JSON, and reading a vendor's JSON.
 * Unknown members are ignored; a known one of the wrong type is E_UPSTREAM llm_broken, because
 * guessing would put nonsense before a person.
 */
#ifndef LLM_VENDOR_H
#define LLM_VENDOR_H

#include <jansson.h>

#include "llm/llm.h"

/*
 * The address to call. `root` is the path under which the API stands ("/v1"); it is not added twice
 * when the account's address ends with it already. An address with another path of its own (a
 * gateway's) gets it only if `always`. A query of the address stays behind the path.
 */
const char *vendor_url(struct ctx *c, const char *base, const char *root, bool always,
                       const char *path);

/*
 * Gives a new body to the arena; E_INVALID llm_bad_text when it is NULL because a text in it is no
 * UTF-8.
 */
rc_t vendor_body(struct ctx *c, json_t *body) MUST;

/* The value as JSON text, ended by a zero; vendor_write.c. */
struct bytes vendor_written(struct arena *mem, json_t *v);

/* The request: POST, the address, the JSON body and its type. */
void vendor_post(struct ctx *c, const char *url, json_t *body, struct http_ask *out);

/*
 * Sets a member and takes the value over; E_INVALID llm_bad_text when it is NULL, which is what
 * building it from a text that is no UTF-8 gives.
 */
rc_t vendor_put(struct ctx *c, json_t *object, const char *key, json_t *value) MUST;
/* A text as a value, or NULL when it is no UTF-8: for vendor_put, vendor_push. */
json_t *vendor_string(const char *text);
/* The same at the end of a list. */
rc_t vendor_push(struct ctx *c, json_t *list, json_t *value) MUST;

/*
 * JSON text of a value with its numbers as short as they can be said: 19.99 stays 19.99, and means
 * the same as before.
 */
const char *vendor_compact(struct arena *mem, const json_t *value);

/* JSON that our own caller gave: a schema, a call's arguments, a block. Belongs to the arena. */
rc_t vendor_given(struct ctx *c, const char *text, json_t **out) MUST;

/* An image as an address: its own, or "data:" with its bytes. */
const char *vendor_image_url(struct arena *mem, const struct llm_part *image);

/*
 * A call's id as every provider takes it: itself when it is short and plain, else one made of it,
 * always the same.
 */
const char *vendor_call_id(struct arena *mem, const char *id);
/*
 * An id for a call that the provider gave none: made of what it sent, so that reading it again
 * gives the same one.
 */
const char *vendor_made_id(struct arena *mem, const char *answer, const char *tool,
                           const char *arguments, size_t number);

/* A model or API that cannot do what is asked: llm_cannot. */
rc_t vendor_cannot(struct ctx *c, const char *provider, const char *what) MUST;

/* The JSON object in a piece of an answer. */
rc_t vendor_json(struct ctx *c, const char *provider, struct bytes text, json_t **out) MUST;

/*
 * A member of `from` (NULL counts as an object without members). Missing or null leaves *out as it
 * was.
 */
rc_t vendor_text(struct ctx *c, const char *provider, const json_t *from, const char *key,
                 const char **out) MUST;
rc_t vendor_count(struct ctx *c, const char *provider, const json_t *from, const char *key,
                  int64_t *out) MUST;
rc_t vendor_object(struct ctx *c, const char *provider, const json_t *from, const char *key,
                   json_t **out) MUST;
/* The same for a list. */
rc_t vendor_list(struct ctx *c, const char *provider, const json_t *from, const char *key,
                 json_t **out) MUST;

/* A GET without a body. */
void vendor_get(const char *url, struct http_ask *out);

/*
 * The names in a list of models: {list: [{name: ...}]}, or the list alone; with blanks between.
 * What has no name, or one with blanks in it, is left out, and so is what is past LLM_NAMES_MAX.
 */
rc_t vendor_names(struct ctx *c, const char *provider, const struct http_answer *http,
                  const char *list, const char *name, const char **names) MUST;

/*
 * Settles the figures at the end: parts of a sum never above the sum, and counted only when
 * something was counted.
 */
void vendor_settle(struct llm_answer *answer);

/*
 * The fault in an error object: {"message", "type", "code"} of several vendors, or plain text.
 * `status` is the answer's; within a stream that began with 200 the kind is read from type and
 * code.
 */
rc_t vendor_fault(struct ctx *c, const char *provider, int status, const json_t *error) MUST;

/*
 * The fault of a whole answer whose status is not 2xx, or that says {"error": ...} with status 200.
 */
rc_t vendor_refusal(struct ctx *c, const char *provider, const struct http_answer *http) MUST;

#endif
