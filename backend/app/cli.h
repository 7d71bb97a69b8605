/*
 * What the commands share. Every command returns the exit code: 0 done, 1 failed, 2 wrong use or
 * settings.
 */
#ifndef APP_CLI_H
#define APP_CLI_H

#include <stdbool.h>

#include "base/ctx.h"

#define CMD(name, arguments, about) int cmd_##name(int argc, char **argv);
#include "app/commands.def"
#undef CMD

/* The value behind an option such as "--tenant", or NULL. */
const char *cli_option(int argc, char **argv, const char *name);

/* The n-th word that is no option and no option's value, or NULL. */
const char *cli_word(int argc, char **argv, int n);

/* Loads the settings; false, with the faults told, when they are not right. */
bool cli_settings(void);

/*
 * A context with a pool for this connection string; a sentence and NULL when the string is not set.
 */
struct ctx *cli_ctx(const char *conninfo, const char *env_name);

/*
 * A context as the worker's role in the tenant named by --tenant, or the only one there is; NULL
 * with a sentence.
 */
struct ctx *cli_tenant_ctx(int argc, char **argv);

/* Tells the fault on standard error; returns 1. */
int cli_fault(const struct ctx *c);

/* Ends a context made here, and its pool. */
void cli_end(struct ctx *c);

#endif
