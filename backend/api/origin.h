/*
 * From which pages a browser may call: our own, and those that the host has listed
 * (KONSTRUCT_CORS_ORIGINS), which call as programs do, by a bearer token and never with a cookie.
 */
#ifndef API_ORIGIN_H
#define API_ORIGIN_H

#include "api/routes.h"

/*
 * E_FORBIDDEN "origin_foreign" when another site makes a browser send this. Whoever comes with a
 * cookie must name our origin; programs without a cookie have nothing that could be abused, except
 * that a live stream is never read from a page that is neither ours nor listed.
 */
rc_t origin_check(struct ctx *c, const struct req *rq, const struct route *route, bool bearer) MUST;

/* Lets a listed page read the answer: adds what a browser wants to see in it. */
void origin_allow(const struct req *rq, struct res *rs);

#endif
