/* The table of prices: what is read is good, and its costs are never below zero. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "billing/price.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ctx *c = ctx_new(MIB(256), NULL);
    struct price *list;
    size_t count = 0;
    rc_t rc = price_read(c, (struct bytes){(const char *)data, len}, &list, &count);

    if (rc != OK && !text_is(c->fault.code, "price_line"))
        abort();
    for (size_t i = 0; rc == OK && i < count; i++)
        if (price_cost_micros(&list[i], INT64_MAX, (int64_t)len, INT64_MAX) < 0 ||
            price_find(list, count, list[i].provider, list[i].model, list[i].valid_from) == NULL)
            abort();
    ctx_end(c);
    return 0;
}
