/* What the OAuth routes share. */
#ifndef API_OAUTH_H
#define API_OAUTH_H

#include "api/http.h"

/* The address under which this server is known to clients; it names the issuer of answers. */
const char *oauth_issuer(struct ctx *c, const struct req *rq);

#endif
