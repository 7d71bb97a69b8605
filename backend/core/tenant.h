/* A tenant: one company. Everything it owns hangs on its id. */
#ifndef CORE_TENANT_H
#define CORE_TENANT_H

#include "base/ctx.h"
#include "base/shape.h"

struct new_tenant {
    const char *company;
};
extern const struct shape new_tenant_shape;

/* Makes a tenant with its audit chain and its first employees, and becomes it in this context. */
rc_t tenant_add(struct ctx *c, const char *id, const char *name) MUST;

/* The tenant of the context. */
rc_t tenant_name(struct ctx *c, const char **name) MUST;

/* Why the host has suspended the tenant of the context; NULL: it has not. */
rc_t tenant_suspended(struct ctx *c, const char **why) MUST;

/*
 * Every tenant's id, for the host's commands; `name` may be NULL, else only tenants of that name.
 */
rc_t tenant_find(struct ctx *c, const char *name, const char ***ids, const char ***names,
                 size_t *count) MUST;

#endif
