/* Of how many models of an account nobody knows what they cost. */
#ifndef CORE_ACCOUNT_UNPRICED_H
#define CORE_ACCOUNT_UNPRICED_H

#include "core/provider_account.h"

#define UNPRICED_LOOK 1000 /* names of an account that are looked at */

/*
 * Fills `unpriced` of these accounts of the tenant. At the provider's own address a model without a
 * price is taken to cost as much as a dear one, so that only other addresses count. Counted here
 * and not by the database, which takes thirty times as long for it: many names by many beginnings.
 */
rc_t account_unpriced(struct ctx *c, struct provider_account *items, size_t count) MUST;

#endif
