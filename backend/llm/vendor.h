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
 * gateway's) gets it only if `always`.
 */
const char *vendor_url(struct ctx *c, const char *base, const char *root, bool always,
                       const char *path);

/*
 * Gives a new body to the arena; E_INVALID llm_bad_text when it is NULL because a text in it is no
 * UTF-8.
 */
rc_t vendor_body(struct ctx *c, json_t *body) MUST;

/* The request: POST, the address, the JSON body and its type. */
void vendor_post(struct ctx *c, const char *url, const json_t *body, struct http_ask *out);

/* Adds {role, content} to list; false when the text is no UTF-8. */
bool vendor_say(json_t *list, const char *role, const char *text);

/*
 * The conversation as the vendor's messages, blank ones left out; E_INVALID llm_no_message when
 * none is left.
 */
rc_t vendor_messages(struct ctx *c, const struct llm_ask *ask, json_t *list) MUST;

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

/* Adds text to a stream; llm_broken when the answer passes LLM_TEXT_MAX. */
rc_t vendor_add(struct ctx *c, const char *provider, struct llm_stream *stream, const char *text)
    MUST;

/*
 * Settles the figures at the end: cached never above input, and counted only when something was
 * counted.
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
