/* Programs that are started as root become somebody else before they do anything. */
#ifndef APP_BECOME_H
#define APP_BECOME_H

#include <stdbool.h>

/*
 * Becomes this user when the process is root and a name is given; false, with a sentence on
 * standard error, when it can't.
 */
bool become_user(const char *name);

#endif
