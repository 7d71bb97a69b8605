/*
 * What a model's tokens cost. Prices are a dated table in seed/; money is in millionths of a
 * dollar.
 */
#ifndef CORE_PRICE_H
#define CORE_PRICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

struct price {
    /* for a million tokens; cache_write is input where the provider has no price of its own */
    int64_t input, cached, cache_write, output;
    const char *from; /* the day from which it holds; NULL: this model has no known price */
    /* without a known price: taken as a dear one of the provider's; if false, all are 0 then */
    bool assumed;
    bool own; /* the company said it of its account; else it is in the table */
};

struct tokens {
    int64_t input; /* all of it, cached and cache_written included */
    int64_t cached, cache_written;
    int64_t output; /* reasoning included */
};

/*
 * The price that holds today: the longest model name that fits, of these the newest day. Kept in
 * the process for a minute, because prices change with a new version only.
 */
rc_t price_find(struct ctx *c, const char *provider, const char *model, struct price *out) MUST;

/*
 * The same from what this process has at hand, without asking the database: false when it has
 * none. Every minute it asks for a fresh one; `from` lives in mem.
 */
bool price_recall(struct arena *mem, const char *provider, const char *model, struct price *out);

/*
 * Rounded up to a millionth. More cached tokens than there were in all are taken as all, so that a
 * vendor's slip costs nobody an answer.
 */
int64_t price_cost(const struct price *price, const struct tokens *tokens);

/* The most that a call with so many tokens at most can cost. */
int64_t price_worst(const struct price *price, int64_t input, int64_t output);

#endif
