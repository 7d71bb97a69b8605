/*
 * Membership: who belongs to a company, in which role. A company always keeps an admin, whoever
 * changes whom at the same moment.
 */
#ifndef CORE_MEMBER_H
#define CORE_MEMBER_H

#include "base/shape.h"
#include "io/db.h"

/* A person of the tenant, as the others see it. */
struct member {
    const char *id, *name, *email, *role;
    bool verified;      /* mail to the address has been proven to arrive */
    const char *factor; /* "on", "off"; NULL: not for whoever asks */
    int64_t since, seen;
    bool self; /* whoever asks */
};
extern const struct shape member_shape;

struct role_change {
    const char *role;
};
extern const struct shape role_change_shape;

/* A company that a person belongs to. */
struct tenancy {
    const char *id, *name, *role;
    bool current; /* the one that the session is in */
};
extern const struct shape tenancy_shape;

/* Those of the tenant, oldest account first. */
rc_t member_list(struct ctx *c, struct page *page, struct member **items, size_t *count) MUST;
rc_t member_get(struct ctx *c, const char *person_id, struct member *out) MUST;

/*
 * Gives a member another role, or ends the membership with its sessions and open links, on behalf
 * of the person of the context; *was is the role, or the member, before. Whoever has just lost the
 * permission people:manage may not (E_FORBIDDEN "not_permitted"), nobody may deal with a role above
 * the own (E_FORBIDDEN "role_above_yours"), and the last admin stays one (E_CONFLICT "last_admin"):
 * everybody whom that depends on is locked until the transaction ends. E_NOT_FOUND when there is no
 * such member. What the person said stays.
 */
rc_t member_role_set(struct ctx *c, const char *person_id, const char *role, const char **was) MUST;
rc_t member_remove(struct ctx *c, const char *person_id, struct member *was) MUST;

/* The membership of the person of the context ends; E_CONFLICT "last_admin". */
rc_t member_leave(struct ctx *c, struct member *was) MUST;

/* Whether somebody of the tenant has proven this address. */
rc_t member_known(struct ctx *c, const char *email, bool *known) MUST;

/* The companies of the person whose session's token this is, by name. */
rc_t tenancy_list(struct ctx *c, const char *token, struct page *page, struct tenancy **items,
                  size_t *count) MUST;

/* One of them; E_NOT_FOUND for everything else, whether there is such a company or not. */
rc_t tenancy_get(struct ctx *c, const char *token, const char *tenant_id, struct tenancy *out) MUST;

#endif
