/* Which models think for each employee, as people see and set them. */
#ifndef CORE_EMPLOYEE_MODELS_H
#define CORE_EMPLOYEE_MODELS_H

#include "base/shape.h"
#include "io/db.h"

/* Fallback and local are NULL where there is none. */
struct employee_models_row {
    const char *id, *name, *role;
    const char *primary_provider, *primary_model;
    const char *fallback_provider, *fallback_model;
    const char *local_provider, *local_model;
};
extern const struct shape employee_models_shape;

/* Provider and model of a place come together; both NULL: it stays; both "": there is none. */
struct employee_models_change {
    const char *primary_provider, *primary_model;
    const char *fallback_provider, *fallback_model;
    const char *local_provider, *local_model;
};
extern const struct shape employee_models_change_shape;

/* In the order in which they were hired. */
rc_t employee_models_list(struct ctx *c, struct page *page, struct employee_models_row **items,
                          size_t *count) MUST;
rc_t employee_models_get(struct ctx *c, const char *id, struct employee_models_row *out) MUST;

/* E_INVALID with the field for half a pair, and for no primary model. */
rc_t employee_models_set(struct ctx *c, const char *id, struct employee_models_change *in,
                         struct employee_models_row *out) MUST;

#endif
