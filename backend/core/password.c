/* See password.h. */
#include "core/password.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/embedded.h"

#define LIST "passwords.txt"

static const struct embedded *list(void)
{
    const struct embedded *file = embedded_seed;

    while (file->name != NULL && strcmp(file->name, LIST) != 0)
        file++;
    if (file->name == NULL)
        abort();
    return file;
}

/* The list is in lower case, one password a line. Some 80 KB: read through in no time. */
static bool common(const char *password)
{
    const struct embedded *file = list();
    size_t len = strlen(password);

    for (const char *line = file->start; line < file->end;) {
        const char *end = strchrnul(line, '\n');

        if ((size_t)(end - line) == len && strncasecmp(line, password, len) == 0)
            return true;
        line = end + 1;
    }
    return false;
}

rc_t password_check(struct ctx *c, const char *field, const char *password)
{
    if (strlen(password) < PASSWORD_LEAST)
        return ctx_bad(c, field, "password_short", "The password needs at least %d characters.",
                       PASSWORD_LEAST);
    if (common(password))
        return ctx_bad(c, field, "password_common",
                       "This is one of the passwords that are used most. Choose another one.");
    return OK;
}
