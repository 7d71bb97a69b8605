/* The API document. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include <jansson.h>

#include "base/ctx.h"

/* OpenAPI 3.1 of all routes; a new reference. */
json_t *openapi_document(struct ctx *c);

#endif
