/*
 * /v1: the pool of models in OpenAI's format, for the programs of a tenant. The web process checks
 * who asks; a worker reads the question and writes the answer (flow/served.h).
 */
#ifndef API_V1_H
#define API_V1_H

#include "api/routes.h"

#define V1_MODELS "/v1/models/" /* behind it a model's name, in which a slash is escaped */

/* Whether the address is one of these: then errors are in OpenAI's form. */
bool v1_owns(const char *path);

/* Turns problem details that were made already into OpenAI's form, of the fault in c. */
void v1_problem(struct ctx *c, struct res *rs);

#endif
