/* See sign_in_way.h. */
#include "core/sign_in_way.h"

static const struct field way_fields[] = {
    FIELD(struct sign_in_way, way, READ_ONLY, 10, "password, or company"),
    FIELD(struct sign_in_way, address, READ_ONLY, 4000,
          "Where the browser goes next to sign in with the company; else empty"),
};
const struct shape sign_in_way_shape = SHAPE("SignInWay", struct sign_in_way, way_fields);

static const struct field return_fields[] = {
    FIELD(struct sign_in_return, state, REQUIRED, 100, "As the provider sent it"),
    FIELD(struct sign_in_return, code, WRITE_ONLY, 6000, NULL),
    FIELD(struct sign_in_return, iss, 0, 300, NULL),
    FIELD(struct sign_in_return, error, 0, 200, NULL),
};
const struct shape sign_in_return_shape = SHAPE("SignInReturn", struct sign_in_return,
                                                return_fields);
