/*
 * What a company says of the models of one of its accounts: what they cost it, and what they can
 * do. As its people see and change it; as the worker reads it: account_line.h.
 */
#ifndef CORE_ACCOUNT_MODEL_H
#define CORE_ACCOUNT_MODEL_H

#include "base/shape.h"
#include "core/account_book.h"
#include "io/db.h"

/* Of a million tokens. $10,000: no sum of a call can pass what an int64_t holds. */
#define ACCOUNT_PRICE_MOST INT64_C(10000000000)
#define ACCOUNT_MODEL_SIZES "small usual large embeds"

struct account_model {
    const char *id; /* of what was said; NULL: nothing was of just this name */
    const char *name;
    bool offered; /* by the account, as an admin named it or the newest test found */
    /* said: dollars for a million tokens, yes or no, tokens; NULL and 0: nothing was */
    const char *input, *cached, *cache_write, *output, *price_from;
    const char *tools, *images, *size;
    int64_t context, answer;
    /* what holds for calls, from whatever was said and is known */
    const char *price_by; /* own, line, list, assumed, unknown */
    const char *holds_input, *holds_output, *holds_tools, *holds_images, *holds_size;
    int64_t holds_context;
    /* in the table of prices, in micros; -1: there is none */
    int64_t listed_input, listed_output;
    bool listed_assumed;
};
extern const struct shape account_model_shape;

struct account_model_said {
    const char *name, *input, *cached, *cache_write, *output, *tools, *images, *size;
    int64_t context, answer;
};
extern const struct shape account_model_said_shape;

/*
 * What the account offers and what was said of it, by name; members holds_* and price_by are the
 * caller's to fill, from account_model_lines.
 */
rc_t account_model_list(struct ctx *c, const char *account_id, struct page *page,
                        struct account_model **items, size_t *count) MUST;
rc_t account_model_get(struct ctx *c, const char *account_id, const char *name,
                       struct account_model *out) MUST;

/* The account with its provider, its name and what was said of its models alone. */
rc_t account_model_lines(struct ctx *c, const char *account_id, struct account *out) MUST;

/*
 * Says it, in the place of what was said of this name before. E_NOT_FOUND: there is no such
 * account. E_INVALID for a name or price that can be none; E_CONFLICT "account_models_too_many".
 */
rc_t account_model_put(struct ctx *c, const char *account_id, const struct account_model_said *in)
    MUST;

/* Takes it back; *name is what it was said of. */
rc_t account_model_drop(struct ctx *c, const char *account_id, const char *id, const char **name)
    MUST;

#endif
