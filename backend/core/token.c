/* See token.h. */
#include "core/token.h"

#include <string.h>

#include "base/log.h"
#include "io/crypto.h"

#define RANDOM_LEN 43 /* 256 bits in base64url */
#define CHECK_LEN 6
#define OVERLAP_USUAL_HOURS 24
#define OVERLAP_MAX_HOURS (7 * 24)

static const struct field rotation_fields[] = {
    FIELD(struct rotation, overlap_hours, 0, OVERLAP_MAX_HOURS,
          "How long the secret before it still works; 24 when left out"),
    FIELD(struct rotation, at_once, 0, 0, "It ends at once"),
};
const struct shape rotation_shape = SHAPE("Rotation", struct rotation, rotation_fields);

int64_t rotation_hours(const struct rotation *in)
{
    if (in->at_once)
        return 0;
    return in->overlap_hours == 0 ? OVERLAP_USUAL_HOURS : in->overlap_hours;
}

/* The first characters of a hash over what stands before them. */
static const char *check_of(struct arena *mem, struct bytes body)
{
    unsigned char hash[32];

    crypto_sha256(body, hash);
    return text_copy(mem, text_base64url(mem, (struct bytes){(const char *)hash, sizeof(hash)}),
                     CHECK_LEN);
}

const char *token_new(struct arena *mem, const char *prefix)
{
    const char *body = text_printf(mem, "%s_%s", prefix, crypto_token(mem));
    const char *token = text_printf(mem, "%s%s", body, check_of(mem, bytes_of(body)));

    log_secret_add(bytes_of(token));
    return token;
}

bool token_whole(const char *text, const char *prefix)
{
    size_t body = strlen(prefix) + 1 + RANDOM_LEN;

    if (strlen(text) != body + CHECK_LEN || !text_starts(text, prefix) ||
        text[strlen(prefix)] != '_')
        return false;

    struct arena *mem = arena_new(KIB(4));
    bool whole = strcmp(check_of(mem, (struct bytes){text, body}), text + body) == 0;

    arena_free(mem);
    return whole;
}

struct bytes token_hash(struct arena *mem, const char *text)
{
    char *hash = arena_take(mem, 32);

    crypto_sha256(bytes_of(text), (unsigned char *)hash);
    return (struct bytes){hash, 32};
}

const char *token_hint(struct arena *mem, const char *text)
{
    return text_copy(mem, text + strlen(text) - 4, 4);
}
