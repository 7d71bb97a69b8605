/* See redirect.h. */
#include "core/redirect.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

struct parts {
    bool tls;
    struct bytes host;
    const char *rest; /* from the path on */
};

/* Printable ASCII that stands for itself in an address; no pattern, no fragment. */
static bool plain(const char *address)
{
    for (const char *s = address; *s != '\0'; s++)
        if (*s <= ' ' || *s > '~' || strchr("\"<>\\^`{|}#*", *s) != NULL)
            return false;
    return strlen(address) <= REDIRECT_MAX;
}

static bool host_fine(struct bytes host)
{
    if (bytes_is(host, "[::1]"))
        return true;
    for (size_t i = 0; i < host.len; i++)
        if (!isalnum((unsigned char)host.data[i]) && host.data[i] != '.' && host.data[i] != '-')
            return false;
    return host.len > 0 && host.data[0] != '.' && host.data[0] != '-';
}

static bool port_fine(const char *port, size_t len)
{
    int64_t number = 0;

    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)port[i]) || i == 5)
            return false;
        number = number * 10 + (port[i] - '0');
    }
    return number > 0 && number <= 65535;
}

static bool take_apart(const char *address, struct parts *out)
{
    static const char secure[] = "https://", open[] = "http://";

    out->tls = strncmp(address, secure, sizeof(secure) - 1) == 0;
    if (!plain(address) || (!out->tls && strncmp(address, open, sizeof(open) - 1) != 0))
        return false;

    const char *at = address + (out->tls ? sizeof(secure) : sizeof(open)) - 1;
    size_t len = strcspn(at, "/?");
    const char *bracket = memchr(at, ']', len);
    const char *from = bracket == NULL ? at : bracket;
    const char *colon = memchr(from, ':', len - (size_t)(from - at));

    out->rest = at + len;
    out->host = (struct bytes){at, colon == NULL ? len : (size_t)(colon - at)};
    return host_fine(out->host) && (colon == NULL || port_fine(colon + 1, len - out->host.len - 1));
}

static bool here(struct bytes host)
{
    static const char *const names[] = {"127.0.0.1", "[::1]", "localhost"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i]) == host.len && strncasecmp(names[i], host.data, host.len) == 0)
            return true;
    return false;
}

bool redirect_allowed(const char *address)
{
    struct parts p;

    return take_apart(address, &p) && (p.tls || here(p.host));
}

bool redirect_fits(const char *registered, const char *asked)
{
    struct parts a, b;

    if (strcmp(registered, asked) == 0)
        return true;
    return take_apart(registered, &a) && take_apart(asked, &b) && !a.tls && !b.tls &&
           here(a.host) && bytes_eq(a.host, b.host) && strcmp(a.rest, b.rest) == 0;
}
