/*
 * Companies that sign in with a provider of their own, and the way there and back; what the worker
 * finds out is written here as the worker does.
 */
#ifndef TESTS_API_SIGN_IN_HELP_H
#define TESTS_API_SIGN_IN_HELP_H

#include "call.h"

#define ISSUER "https://login.example.org"
#define PASSWORD "correct horse battery"
#define COOKIE "__Host-konstruct-sign-in="
#define USUAL ",\"role\":\"member\",\"joining\":true,\"passwords\":true"
#define SECRET ",\"client_secret\":\"a secret of the provider\""
#define CODE ",\"code\":\"from the provider\""

/* A company with an admin whose address is proven, in a domain of its own. */
struct company {
    const char *domain, *email, *tenant_id, *admin_id, *admin;
};

/* What a browser holds after that. */
struct way {
    const char *address, *state, *cookie;
};

/* SQL past all policies. */
void PRINTF_LIKE(1, 2) super(const char *format, ...);
void prove(const char *person_id);
/* Fresh ones; `ready`: set up with these settings, found by the worker, and the domain added. */
struct company company_at(struct arena *mem, const char *domain);
struct company company_new(struct arena *mem);
/* Changes the settings; `secret` is SECRET or "". */
struct reply put(struct arena *mem, const char *token, const char *issuer, const char *secret,
                 const char *more);
struct company company_ready(struct arena *mem, const char *more);
struct reply begin(struct arena *mem, const char *email);
const char *param(struct arena *mem, const char *address, const char *name);
struct way way_of(struct arena *mem, const struct reply *r);
/* Begins as somebody who types this address. */
struct way go(struct arena *mem, const char *email);
/* Comes back with this cookie and, besides the state, these members of the body. */
struct reply come_back(struct arena *mem, const struct way *w, const char *cookie,
                       const char *more);
const char *attempt_of(struct arena *mem, const char *tenant_id);
/* As the worker, which has found out who it is; then the parked request goes on. */
struct reply proven(struct arena *mem, const struct company *o, struct reply *parked,
                    const char *subject, const char *email);
/* The whole way for somebody. */
struct reply sign_in_as(struct arena *mem, const struct company *o, const char *subject,
                        const char *email);
/* How many entries of an action the audit has. */
int64_t entries(const struct company *o, const char *action);

#endif
