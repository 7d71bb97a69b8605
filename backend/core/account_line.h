/*
 * What a company says of the models of one of its accounts, as the worker uses it. What people see
 * and change of it: account_model.h.
 */
#ifndef CORE_ACCOUNT_LINE_H
#define CORE_ACCOUNT_LINE_H

#include "core/price.h"

#define ACCOUNT_LINES_MAX 100 /* of one account */

enum account_said { SAID_NOTHING, SAID_NO, SAID_YES };

struct account_line {
    const char *name; /* of a model; ending in *: all that begin so */
    bool priced;
    struct price price; /* if priced */
    enum account_said tools, images;
    const char *size;        /* small, usual, large, embeds; NULL: not said */
    int64_t context, answer; /* tokens in all, and of an answer; 0: not said */
};

/* From the JSON that ACCOUNT_LINES_SQL makes, NULL for none; all of it lives in c->mem. */
rc_t account_lines_read(struct ctx *c, const char *json, const struct account_line **out,
                        size_t *count) MUST;

/* The lines of an account that `a` stands for, as a column. */
#define ACCOUNT_LINES_SQL                                                              \
    "(SELECT json_agg(json_strip_nulls(json_build_object('name', m.name,"              \
    "  'input', m.input_micros, 'cached', coalesce(m.cached_micros, m.input_micros),"  \
    "  'cache_write', coalesce(m.cache_write_micros, m.input_micros),"                 \
    "  'output', m.output_micros, 'from', m.price_from, 'tools', m.tools,"             \
    "  'images', m.images, 'size', m.size, 'context', m.context, 'answer', m.answer))" \
    "  ORDER BY m.name) FROM provider_account_model m"                                 \
    "  WHERE m.tenant_id = a.tenant_id AND m.account_id = a.id)::text AS lines_text"

/* The same in other memory. */
const struct account_line *account_lines_copy(struct arena *mem, const struct account_line *lines,
                                              size_t count);

#endif
