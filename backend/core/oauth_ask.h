/* What clients send to the token endpoints, and what the page of consent sends and gets. */
#ifndef CORE_OAUTH_ASK_H
#define CORE_OAUTH_ASK_H

#include "base/shape.h"

/* Forms; the client shows who it is here or in the header Authorization. */
struct oauth_token_form {
    const char *grant_type, *code, *redirect_uri, *code_verifier, *refresh_token, *scope,
        *client_id, *client_secret;
};
extern const struct shape oauth_token_form_shape;

struct oauth_one_token {
    const char *token, *token_type_hint, *client_id, *client_secret;
};
extern const struct shape oauth_one_token_shape;

/* How the token endpoints refuse (RFC 6749, 5.2). */
struct oauth_error {
    const char *error, *error_description, *reference;
};
extern const struct shape oauth_error_shape;

struct oauth_ask {
    const char *request; /* the query that the app has sent the person with */
    bool allow;
};
extern const struct shape oauth_ask_shape;
extern const struct shape oauth_answer_in_shape; /* with allow */

/* What the person is asked. */
struct oauth_consent {
    const char *app, *company, *scopes, *to;
    const char *redirect; /* not NULL: nothing is to be asked, go there at once */
};
extern const struct shape oauth_consent_shape;

struct oauth_way {
    const char *redirect;
};
extern const struct shape oauth_way_shape;

#endif
