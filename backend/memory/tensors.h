/*
 * Weights in a file of the safetensors format: a header in JSON, then the numbers as they lie. The
 * file is mapped, so that all processes share its pages and only what is used is read.
 */
#ifndef MEMORY_TENSORS_H
#define MEMORY_TENSORS_H

#include "base/ctx.h"
#include "memory/kernel.h"

struct tensors;

/*
 * Maps a file. E_UNAVAILABLE tensors_missing when it can't be read, E_INVALID tensors_broken when
 * its header is none. Ends with `mem`.
 */
rc_t tensors_open(struct ctx *c, struct arena *mem, const char *path, struct tensors **out) MUST;

/*
 * The numbers of a tensor of rows * columns (one row for a vector), which must be of half precision
 * and lie within the file: else E_INVALID tensors_broken.
 */
rc_t tensors_get(struct ctx *c, const struct tensors *t, const char *name, size_t rows,
                 size_t columns, const struct half **out) MUST;

/* The header alone, for whoever has the bytes of a file. */
rc_t tensors_read(struct ctx *c, struct arena *mem, struct bytes file, struct tensors **out) MUST;

#endif
