/*
 * Against guessing: how often a password may be tried for one account, and from one address, in a
 * span of time. Counted before anything is looked up, so that it is the same for accounts that do
 * not exist.
 */
#ifndef CORE_LOGIN_LIMIT_H
#define CORE_LOGIN_LIMIT_H

#include "base/ctx.h"

/*
 * Counts a try for this e-mail address (NULL: it is about no account) from this address of the
 * network (NULL: that does not count). E_LIMIT "login_limit" with the limit's name and the time to
 * wait when there were too many. The count stands once the transaction is committed, which must be
 * before the password is tested.
 */
rc_t login_try(struct ctx *c, const char *email, const char *remote) MUST;

/*
 * For other things that are counted in the same way, such as mails to one address: the limit's
 * name, what it counts for (kept as a hash only), how many in how many minutes. E_LIMIT
 * with that name as its code and this sentence. Counted when the transaction is committed.
 */
rc_t limit_try(struct ctx *c, const char *limit, const char *what, int64_t most, int64_t minutes,
               const char *sentence) MUST;

/* The password was right. */
rc_t login_right(struct ctx *c, const char *email, const char *remote) MUST;

#endif
