/* See remote.h. */
#include "api/remote.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/conf.h"

static bool is_trusted(const char *address)
{
    const char *list = conf_text(CONF_trusted_proxies);
    size_t len = strlen(address);

    for (const char *at = list; at != NULL && *at != '\0';) {
        size_t member = strcspn(at, " ");

        if (member == len && strncmp(at, address, len) == 0)
            return true;
        at += member;
        at += strspn(at, " ");
    }
    return false;
}

/* In the one spelling that we use ourselves; NULL for what is no address. */
static const char *address_of(struct ctx *c, const char *text, size_t len)
{
    char *own = text_trim(c->mem, text_copy(c->mem, text, len)), raw[sizeof(struct in6_addr)];
    char spelt[INET6_ADDRSTRLEN];

    for (int family = AF_INET; family != 0; family = family == AF_INET ? AF_INET6 : 0)
        if (inet_pton(family, own, raw) == 1)
            return text_dup(c->mem, inet_ntop(family, raw, spelt, sizeof(spelt)));
    return NULL;
}

const char *remote_of(struct ctx *c, const char *peer, const char *forwarded)
{
    const char *client = peer;
    size_t end = forwarded == NULL ? 0 : strlen(forwarded);

    while (end > 0 && is_trusted(client)) {
        const char *comma = memrchr(forwarded, ',', end);
        size_t from = comma == NULL ? 0 : (size_t)(comma - forwarded) + 1;
        const char *before = address_of(c, forwarded + from, end - from);

        if (before == NULL)
            break;
        client = before;
        end = comma == NULL ? 0 : from - 1;
    }
    return client;
}
