/* Which models a program's question goes to, and how long each may take. */
#ifndef FLOW_V1_ROUTE_H
#define FLOW_V1_ROUTE_H

#include "flow/routing.h"
#include "llm/served.h"

/*
 * Of `models`, those that may be asked. The payer is the caller's to fill; where the question does
 * not bound its answer, it is bounded here. E_NOT_FOUND model_not_found; E_UPSTREAM llm_too_long,
 * llm_cannot: there are models, and none for this question.
 */
rc_t v1_route(struct ctx *c, const struct routing_want *models, struct served_ask *asked,
              struct routing *out) MUST;

#endif
