/* What the files of the Slack channel share; the rest of the program sees channel_slack only. */
#ifndef CHANNELS_SLACK_H
#define CHANNELS_SLACK_H

#include "base/shape.h"
#include "channels/channel.h"

/* metadata.event_type of everything that we post; find() looks for it. */
#define SLACK_METADATA "konstruct_answer"
#define SLACK_WORD_MAX 60 /* bytes of what is kept of a word by which Slack refuses */

/* slack_check.c */
/*
 * The headers are there and fresh: E_UNAUTH hook_unsigned or hook_stale. Says nothing about the
 * signature.
 */
rc_t slack_fresh(struct ctx *c, const struct hook *hook) MUST;
rc_t slack_check(struct ctx *c, const struct hook *hook, struct bytes signing_secret) MUST;

/* slack_read.c */
rc_t slack_claim(struct ctx *c, const struct hook *hook, struct hook_claim *out) MUST;
rc_t slack_read(struct ctx *c, const struct hook *hook, const char *self, struct hook_event *out)
    MUST;

/* slack_text.c */
/*
 * Slack's mark-up undone; mentions of `self` (may be NULL) at the start are dropped, elsewhere they
 * read "@you".
 */
const char *slack_plain(struct arena *mem, const char *text, const char *self);
/* True when the text mentions this user. */
bool slack_mentions(const char *text, const char *user);

/* slack_post.c */
/* Where an answer goes, from hook_event.reply_to: "CHANNEL" or "CHANNEL:THREAD_TS". */
struct slack_place {
    const char *channel;
    const char *thread_ts; /* or NULL */
};
rc_t slack_place(struct ctx *c, const char *reply_to, struct slack_place *out) MUST;
/* A request to one Web API method with the token in its header; the body is still to be set. */
rc_t slack_call(struct ctx *c, const char *api_base, const char *secret, const char *method,
                const char *type, struct http_ask *out) MUST;
rc_t slack_write(struct ctx *c, const struct channel_post *post, struct http_ask *out) MUST;
rc_t slack_wrote(struct ctx *c, const struct http_answer *http, struct channel_outcome *out) MUST;
/* Reads a Web API answer. NULL when it is not a JSON object. */
json_t *slack_answer(struct ctx *c, const struct http_answer *http);
/* The wait that a 429 asks for; a default when it names none. */
int64_t slack_wait_ms(const struct http_answer *http);

/* slack_find.c */
rc_t slack_find(struct ctx *c, const struct channel_post *post, struct http_ask *out) MUST;
rc_t slack_found(struct ctx *c, const struct http_answer *http, const struct channel_post *post,
                 struct channel_outcome *out) MUST;

/* slack_probe.c */
rc_t slack_probe(struct ctx *c, const char *api_base, const char *secret, struct http_ask *out)
    MUST;
rc_t slack_probed(struct ctx *c, const struct http_answer *http, struct hook_claim *claim,
                  const char **self, const char **shown_name) MUST;

/* Ids and timestamps as Slack makes them: capitals and digits; digits, a dot, digits. */
bool slack_id_valid(const char *id);
bool slack_ts_valid(const char *ts);

#endif
