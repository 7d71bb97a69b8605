/* A webhook made for tests: a body with Slack's two headers. */
#ifndef TESTS_UNIT_SLACK_HOOK_H
#define TESTS_UNIT_SLACK_HOOK_H

#include <string.h>

#include "channels/channel.h"
#include "io/crypto.h"

#define SLACK_NOW 1700000000
#define SLACK_SECRET "0123456789abcdef0123456789abcdef"

struct slack_headers {
    const char *stamp, *signature;
    const char *type; /* NULL: application/json */
};

static inline const char *slack_header(const void *native, const char *name)
{
    const struct slack_headers *headers = native;

    if (strcmp(name, "x-slack-request-timestamp") == 0)
        return headers->stamp;
    if (strcmp(name, "content-type") == 0)
        return headers->type == NULL ? "application/json" : headers->type;
    return strcmp(name, "x-slack-signature") == 0 ? headers->signature : NULL;
}

static inline struct hook slack_hook(const struct slack_headers *headers, const char *body)
{
    return (struct hook){
        .body = bytes_of(body), .header = slack_header, .native = headers, .now_s = SLACK_NOW};
}

/* The signature that Slack would make. */
static inline const char *slack_sign(struct ctx *c, const char *stamp, struct bytes body,
                                     const char *secret)
{
    struct buf base = buf_new(c->mem, body.len + 100);
    unsigned char digest[32];

    buf_printf(&base, "v0:%s:", stamp);
    buf_add(&base, body.data, body.len);
    crypto_hmac_sha256(bytes_of(secret), buf_bytes(&base), digest);
    return text_printf(c->mem, "v0=%s",
                       text_hex(c->mem, (struct bytes){(const char *)digest, sizeof(digest)}));
}

#endif
