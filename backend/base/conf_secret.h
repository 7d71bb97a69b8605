/* Where secrets among the settings come from, and the memory that they are kept in. */
#ifndef BASE_CONF_SECRET_H
#define BASE_CONF_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define CONF_SECRET_MAX 4096

/*
 * A copy in locked, guarded memory, which is wiped when the process ends cleanly; lives that long.
 */
const char *conf_secret_keep(const char *value);

/*
 * Reads a secret of one line into `out` (CONF_SECRET_MAX bytes): the first line of a file, or of
 * what a command prints (run by /bin/sh, at most 10 seconds). False with a reason when there is
 * none; the reason never holds any of it.
 */
bool conf_secret_file(const char *path, char *out, const char **why);
bool conf_secret_command(const char *command, char *out, const char **why);

#endif
