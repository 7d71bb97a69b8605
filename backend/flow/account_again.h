/* Accounts at providers whose test found a fault are tested again: it may have been mended. */
#ifndef FLOW_ACCOUNT_AGAIN_H
#define FLOW_ACCOUNT_AGAIN_H

#include "base/ctx.h"

/* Begins a test of each that is due (core/account_book.h), in one transaction each. */
rc_t account_again_sweep(struct ctx *c) MUST;

#endif
