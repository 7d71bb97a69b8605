/* Bodies and queries as forms write them: name=value&name=value, read by a shape like JSON is. */
#ifndef API_URLFORM_H
#define API_URLFORM_H

#include "base/shape.h"

/*
 * Reads the fields of a shape (texts only) into `out`, cleared first. Names that the shape does not
 * have are ignored, and an empty value is none (RFC 6749, 3.1). E_INVALID "invalid_request" for a
 * name that comes twice, text past its limit, broken escapes, control characters and bad UTF-8.
 */
rc_t urlform_read(struct ctx *c, const struct shape *shape, struct bytes text, void *out) MUST;

/* Adds name=value to an address, which may have a query already; NULL adds nothing. */
const char *urlform_add(struct arena *mem, const char *address, const char *name,
                        const char *value);

#endif
