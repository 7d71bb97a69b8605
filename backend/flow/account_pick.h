/* Which model of an account a test asks: the cheapest that talks. Pure. */
#ifndef FLOW_ACCOUNT_PICK_H
#define FLOW_ACCOUNT_PICK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/*
 * The n-th best of these names, which have blanks between, n from 0 on; NULL: there are not so many
 * that can be talked to. `in_order`: somebody named them, and the first is the best.
 */
const char *account_pick(struct arena *mem, const char *provider, const char *names, bool in_order,
                         size_t n);

#endif
