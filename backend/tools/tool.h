/* Tools: what a model may have done for it in the middle of an answer. One file each. */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include "base/shape.h"

struct tool {
    const char *name;          /* as models call it */
    const char *about;         /* for models */
    const struct shape *input; /* of its arguments */
    /* words of a conversation that has to do with it, in plain lower case with blanks between */
    const char *words;
    /*
     * `in` is a struct of the shape. *out is what the model is told. A fault of E_INVALID or
     * E_NOT_FOUND is told to the model, too; any other ends the turn.
     */
    rc_t (*run)(struct ctx *c, const void *in, const char **out);
};

/* All of them, in the order of tools.def. */
const struct tool *const *tools_all(size_t *count);
/* The tool of this name, or NULL. */
const struct tool *tool_find(const char *name);

/* JSON schema of its arguments. */
const char *tool_schema(struct arena *mem, const struct tool *tool);

/* Checks the arguments by the shape and runs it. */
rc_t tool_run(struct ctx *c, const struct tool *tool, const char *arguments, const char **out) MUST;

#endif
