/*
 * Keys by which programs use the API in a tenant's name. A key acts as itself: conversations that
 * it begins are its own, and the audit names it. Its secret is shown once.
 */
#ifndef CORE_API_KEY_H
#define CORE_API_KEY_H

#include "base/shape.h"
#include "core/permission.h"
#include "core/token.h"
#include "io/db.h"

/* As admins see it; times are seconds UTC, 0 where there is none. */
struct api_key {
    const char *id, *name, *scopes, *hint;
    const char *created_by; /* the person's name, NULL when that person has left */
    const char *used_from;
    const char *models; /* that it may use, with blanks between; NULL: all */
    int64_t created, expires, used, old_until;
    const char *secret; /* when it was just made, else NULL */
};
extern const struct shape api_key_shape;
extern const struct shape api_key_made_shape; /* with the secret */

struct new_api_key {
    const char *name, *scopes, *models;
    /* what models may cost by it from the first moment on; 0: no cap of its own */
    int64_t cap_micros;
    const char *cap_period; /* "day", "month" (also when NULL), "ever" */
    int64_t days;
    bool endless;
};
extern const struct shape new_api_key_shape;

/* What keys may be at most here. */
struct api_key_limits {
    int64_t keys, days; /* days 0: no limit, and keys without an end may be made */
};
extern const struct shape api_key_limits_shape;
void api_key_limits(struct api_key_limits *out);

/*
 * A new key of the tenant of the context, made by its person. E_INVALID with the field for scopes
 * that are none, or that `may` does not hold; E_CONFLICT "keys_too_many".
 */
rc_t api_key_add(struct ctx *c, const struct new_api_key *in, permits may, struct api_key *out)
    MUST;

/* Those that were not revoked, newest first; those that have expired as well. */
rc_t api_key_list(struct ctx *c, struct page *page, struct api_key **items, size_t *count) MUST;

/* What of a key can be changed: everything else is a matter of a new one. */
struct api_key_change {
    const char *models; /* blank: all */
};
extern const struct shape api_key_change_shape;
/* E_NOT_FOUND for a key that was revoked. */
rc_t api_key_change(struct ctx *c, const char *id, const struct api_key_change *in,
                    struct api_key *out) MUST;

/*
 * A new secret for the same key. The one before it works for the overlap and no longer; one that
 * still overlapped ends at once. E_NOT_FOUND for a key that was revoked.
 */
rc_t api_key_rotate(struct ctx *c, const char *id, const struct rotation *in, struct api_key *out)
    MUST;

/* Works no more from the commit on. */
rc_t api_key_revoke(struct ctx *c, const char *id) MUST;

/* Whose secret somebody shows. */
struct api_key_use {
    const char *id, *name;
    permits may;
};

/*
 * Becomes the tenant of the key and its own person, and notes the use. E_UNAUTH "invalid_token"
 * with the reason: mistyped, unknown, revoked, expired, replaced.
 */
rc_t api_key_enter(struct ctx *c, const char *secret, const char *remote, struct api_key_use *out)
    MUST;

/* The models that a key may use, with blanks between; NULL: all. */
rc_t api_key_models(struct ctx *c, const char *id, const char **models) MUST;

#define API_KEY_PREFIX "kst"

#endif
