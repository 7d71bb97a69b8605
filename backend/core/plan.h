/*
 * Plans: how much a tenant may use of what is limited. What the host has said for the tenant alone
 * goes first, then what its plan says; where neither says anything the settings hold.
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include "base/shape.h"

/*
 * What holds for the tenant of the context under this name of a limit. *value stays as it is, at
 * what the settings say, when neither the host nor the plan says otherwise.
 */
rc_t plan_limit(struct ctx *c, const char *name, int64_t *value) MUST;

/* Puts the plans of seed/plans.tsv in the place of those that were. Role konstruct_owner. */
rc_t plan_seed(struct ctx *c, const char *lines) MUST;

#endif
