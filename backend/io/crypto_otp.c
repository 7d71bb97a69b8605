/* See crypto_otp.h. */
#include "io/crypto_otp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHA1_BYTES 20
#define MODULUS 1000000u /* 10 to the power of OTP_DIGITS */
#define DRIFT 1          /* steps that a clock may be off */

void otp_secret(unsigned char secret[OTP_SECRET_BYTES])
{
    randombytes_buf(secret, OTP_SECRET_BYTES);
}

void otp_code(struct bytes secret, int64_t counter, char code[OTP_DIGITS + 1])
{
    unsigned char message[8], mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    for (int i = 0; i < 8; i++)
        message[i] = (unsigned char)((uint64_t)counter >> (8 * (7 - i)));
    if (HMAC(EVP_sha1(), secret.data, (int)secret.len, message, sizeof(message), mac, &len) ==
            NULL ||
        len != SHA1_BYTES)
        abort();

    /* The last four bits say where the 31 bits are taken from. */
    const unsigned char *from = mac + (mac[SHA1_BYTES - 1] & 15);
    uint32_t number = (uint32_t)(from[0] & 127) << 24 | (uint32_t)from[1] << 16 |
                      (uint32_t)from[2] << 8 | from[3];

    snprintf(code, OTP_DIGITS + 1, "%0*u", OTP_DIGITS, number % MODULUS);
    sodium_memzero(mac, sizeof(mac));
}

int64_t otp_match(struct bytes secret, int64_t now_s, const char *code)
{
    int64_t step = now_s / OTP_STEP_S, found = -1;
    char expected[OTP_DIGITS + 1];

    for (int64_t at = step - DRIFT; at <= step + DRIFT; at++) {
        otp_code(secret, at, expected);
        if (text_same_secret(bytes_of(expected), bytes_of(code)))
            found = at;
    }
    sodium_memzero(expected, sizeof(expected));
    return found;
}

char *otp_base32(struct arena *mem, struct bytes raw)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    size_t count = (raw.len * 8 + 4) / 5;
    char *out = arena_take(mem, count + 1);

    for (size_t i = 0; i < count; i++) {
        size_t bit = i * 5;
        unsigned pair = (unsigned)(unsigned char)raw.data[bit / 8] << 8;

        if (bit / 8 + 1 < raw.len)
            pair |= (unsigned char)raw.data[bit / 8 + 1];
        out[i] = alphabet[pair >> (11 - bit % 8) & 31];
    }
    out[count] = '\0';
    return out;
}
