/*
 * What people have allowed apps, and what comes of it: a code that counts once, access tokens, and
 * refresh tokens that change with each use. Whatever is used a second time ends the whole grant.
 */
#ifndef CORE_OAUTH_GRANT_H
#define CORE_OAUTH_GRANT_H

#include "base/shape.h"
#include "core/oauth_app.h"
#include "core/permission.h"
#include "io/db.h"

/* The context's person allows the app these scopes; *code is for the app, and lasts a minute. */
struct oauth_allow {
    const char *app_id;
    permits scopes;
    const char *challenge; /* PKCE, S256 */
    const char *redirect;  /* as it was asked for, NULL when it was left out */
};
rc_t oauth_allow(struct ctx *c, const struct oauth_allow *in, const char **code) MUST;

/*
 * What a client gets. `why` not NULL: nothing, for this reason; then the caller commits all the
 * same, because a grant may have been ended on the way.
 */
struct oauth_issue {
    const char *why;
    const char *access, *refresh, *scopes;
    int64_t lasts; /* seconds, of the access token */
};

struct oauth_code_use {
    const char *code, *redirect, *verifier;
};
rc_t oauth_take_code(struct ctx *c, const struct oauth_client *client,
                     const struct oauth_code_use *in, struct oauth_issue *out) MUST;

/* `scopes` NULL: those of the grant; else some of them. */
rc_t oauth_refresh(struct ctx *c, const struct oauth_client *client, const char *token,
                   const permits *scopes, struct oauth_issue *out) MUST;

/* For the app itself. */
rc_t oauth_own(struct ctx *c, const struct oauth_client *client, permits scopes,
               struct oauth_issue *out) MUST;

/* A token that a client of this tenant asks about; `active` false says nothing more. */
struct oauth_view {
    bool active, refresh;
    const char *client_id, *subject, *scopes;
    int64_t expires, issued;
};
rc_t oauth_look(struct ctx *c, const char *token, struct oauth_view *out) MUST;

/*
 * Ends a token of this client; a refresh token takes its whole grant along. One that is nothing,
 * or another client's, is no failure: *found is false.
 */
rc_t oauth_revoke(struct ctx *c, const struct oauth_client *client, const char *token, bool *found)
    MUST;

/* Who asks with an access token. */
struct oauth_use {
    const char *app_name, *role; /* role NULL: the app itself */
    permits may;
};
#define OAUTH_ACCESS_PREFIX "kso"

/*
 * Becomes the tenant and the person behind an access token, or the app itself, and notes the use.
 * What it may do is bounded by the token, by the app, and by the person's role of now. E_UNAUTH
 * "invalid_token" with the reason.
 */
rc_t oauth_enter(struct ctx *c, const char *token, struct oauth_use *out) MUST;

/* What the context's person has allowed. */
struct oauth_grant {
    const char *id, *app, *scopes;
    int64_t created, used;
};
extern const struct shape oauth_grant_shape;
rc_t oauth_grant_list(struct ctx *c, struct page *page, struct oauth_grant **items, size_t *count)
    MUST;
/* Ends one of them, and gives the app's id; E_NOT_FOUND for everything else. */
rc_t oauth_grant_end(struct ctx *c, const char *id, const char **app_id) MUST;

/* Ends all that a person of the context's tenant has allowed, in every tenant. */
rc_t oauth_grants_end(struct ctx *c, const char *person_id) MUST;

#endif
