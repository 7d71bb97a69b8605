/* Bytes as hexadecimal digits and as base64. See text.h. */
#include <string.h>

#include "base/text.h"

char *text_hex(struct arena *mem, struct bytes b)
{
    static const char digits[] = "0123456789abcdef";
    char *hex = arena_take(mem, b.len * 2 + 1);

    for (size_t i = 0; i < b.len; i++) {
        unsigned char c = (unsigned char)b.data[i];

        hex[2 * i] = digits[c >> 4];
        hex[2 * i + 1] = digits[c & 15];
    }
    return hex;
}

int text_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

rc_t text_unhex(struct arena *mem, struct bytes hex, struct bytes *out)
{
    char *data = arena_take(mem, hex.len / 2 + 1);

    if (hex.len % 2 != 0)
        return E_INVALID;
    for (size_t i = 0; i < hex.len; i += 2) {
        int high = text_hex_digit(hex.data[i]), low = text_hex_digit(hex.data[i + 1]);

        if (high < 0 || low < 0)
            return E_INVALID;
        data[i / 2] = (char)(high * 16 + low);
    }
    *out = (struct bytes){data, hex.len / 2};
    return OK;
}

static const char base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *text_base64url(struct arena *mem, struct bytes b)
{
    char *out = arena_take(mem, (b.len * 4 + 2) / 3 + 1);
    uint32_t bits = 0;
    int count = 0;
    size_t len = 0;

    for (size_t i = 0; i < b.len; i++) {
        bits = (bits << 8) | (unsigned char)b.data[i];
        for (count += 8; count >= 6; count -= 6)
            out[len++] = base64url_digits[(bits >> (count - 6)) & 63];
    }
    if (count > 0)
        out[len++] = base64url_digits[(bits << (6 - count)) & 63];
    return out;
}

rc_t text_unbase64url(struct arena *mem, struct bytes in, struct bytes *out)
{
    char *data = arena_take(mem, in.len * 3 / 4 + 1);
    uint32_t bits = 0;
    int count = 0;
    size_t len = 0;

    for (size_t i = 0; i < in.len; i++) {
        const char *at = in.data[i] == '\0' ? NULL : strchr(base64url_digits, in.data[i]);

        if (at == NULL)
            return E_INVALID;
        bits = (bits << 6) | (uint32_t)(at - base64url_digits);
        count += 6;
        if (count >= 8) {
            count -= 8;
            data[len++] = (char)((bits >> count) & 255);
        }
    }
    /*
     * One left-over digit carries no byte, and left-over bits must be zero: one text has one
     * spelling.
     */
    if (count >= 6 || (bits & ((1u << count) - 1)) != 0)
        return E_INVALID;
    *out = (struct bytes){data, len};
    return OK;
}
