/* Markdown, as models write it, into the mark-up that Slack calls mrkdwn. */
#ifndef CHANNELS_MRKDWN_H
#define CHANNELS_MRKDWN_H

#include "base/ctx.h"

/* Most bytes of mrkdwn made from one text; Slack cuts messages at 40,000 characters. */
#define MRKDWN_MAX 38000

/*
 * Bold, italic, struck, links, lists, quotes and code in Slack's way; headings become bold lines,
 * tables code with even columns. &, < and > are escaped exactly once, so nothing in the text can
 * become a mention of a person or a channel. Where the result would be longer than MRKDWN_MAX, the
 * text is only escaped; past that, E_LIMIT.
 */
rc_t mrkdwn_of(struct ctx *c, const char *markdown, const char **out) MUST;

#endif
