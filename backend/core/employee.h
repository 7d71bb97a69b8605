/* An AI employee: who it is, what it knows, and which models think for it. */
#ifndef CORE_EMPLOYEE_H
#define CORE_EMPLOYEE_H

#include "base/shape.h"
#include "io/db.h"

struct employee {
    const char *id, *name, *role, *about, *state; /* state: working, paused */
    const char *provider, *model;                 /* what thinks for it first */
    const char *team_id;                          /* NULL: of none */
    int64_t created;
};
extern const struct shape employee_shape;

/* What a turn needs to know. */
struct employee_brain {
    const char *id, *name, *role, *persona, *state;
    const char *team_id; /* NULL: of none */
    const char *primary_provider, *primary_model;
    const char *fallback_provider, *fallback_model; /* NULL when there is none */
    const char *local_provider, *local_model;       /* NULL when there is none */
};

/* By page->sort: created, -created, name, -name; state NULL: all. */
rc_t employee_list(struct ctx *c, const char *state, struct page *page, struct employee **items,
                   size_t *count) MUST;
rc_t employee_get(struct ctx *c, const char *id, struct employee *out) MUST;
/* By name or id; NULL: the first one that was hired. */
rc_t employee_find(struct ctx *c, const char *name, struct employee *out) MUST;
rc_t employee_brain(struct ctx *c, const char *id, struct employee_brain *out) MUST;
rc_t employee_facts(struct ctx *c, const char *id, const char ***facts, size_t *count) MUST;

/* Sets the models; "" takes fallback or local away. */
rc_t employee_models(struct ctx *c, const char *id, const struct employee_brain *models) MUST;

/* Hires the templates that join every new tenant. */
rc_t employee_hire_first(struct ctx *c) MUST;

#endif
