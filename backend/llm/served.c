/* See served.h: the table of APIs, refusals in OpenAI's form, and the writing of JSON. */
#include "llm/served_parts.h"

#include <stdio.h>
#include <string.h>

static const struct served *const all[] = {&served_chat, &served_responses};

const struct served *served_find(const char *path)
{
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (text_is(all[i]->path, path))
            return all[i];
    return NULL;
}

/* How a byte is written inside of a JSON string: itself (0), "\\" and this letter, or by number. */
#define BY_NUMBER 'u'
static char escape_of(unsigned char byte)
{
    switch (byte) {
    case '"':
    case '\\':
        return (char)byte;
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return byte < 0x20 ? BY_NUMBER : 0;
    }
}

void served_inside(struct buf *out, struct bytes text)
{
    size_t from = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        char how = escape_of(byte), number[8];

        if (how == 0)
            continue;
        buf_add(out, text.data + from, i - from);
        from = i + 1;
        buf_char(out, '\\');
        buf_char(out, how);
        if (how == BY_NUMBER) {
            snprintf(number, sizeof(number), "%04x", byte);
            buf_text(out, number);
        }
    }
    buf_add(out, text.data + from, text.len - from);
}

void served_string(struct buf *out, const char *text)
{
    if (text == NULL) {
        buf_text(out, "null");
        return;
    }
    buf_char(out, '"');
    served_inside(out, bytes_of(text));
    buf_char(out, '"');
}

void served_number(struct buf *out, int64_t number)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%lld", (long long)number);
    buf_text(out, digits);
}

/* White space at the ends is no difference: the pool trims answers. */
const char *served_only_refusal(const struct llm_answer *answer)
{
    const char *refusal = answer->refusal;
    size_t skip, len = strlen(answer->text);

    if (refusal == NULL)
        return NULL;
    skip = strspn(refusal, " \t\r\n\f\v");
    return len == 0 || (strncmp(refusal + skip, answer->text, len) == 0 &&
                        text_blank(refusal + skip + len))
               ? refusal
               : NULL;
}
