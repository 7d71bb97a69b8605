/* Tools: what a model may have done for it in the middle of an answer. One file each. */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include "base/shape.h"
#include "core/employee.h"

/*
 * For whom a tool is run, and what it may want of those who run it that is none of a tool's
 * business: they lie above tools/, so they hand it in. What the next tool needs is a member more.
 */
struct tool_host {
    const struct employee_brain *who; /* whose model calls it */
    /*
     * Puts a question to a colleague; *answer is what that one says. E_INVALID with a sentence for
     * the model where that may not be, or came to nothing. It takes as long as models think, and
     * ends the transaction.
     */
    rc_t (*consult)(struct ctx *c, void *arg, const char *employee_id, const char *question,
                    const char **answer);
    void *arg; /* of the functions above */
};

/* What a tool is for one employee. */
struct tool_offer {
    const char *about; /* for models */
    /* names and titles that have to do with it, as people write them, blanks between; or NULL */
    const char *names;
};

struct tool {
    const char *name;          /* as models call it */
    const char *about;         /* for models */
    const struct shape *input; /* of its arguments */
    /* words of a conversation that has to do with it, in plain lower case with blanks between */
    const char *words;
    /*
     * NULL: everybody has it, as it stands above. Else it fills in `out`, which begins as that; an
     * `about` of NULL says that this employee does not have it.
     */
    rc_t (*offer)(struct ctx *c, const struct employee_brain *who, struct tool_offer *out);
    /*
     * `in` is a struct of the shape. *out is what the model is told. A fault of E_INVALID or
     * E_NOT_FOUND is told to the model, too; any other ends the turn.
     */
    rc_t (*run)(struct ctx *c, const struct tool_host *host, const void *in, const char **out);
};

/* All of them, in the order of tools.def. */
const struct tool *const *tools_all(size_t *count);
/* The tool of this name, or NULL. */
const struct tool *tool_find(const char *name);

/* JSON schema of its arguments. */
const char *tool_schema(struct arena *mem, const struct tool *tool);

/* What it is for this employee; out->about NULL: nothing. */
rc_t tool_offer(struct ctx *c, const struct tool *tool, const struct employee_brain *who,
                struct tool_offer *out) MUST;

/* Checks the arguments by the shape and runs it. */
rc_t tool_run(struct ctx *c, const struct tool *tool, const struct tool_host *host,
              const char *arguments, const char **out) MUST;

#endif
