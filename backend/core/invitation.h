/*
 * Invitations: somebody may join the company in a role, by the link of a mail that proves the
 * address. An invitation is there until it is accepted or withdrawn.
 */
#ifndef CORE_INVITATION_H
#define CORE_INVITATION_H

#include "base/shape.h"
#include "io/db.h"

struct invitation {
    const char *id, *email, *role;
    const char *invited_by; /* name, or NULL when that person is no longer here */
    int64_t created, expires;
    bool expired;
    const char *mail; /* state of the newest mail: pending, sending, sent or refused */
};
extern const struct shape invitation_shape;

struct new_invitation {
    const char *email, *role;
};
extern const struct shape new_invitation_shape;

/* What somebody new sends who follows the link. */
struct invitation_join {
    const char *token, *name, *password;
};
extern const struct shape invitation_join_shape;

/* Newest first. */
rc_t invitation_list(struct ctx *c, struct page *page, struct invitation **items, size_t *count)
    MUST;
rc_t invitation_get(struct ctx *c, const char *id, struct invitation *out) MUST;

/*
 * Makes one with its mail; one to the same address whose time is over is taken over. E_CONFLICT
 * "already_member" or "already_invited"; E_LIMIT "invites_open" when too many are open,
 * "invites_to_address" and "invites_of_company" when too many such mails went out in a day: the
 * first of these counts over all companies, so that nobody is flooded, and tells nothing of
 * accounts. Checks what is given.
 */
rc_t invitation_add(struct ctx *c, const struct new_invitation *in, struct invitation *out) MUST;

/* Another mail, and its whole time anew, with the same limits. */
rc_t invitation_again(struct ctx *c, const char *id, struct invitation *out) MUST;

rc_t invitation_withdraw(struct ctx *c, const char *id) MUST;

/* Takes it, once; E_INVALID "link_over" when it is no longer there or its time is over. */
rc_t invitation_take(struct ctx *c, const char *id, const char **role) MUST;

/* Who has proven its address, or NULL: only for whoever holds the link. */
rc_t invitation_person(struct ctx *c, const char *id, const char **person_id) MUST;

#endif
