/*
 * Who runs this instance, and what they see and do of its tenants: names, states and numbers, never
 * what is in them. Everything is asked with the token of a host's session, which the database looks
 * at itself: without it there is nothing to see.
 */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include "base/shape.h"
#include "io/db.h"

struct host_tenant {
    const char *id, *name, *state, *plan;
    const char *why; /* of a suspended one, else NULL */
    int64_t created, members, employees, messages;
    int64_t cost_micros; /* of this month */
};
extern const struct shape host_tenant_shape;

/* Which of them: a part of the name, the state; NULL: any. */
struct host_filter {
    const char *name, *state;
};

struct host_limit {
    const char *name;
    /* whether the plan, and the host for this tenant alone, says something */
    bool by_plan, by_host;
    int64_t of_plan, own; /* 0 when not */
};
extern const struct shape host_limit_shape;

struct host_plan {
    const char *name, *about;
};
extern const struct shape host_plan_shape;

/* What the host area sends. */
struct host_new_tenant {
    const char *company, *email, *plan;
};
extern const struct shape host_new_tenant_shape;

struct host_reason {
    const char *why;
};
extern const struct shape host_reason_shape;

struct host_plan_choice {
    const char *plan;
};
extern const struct shape host_plan_choice_shape;

struct host_limit_value {
    int64_t per_minute;
};
extern const struct shape host_limit_value_shape;

/* Whether this is the session of a host; token NULL: it is not. */
rc_t host_asks(struct ctx *c, const char *token, bool *yes) MUST;

/* Newest first. */
rc_t host_tenants(struct ctx *c, const char *token, const struct host_filter *filter,
                  struct page *page, struct host_tenant **items, size_t *count) MUST;
/* One; E_NOT_FOUND. */
rc_t host_tenant_get(struct ctx *c, const char *token, const char *id, struct host_tenant *out)
    MUST;
rc_t host_limits(struct ctx *c, const char *token, const char *id, struct host_limit **items,
                 size_t *count) MUST;
rc_t host_plans(struct ctx *c, struct host_plan **items, size_t *count) MUST;

/*
 * What follows stands in the audit of the tenant. E_NOT_FOUND; E_CONFLICT "not_suspended" when
 * there is nothing to resume; E_INVALID "plan_unknown" or "limit_unknown".
 */
rc_t host_suspend(struct ctx *c, const char *token, const char *id, const char *why) MUST;
rc_t host_resume(struct ctx *c, const char *token, const char *id) MUST;
rc_t host_plan_set(struct ctx *c, const char *token, const char *id, const char *plan) MUST;
rc_t host_limit_set(struct ctx *c, const char *token, const char *id, const char *name,
                    int64_t per_minute) MUST;
rc_t host_limit_drop(struct ctx *c, const char *token, const char *id, const char *name) MUST;

/* For the command line, as role konstruct_owner. */
struct host_person {
    const char *email, *name;
    bool factor; /* whether they have a second factor */
};
/* E_NOT_FOUND when nobody has proven this address. */
rc_t host_add(struct ctx *c, const char *email) MUST;
/* E_NOT_FOUND when it is no host's. */
rc_t host_remove(struct ctx *c, const char *email) MUST;
rc_t host_list(struct ctx *c, struct host_person **items, size_t *count) MUST;

#endif
