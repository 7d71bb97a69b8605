/* Pairs of name and value as forms and queries carry them (application/x-www-form-urlencoded). */
#ifndef BASE_FORM_H
#define BASE_FORM_H

#include "base/text.h"

/* Adds "name=value", with a & before it unless it is the first thing in the buffer. */
void form_add(struct buf *b, const char *name, const char *value);

/* Adds a text with everything but letters, digits and -._~ as %XX. */
void form_text(struct buf *b, const char *text);

#endif
