/* See form.h. */
#include "base/form.h"

#include <string.h>

void form_text(struct buf *b, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL)
            buf_char(b, *text);
        else
            buf_printf(b, "%%%02X", (unsigned)(unsigned char)*text);
    }
}

void form_add(struct buf *b, const char *name, const char *value)
{
    if (b->len > 0)
        buf_char(b, '&');
    form_text(b, name);
    buf_char(b, '=');
    form_text(b, value);
}
