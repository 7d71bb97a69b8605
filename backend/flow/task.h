/* What a question is about: it decides how large a model it needs where none is named. */
#ifndef FLOW_TASK_H
#define FLOW_TASK_H

#include "base/ctx.h"
#include "llm/model.h"

enum task {
#define TASK(id, name, size, words) TASK_##id,
#include "flow/tasks.def"
#undef TASK
};

const char *task_name(enum task task);
enum model_size task_size(enum task task);

/* False: no task is called so. */
bool task_find(const char *name, enum task *out);

/*
 * What a person's message is about, as far as its words tell: only greetings, thanks and the like
 * are small talk. Of a long message the beginning and the end are looked at, where people say what
 * they want.
 */
enum task task_guess(struct ctx *c, const char *text);

#endif
