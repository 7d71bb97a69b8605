/* See id.h. */
#include "base/id.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static char *id_text(struct arena *mem, unsigned char raw[16], unsigned version)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_take(mem, ID_LEN + 1), *to = text;

    raw[6] = (unsigned char)((raw[6] & 0x0f) | (version << 4));
    raw[8] = (unsigned char)((raw[8] & 0x3f) | 0x80);
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = digits[raw[i] >> 4];
        *to++ = digits[raw[i] & 15];
    }
    return text;
}

/*
 * Random bytes are fetched for many ids at once, since each look costs a system call. A child gets
 * its own: after a fork both would give the same out.
 */
#define POOLED 512
static _Thread_local struct {
    unsigned char bytes[POOLED];
    size_t left;
} pooled;

static void forget(void)
{
    pooled.left = 0;
}

static void watch_forks(void)
{
    if (pthread_atfork(NULL, NULL, forget) != 0)
        abort();
}

static void random_take(unsigned char *out, size_t len)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, watch_forks);
    if (pooled.left < len) {
        randombytes_buf(pooled.bytes, POOLED);
        pooled.left = POOLED;
    }
    pooled.left -= len;
    memcpy(out, pooled.bytes + pooled.left, len);
}

char *id_new(struct arena *mem)
{
    unsigned char raw[16];
    int64_t now = clock_ms();

    random_take(raw, sizeof(raw));
    for (int i = 0; i < 6; i++)
        raw[i] = (unsigned char)(now >> (40 - 8 * i));
    return id_text(mem, raw, 7);
}

/* Each part is preceded by its length, so that ("ab","c") and ("a","bc") differ. */
char *id_of(struct arena *mem, const struct bytes *parts, size_t count)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < count; i++) {
        uint64_t len = parts[i].len;

        crypto_hash_sha256_update(&state, (const unsigned char *)&len, sizeof(len));
        crypto_hash_sha256_update(&state, (const unsigned char *)parts[i].data, parts[i].len);
    }
    crypto_hash_sha256_final(&state, hash);
    return id_text(mem, hash, 8);
}

bool id_valid(const char *text)
{
    if (text == NULL || strlen(text) != ID_LEN)
        return false;
    for (int i = 0; i < ID_LEN; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? text[i] != '-' : strchr("0123456789abcdef", text[i]) == NULL)
            return false;
    }
    return true;
}
