/*
 * Links in mails, as somebody follows them. A link works once and for a while, and only the hash of
 * its token is stored, in the row of its mail.
 */
#ifndef CORE_LINK_H
#define CORE_LINK_H

#include "base/ctx.h"
#include "base/shape.h"

struct link_token {
    const char *token;
};
extern const struct shape link_token_shape;

/* What its page shows before anything is done. */
struct link_view {
    const char *kind, *email, *company;
    /* of an invitation, else NULL; the inviter is NULL also when no longer here */
    const char *role, *inviter;
    bool known; /* of an invitation: somebody has an account with this address */
};
extern const struct shape link_view_shape;

struct link {
    const char *mail_id, *person_id, *kind, *email;
};

struct bytes link_hash(struct ctx *c, const char *token);

/*
 * Becomes the tenant of the link. E_INVALID "link_over" when there is no such link, or it was used,
 * or its time is over: nobody is told which.
 */
rc_t link_find(struct ctx *c, const char *token, struct link *out) MUST;

/* E_INVALID "link_over", recorded. */
rc_t link_over(struct ctx *c) MUST;

/* Uses the link up; E_INVALID "link_over" when somebody was quicker. */
rc_t link_use(struct ctx *c, const struct link *link) MUST;

#endif
