/*
 * What a model's tokens cost. Money is whole micro-dollars; prices are micro-dollars per million
 * tokens, dated.
 */
#ifndef BILLING_PRICE_H
#define BILLING_PRICE_H

#include "base/ctx.h"

struct price {
    const char *provider;
    const char *model;      /* a model's name, or its beginning with "*" at the end */
    const char *valid_from; /* "2025-08-07" */
    int64_t input, cached, output;
};

/*
 * The cost, rounded up to a whole micro-dollar: what a provider bills is never more than what we
 * count. `cached` is part of `input`. Counts below zero are taken as zero, and cached above input
 * as input.
 */
int64_t price_cost_micros(const struct price *price, int64_t input, int64_t cached, int64_t output);

/* True when the pattern means this model. */
bool price_fits(const char *pattern, const char *model);

/*
 * The price of a model on a day ("2026-01-31"): of those begun by then the longest pattern that
 * fits, of these the newest. NULL when there is none: the cost is not known, which is not the same
 * as nothing.
 */
const struct price *price_find(const struct price *list, size_t count, const char *provider,
                               const char *model, const char *day);

/*
 * Reads seed/prices.tsv: one price a line, columns parted by tabs in the order of the struct; empty
 * lines and lines that begin with "#" are left out. E_INVALID names the line.
 */
rc_t price_read(struct ctx *c, struct bytes file, struct price **list, size_t *count) MUST;

#endif
