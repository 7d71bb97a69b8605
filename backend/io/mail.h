/*
 * Mail by SMTP (libcurl), or into a folder where there is no server: the embedded default.
 */
#ifndef IO_MAIL_H
#define IO_MAIL_H

#include "base/ctx.h"

/* One mail in plain text. `id` is a UUID: it makes the Message-ID, the same for each attempt. */
struct letter {
    const char *id, *to, *subject, *text;
};

enum letter_fate {
    LETTER_SENT,    /* the server has taken it over, or the file is written */
    LETTER_REFUSED, /* for ever: the server does not take it */
    LETTER_LATER    /* not taken, or nobody knows: to be tried again under the same Message-ID */
};

/*
 * The mail as RFC 5322 wants it; E_INVALID "mail_header" for line breaks in an address or subject.
 */
rc_t letter_write(struct ctx *c, const struct letter *letter, struct bytes *out) MUST;

/*
 * Sends it as the settings say. *why is a short text for LETTER_REFUSED and LETTER_LATER. Blocks at
 * most half a minute. E_INVALID "mail_not_set_up" when no way is set.
 */
rc_t letter_send(struct ctx *c, const struct letter *letter, enum letter_fate *fate,
                 const char **why) MUST;

/* The file that letter_send writes when there is no server, or NULL when there is one. */
const char *letter_file(struct ctx *c, const struct letter *letter);

#endif
