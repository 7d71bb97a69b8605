/* The permissions that a program can be given, as lists show them. */
#ifndef CORE_SCOPE_H
#define CORE_SCOPE_H

#include "base/shape.h"

struct scope {
    const char *name, *about;
};
extern const struct shape scope_shape;

/* All of them, in the order of the permission table. */
void scope_list(struct arena *mem, struct scope **items, size_t *count);

#endif
