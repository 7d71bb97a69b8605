/*
 * Addresses that an app may have people sent back to: https, or http to this very machine for
 * programs that run on it (RFC 8252), without fragments, user names or patterns.
 */
#ifndef CORE_REDIRECT_H
#define CORE_REDIRECT_H

#include <stdbool.h>

#define REDIRECT_MAX 500 /* bytes */

/* Whether an address may be registered. */
bool redirect_allowed(const char *address);

/*
 * Whether one that is asked for is the registered one: letter by letter, but for the port of an
 * address on this machine, which such a program learns only when it starts.
 */
bool redirect_fits(const char *registered, const char *asked);

#endif
