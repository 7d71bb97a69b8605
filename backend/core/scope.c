/* See scope.h. */
#include "core/scope.h"

#include "core/permission.h"

static const struct field fields[] = {
    FIELD(struct scope, name, READ_ONLY, 60, "As keys and tokens name it"),
    FIELD(struct scope, about, READ_ONLY, 200, "What it allows"),
};
const struct shape scope_shape = SHAPE("Scope", struct scope, fields);

void scope_list(struct arena *mem, struct scope **items, size_t *count)
{
    *items = arena_take(mem, PERMISSION_COUNT * sizeof(**items));
    *count = 0;
    for (enum permission i = 0; i < PERMISSION_COUNT; i++)
        if (permits_has(permits_for_keys(), i))
            (*items)[(*count)++] = (struct scope){permission_row(i)->shown,
                                                  permission_row(i)->about};
}
