/* See redis_url.h. */
#include "io/redis_url.h"

#include <string.h>

#include "base/text.h"

static bool copy(char *to, size_t room, const char *from, size_t len)
{
    if (len >= room)
        return false;
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

static bool read_number(const char *text, int64_t most, int *out)
{
    int64_t n;

    if (text_int(text, &n) != OK || n < 0 || n > most)
        return false;
    *out = (int)n;
    return true;
}

bool redis_url_read(const char *url, struct redis_url *out)
{
    *out = (struct redis_url){.port = 6379};
    if (text_starts(url, "unix://"))
        return copy(out->path, sizeof(out->path), url + strlen("unix://"),
                    strlen(url + strlen("unix://")));
    if (!text_starts(url, "redis://"))
        return false;

    const char *at = url + strlen("redis://"), *sign = strrchr(at, '@');
    const char *colon = sign == NULL ? NULL : strchr(at, ':');
    char port[8] = "6379";

    if (colon != NULL && colon < sign &&
        !copy(out->password, sizeof(out->password), colon + 1, (size_t)(sign - colon - 1)))
        return false;
    if (sign != NULL)
        at = sign + 1;

    size_t host_len = strcspn(at, ":/"),
           port_len = at[host_len] == ':' ? strcspn(at + host_len + 1, "/") : 0;
    const char *rest = at + host_len + (at[host_len] == ':' ? port_len + 1 : 0);

    if (at[host_len] == ':' && !copy(port, sizeof(port), at + host_len + 1, port_len))
        return false;
    if (rest[0] == '/' && rest[1] != '\0' && !read_number(rest + 1, 1023, &out->number))
        return false;
    return host_len > 0 && copy(out->host, sizeof(out->host), at, host_len) &&
           read_number(port, 65535, &out->port);
}
