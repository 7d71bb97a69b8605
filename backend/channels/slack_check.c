/*
 * Is a webhook really Slack's? Signature version v0: HMAC-SHA256 of "v0:<timestamp>:<raw body>"
 * under the app's signing secret, at most five minutes off our clock in either direction.
 */
#include <string.h>

#include "channels/slack.h"
#include "io/crypto.h"

#define WINDOW_S 300

static const char *header(const struct hook *hook, const char *name)
{
    const char *value = hook->header(hook->native, name);

    return value == NULL || value[0] == '\0' ? NULL : value;
}

rc_t slack_fresh(struct ctx *c, const struct hook *hook)
{
    const char *stamp = header(hook, "x-slack-request-timestamp");
    int64_t sent;

    if (stamp == NULL || header(hook, "x-slack-signature") == NULL)
        return ctx_fail(c, E_UNAUTH, "hook_unsigned", "The request carries no Slack signature.");
    if (text_int(stamp, &sent) != OK)
        return ctx_fail(c, E_UNAUTH, "hook_unsigned",
                        "The request's timestamp is not a number of seconds.");
    if (sent < hook->now_s - WINDOW_S || sent > hook->now_s + WINDOW_S)
        return ctx_fail(
            c, E_UNAUTH, "hook_stale",
            "The request's timestamp is more than %d seconds off our clock; check both clocks.",
            WINDOW_S);
    return OK;
}

/* "v0=" and the hexadecimal digest. */
static const char *sign(struct ctx *c, const char *stamp, struct bytes body, struct bytes secret)
{
    struct buf base = buf_new(c->mem, body.len + strlen(stamp) + 8);
    unsigned char digest[32];

    buf_printf(&base, "v0:%s:", stamp);
    buf_add(&base, body.data, body.len);
    crypto_hmac_sha256(secret, buf_bytes(&base), digest);
    return text_printf(c->mem, "v0=%s",
                       text_hex(c->mem, (struct bytes){(const char *)digest, sizeof(digest)}));
}

rc_t slack_check(struct ctx *c, const struct hook *hook, struct bytes signing_secret)
{
    TRY(slack_fresh(c, hook));

    /* An empty secret would let anybody sign. */
    if (signing_secret.len == 0)
        return ctx_fail(c, E_UNAUTH, "hook_signature",
                        "No signing secret is known for this workspace.");

    struct bytes theirs = bytes_of(header(hook, "x-slack-signature"));
    const char *stamp = header(hook, "x-slack-request-timestamp");
    struct bytes ours = bytes_of(sign(c, stamp, hook->body, signing_secret));

    if (!text_same_secret(ours, theirs))
        return ctx_fail(c, E_UNAUTH, "hook_signature",
                        "The signature does not fit; compare the signing secret with the one in "
                        "the app's settings.");
    return OK;
}
