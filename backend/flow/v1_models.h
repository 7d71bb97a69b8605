/* The list of models as OpenAI's API has it. */
#ifndef FLOW_V1_MODELS_H
#define FLOW_V1_MODELS_H

#include "flow/routing.h"

/*
 * Those that `want` allows, or the one called `only`: E_NOT_FOUND model_not_found when it is none
 * of them.
 */
rc_t v1_models_write(struct ctx *c, const struct routing_want *want, const char *only,
                     struct buf *out) MUST;

#endif
