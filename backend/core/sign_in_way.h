/* What travels between the log-in page and us when a person signs in with their company. */
#ifndef CORE_SIGN_IN_WAY_H
#define CORE_SIGN_IN_WAY_H

#include "base/shape.h"

/* Where an address leads. */
struct sign_in_way {
    const char *way, *address;
};
extern const struct shape sign_in_way_shape;

/* What the provider gave the browser for us (OpenID Connect Core 3.1.2.5, RFC 9207). */
struct sign_in_return {
    const char *state, *code, *iss, *error;
};
extern const struct shape sign_in_return_shape;

#endif
