/* What the plan of a tenant, or the host, says about a limit; remembered for a minute. */
#ifndef CORE_LIMIT_PLAN_H
#define CORE_LIMIT_PLAN_H

#include "core/limit.h"

/*
 * The rate of the context's tenant; `usual` where nothing is said of it, nobody's tenant is asked
 * for, or the database can't be asked. The memory is bounded: a newcomer takes the place.
 */
int64_t limit_planned(struct ctx *c, enum limit which, int64_t usual);

/* Forgets all. */
void limit_plans_clear(void);

#endif
