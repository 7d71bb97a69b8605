/*
 * A quick reader of JSON. It takes only what is plain, and leaves all else to jansson, which looks
 * at each character for itself and so needs several times as long.
 */
#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H

#include <jansson.h>

#include "base/text.h"

/*
 * The object or list that the text is, the same that json_loadb with JSON_REJECT_DUPLICATES would
 * give: a new reference. NULL says nothing of the text but that somebody else is to judge it: it is
 * no JSON, or nested deeper than that, or has something rare in it (a whole number of 19 digits, an
 * escape in a member's name).
 */
json_t *json_read(struct bytes text, int depth_max);

#endif
