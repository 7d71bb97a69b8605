/* Which of an account's models suits a task, where nobody names one. Pure. */
#ifndef FLOW_ROUTING_PICK_H
#define FLOW_ROUTING_PICK_H

#include "flow/routing.h"
#include "llm/model.h"

/*
 * The account's model of this size, else of the next larger one, else of any; one of which nothing
 * is known where the account has no other. Only one that may be asked. What the company says of a
 * model's size holds before what is known of it. NULL: none. To embed nothing else is as good.
 */
const char *routing_pick(struct arena *mem, const struct routing_account *a,
                         const struct routing_want *want, enum model_size size);

/* A row's name without the star: what its provider calls the newest of them. */
const char *routing_pick_plain(struct arena *mem, const struct llm_model *row);

/* Whether the company says something of exactly this model: then the account has it. */
bool routing_pick_named(const struct routing_account *a, const char *model);

#endif
