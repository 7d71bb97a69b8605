/* From a company's account at a provider to one that the pool can ask. */
#ifndef FLOW_ACCOUNT_H
#define FLOW_ACCOUNT_H

#include "core/account_book.h"
#include "flow/pool.h"

/*
 * Fills all of it but model and purpose; the texts stay the account's. False for an account that
 * can't be asked: its key does not open, or the provider is none that this version knows. Addresses
 * that a company named are called in the open internet only, unless the settings allow others.
 */
bool account_candidate(const struct account *account, struct pool_candidate *out);

/* Whether account_tell has something to tell of this try. */
bool account_tells(const struct pool_try *failed);

/*
 * Tells the company's account of a try that its provider refused for its key or its credit; nothing
 * for other tries, and for accounts of the instance. It travels with the next statement.
 */
rc_t account_tell(struct ctx *c, const struct pool_try *failed) MUST;

#endif
