/*
 * Channels: where people talk to employees. Each is one file, a pure translator between what the
 * vendor sends and accepts and our neutral structs: no network, no SQL, no logging.
 */
#ifndef CHANNELS_CHANNEL_H
#define CHANNELS_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "io/http.h"

/* A webhook as it arrived. */
struct hook {
    struct bytes body;
    const char *(*header)(const void *native, const char *name); /* by lower-case name, or NULL */
    const void *native;
    int64_t now_s;
};

/*
 * Which installation a webhook claims to be for, read before its signature can be judged: nothing
 * in it is trusted. probed() fills it with what the vendor says about a token.
 */
struct hook_claim {
    const char *
        /* the workspace: Slack's team id; NULL when the body names none (url_verification) */
        install;
    const char *app; /* the vendor's id of our app, or NULL */
};

/* Longest text of one message that we take in, bytes. What is longer is cut, and the cut shows. */
#define HOOK_TEXT_MAX 40000
#define HOOK_NAME_MAX 200 /* bytes of an author's name; what is longer is cut */

enum hook_kind { HOOK_IGNORE, HOOK_CHALLENGE, HOOK_MESSAGE };

struct hook_event {
    enum hook_kind kind;
    const char
        *why; /* HOOK_IGNORE: a short stable word for the counter, such as "bot", "edit", "join" */
    const char *challenge; /* HOOK_CHALLENGE: what to answer, as text/plain */
    /* HOOK_MESSAGE: */
    const char *
        /*
         * the message's own identity within the installation (Slack: channel + ts): not the event's
         */
        message_key;
    const char *
        /*
         * the conversation within the installation (Slack: channel + thread ts; channel for a DM)
         */
        thread_key;
    const char *
        /* what write() needs to answer in the right place, opaque text of at most 500 bytes */
        reply_to;
    const char *author;      /* the vendor's id of who wrote */
    const char *author_name; /* at most HOOK_NAME_MAX bytes, or NULL */
    const char *
        /* plain text with the vendor's mark-up undone; never blank; at most HOOK_TEXT_MAX bytes */
        text;
    int64_t sent_s;
    /*
     * Nobody addressed us: it is for us only when thread_key is a conversation that we have
     * already.
     */
    bool only_if_known_thread;
};

/* One part of an answer on its way out. */
struct channel_post {
    const char *
        token; /* names this part for ever: the vendor carries it, so that a crash can be settled */
    const char *secret;   /* the installation's opened bot token */
    const char *reply_to; /* from hook_event */
    const char *text;     /* Markdown, at most max_text bytes */
    const char *api_base; /* the vendor's address, from the settings */
    /* For find(): */
    int64_t since_s;    /* when sending began */
    const char *self;   /* the installation's own bot user id, or NULL */
    const char *cursor; /* of the page to read, from POST_MORE; NULL for the first */
};

enum channel_result {
    POST_SENT,    /* provider_id is set */
    POST_LATER,   /* try again after retry_after_ms: nothing was posted */
    POST_REFUSED, /* for ever: revoked token, channel gone. `why` says it in the vendor's word */
    /*
     * may or may not have been posted: settle by find(); said by found(), only a person can settle
     * it
     */
    POST_UNKNOWN,
    POST_ABSENT, /* found(): it was certainly not posted */
    POST_MORE    /* found(): not on this page; ask find() again with `cursor` */
};

struct channel_outcome {
    enum channel_result result;
    const char *provider_id;
    const char *why;
    const char *cursor;
    int64_t retry_after_ms;
    bool
        /* POST_REFUSED: not this post but the whole installation: its token, its rights */
        install_broken;
};

/*
 * A channel that only answers inside the product (portal) has a name and nothing else: write and
 * claim are NULL.
 */
struct channel {
    const char *name;
    size_t max_text;         /* bytes of Markdown that one post may carry */
    bool can_find;           /* find() settles an unknown post */
    const char *api_setting; /* the setting that holds the vendor's address, such as "slack_api" */

    /*
     * E_UNAUTH hook_unsigned or hook_stale before a byte of the body is looked at, so that nobody
     * without a fresh stamp makes us parse; E_INVALID not_json for a wrong content type, and
     * hook_not_utf8, hook_shape or one of json_parse's codes for a bad body.
     */
    rc_t (*claim)(struct ctx *c, const struct hook *hook, struct hook_claim *out);
    /*
     * E_UNAUTH with code hook_unsigned, hook_stale or hook_signature when it is not really theirs.
     */
    rc_t (*check)(struct ctx *c, const struct hook *hook, struct bytes signing_secret);
    /* Whether something can be posted at this place (as reply_to), and not only in answer. */
    bool (*place_valid)(const char *place);
    /* `self` is the installation's own bot user id, or NULL. */
    rc_t (*read)(struct ctx *c, const struct hook *hook, const char *self, struct hook_event *out);
    rc_t (*write)(struct ctx *c, const struct channel_post *post, struct http_ask *out);
    rc_t (*wrote)(struct ctx *c, const struct http_answer *http, struct channel_outcome *out);
    rc_t (*find)(struct ctx *c, const struct channel_post *post, struct http_ask *out);
    rc_t (*found)(struct ctx *c, const struct http_answer *http, const struct channel_post *post,
                  struct channel_outcome *out);
    /*
     * The request and reading that prove a bot token when a channel is added: fills install, app
     * and self ids.
     */
    rc_t (*probe)(struct ctx *c, const char *api_base, const char *secret, struct http_ask *out);
    rc_t (*probed)(struct ctx *c, const struct http_answer *http, struct hook_claim *claim,
                   const char **self, const char **shown_name);
};

#define CHANNEL(name) extern const struct channel channel_##name;
#include "channels/channels.def"
#undef CHANNEL

/* The channel of this name, or NULL. */
const struct channel *channel_find(const char *name);
/* All of them, in the order of channels.def. */
const struct channel *const *channel_all(size_t *count);

/*
 * Cuts Markdown into parts of at most `max` bytes: between paragraphs, else lines, else sentences,
 * else words, else characters; never inside a UTF-8 character. A code fence that is cut is closed
 * and opened again with its language. Blank text has no parts. max is at least CHANNEL_SPLIT_LEAST.
 */
#define CHANNEL_SPLIT_LEAST 64
rc_t channel_split(struct ctx *c, const char *markdown, size_t max, const char ***parts,
                   size_t *count) MUST;

#endif
