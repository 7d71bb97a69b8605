/* Whose address a request comes from, when proxies stand in front of the web process. */
#ifndef API_REMOTE_H
#define API_REMOTE_H

#include "base/ctx.h"

/*
 * The client's address: the peer's own, unless the peer is one of KONSTRUCT_TRUSTED_PROXIES. Then
 * it is the last one in `forwarded` (X-Forwarded-For; NULL: none) that is no such proxy, because
 * what stands before it may be anybody's invention. What is no address is not believed: the one
 * behind it counts.
 */
const char *remote_of(struct ctx *c, const char *peer, const char *forwarded);

#endif
