/*
 * Apps that a company has registered: programs that ask its people for leave to act for them, or
 * act for themselves. An app that can keep a secret has one, shown once.
 */
#ifndef CORE_OAUTH_APP_H
#define CORE_OAUTH_APP_H

#include "base/shape.h"
#include "core/permission.h"
#include "core/token.h"
#include "io/db.h"

#define APP_REDIRECTS_MAX 10

/* As admins see it; times are seconds UTC, 0 where there is none. */
struct oauth_app {
    const char *id, *name, *redirects, *scopes, *hint, *created_by, *secret;
    bool confidential;
    int64_t created, used, old_until;
};
extern const struct shape oauth_app_shape;
extern const struct shape oauth_app_made_shape; /* with the secret */

struct new_oauth_app {
    const char *name, *redirects, *scopes;
    bool confidential;
};
extern const struct shape new_oauth_app_shape;
extern const struct shape oauth_app_change_shape; /* all but what kind it is */

/* E_INVALID with the field at fault; E_CONFLICT "apps_too_many". */
rc_t oauth_app_add(struct ctx *c, const struct new_oauth_app *in, struct oauth_app *out) MUST;
rc_t oauth_app_change(struct ctx *c, const char *id, const struct new_oauth_app *in,
                      struct oauth_app *out) MUST;
rc_t oauth_app_list(struct ctx *c, struct page *page, struct oauth_app **items, size_t *count) MUST;
/* A new secret; the one before it works for the overlap. E_NOT_FOUND for one that has none. */
rc_t oauth_app_rotate(struct ctx *c, const char *id, const struct rotation *in,
                      struct oauth_app *out) MUST;
/* It and everything that people have allowed it ends. */
rc_t oauth_app_remove(struct ctx *c, const char *id) MUST;

/* An app as it speaks to us. */
struct oauth_client {
    const char *id, *name, *redirects;
    permits scopes;
    bool confidential;
};

/* One of the tenant of the context, by its id; *found is false for everything else. */
rc_t oauth_client_get(struct ctx *c, const char *id, struct oauth_client *out, bool *found) MUST;

/*
 * Becomes the tenant of the app whose id and secret these are; an app without a secret shows none.
 * E_UNAUTH "invalid_client", without saying what was wrong.
 */
rc_t oauth_client_enter(struct ctx *c, const char *id, const char *secret, struct oauth_client *out)
    MUST;

/*
 * The address to send people back to: the one that was asked for if it is registered, or the only
 * registered one when none was asked for. NULL: neither.
 */
const char *oauth_client_redirect(struct arena *mem, const struct oauth_client *client,
                                  const char *asked);

#endif
