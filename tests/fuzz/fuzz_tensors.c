/* Files of weights: what is given of them lies within them. */
#include <stdint.h>
#include <stdlib.h>

#include "memory/tensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ctx *c = ctx_new(MIB(64), NULL);
    struct bytes file = {(const char *)data, len};
    struct tensors *t;
    const struct half *at;

    if (tensors_read(c, c->mem, file, &t) == OK) {
        for (size_t rows = 1; rows <= 4; rows++)
            if (tensors_get(c, t, "w", rows, 2, &at) == OK) {
                const uint8_t *from = (const uint8_t *)at;

                if (from < data || from + rows * 2 * sizeof(*at) > data + len)
                    abort();
            } else {
                ctx_forgive(c);
            }
    }
    ctx_end(c);
    return 0;
}
