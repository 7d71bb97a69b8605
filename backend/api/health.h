/* What /readyz answers. */
#ifndef API_HEALTH_H
#define API_HEALTH_H

#include "base/shape.h"

extern const struct shape readiness_shape;

#endif
