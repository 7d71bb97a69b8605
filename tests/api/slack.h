/*
 * A Slack workspace that a company has connected, and what Slack delivers for it, signed as Slack
 * does.
 */
#ifndef TESTS_API_SLACK_H
#define TESTS_API_SLACK_H

#include "call.h"

#define SLACK_SECRET "signing-secret-of-the-workspace!"
#define SLACK_HOOK "/hooks/slack/events"

struct workspace {
    struct arena *mem;
    PGconn *super;
    struct place at;
    const char *team, *app, *connection_id;
};

struct workspace workspace_new(struct arena *mem);
/* An id as Slack makes them, a new one. */
const char *slack_id(struct arena *mem, char kind);

const char *slack_sign(struct arena *mem, const char *stamp, struct bytes body, const char *secret);
/* No cookie, no origin; signed `off` seconds off our clock. */
struct reply slack_deliver_at(struct workspace *w, struct bytes body, const char *secret,
                              int64_t off);
struct reply slack_deliver(struct workspace *w, const char *body);

/* An event of the workspace with a new event id; a mention of our bot. */
const char *slack_envelope(struct workspace *w, const char *event);
const char *slack_mention(struct workspace *w, const char *ts);

/* Messages stored together with their job; and what is there without the other. */
int64_t slack_rows(struct workspace *w);
int64_t slack_strays(struct workspace *w);

#endif
