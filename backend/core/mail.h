/*
 * Mails to people. The web process writes a row that says who gets which kind; the worker makes the
 * link in it (link.h) and sends it.
 */
#ifndef CORE_MAIL_H
#define CORE_MAIL_H

#include <stdint.h>

#include "base/ctx.h"

/* For whom a mail is written that nobody may get: the same work as for somebody. */
#define MAIL_NOBODY "00000000-0000-0000-0000-000000000000"

/*
 * Of one person in one hour; more are not sent. Alerts of caps have as many for themselves, so that
 * they take nobody's new password away.
 */
#define MAIL_PER_HOUR 6

struct mail {
    const char *id, *person_id, *kind, *recipient, *state;
    int64_t attempts;
    int64_t recent;       /* mails of this person in the hour before this one, as above */
    const char *about_id; /* cap_alert: which; else NULL */
};

/*
 * Writes the row and its job, in the tenant of the context. A mail of kind "invite" is about an
 * invitation instead of a person.
 */
rc_t mail_add(struct ctx *c, const char *person_id, const char *kind, const char *recipient) MUST;

/*
 * The same for every admin with a proven address: one that was not proven could be anybody's.
 * about_id may be NULL.
 */
rc_t mail_add_admins(struct ctx *c, const char *kind, const char *about_id) MUST;

/* E_LIMIT "mail_limit" when this person has had MAIL_PER_HOUR: for whoever may be told. */
rc_t mail_allowed(struct ctx *c, const char *person_id) MUST;

/* For the worker: the mail of a job. */
rc_t mail_get(struct ctx *c, const char *id, struct mail *out) MUST;
/* The link's token of a mail: the same each time, so that a second copy holds the same link. */
rc_t mail_token(struct ctx *c, const char *id, const char **out) MUST;
/* The intent to send, with the hash of the link's token (NULL: it has none). */
rc_t mail_sending(struct ctx *c, const char *id, const char *token) MUST;
rc_t mail_settle(struct ctx *c, const char *id, const char *state, const char *fault) MUST;
rc_t mail_drop(struct ctx *c, const char *id) MUST;

#endif
