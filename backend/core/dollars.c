/* See dollars.h. */
#include "core/dollars.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"

#define PLACES 6 /* behind the point: millionths */
#define MILLION 1000000

static bool is_digit(char c)
{
    return isdigit((unsigned char)c) != 0;
}

bool dollars_read(const char *text, int64_t most, int64_t *micros)
{
    const char *at = text;
    int64_t sum = 0;
    int behind = 0;

    if (!is_digit(*at))
        return false;
    for (; is_digit(*at) && sum <= most / MILLION; at++)
        sum = sum * 10 + (*at - '0');
    if (is_digit(*at))
        return false;
    if (*at == '.') {
        for (at++; is_digit(*at) && behind < PLACES; at++, behind++)
            sum = sum * 10 + (*at - '0');
        if (behind == 0)
            return false;
    }
    for (; behind < PLACES; behind++)
        sum *= 10;
    *micros = sum;
    return *at == '\0' && sum <= most;
}

const char *dollars_text(struct arena *mem, int64_t micros)
{
    char *text = text_printf(mem, "%" PRId64 ".%06" PRId64, micros / MILLION, micros % MILLION);
    size_t len = strlen(text);

    while (text[len - 1] == '0')
        len--;
    if (text[len - 1] == '.')
        len--;
    text[len] = '\0';
    return text;
}
