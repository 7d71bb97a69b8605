/* REDIS_URL, cut up: redis://[user:password@]host:port/number or unix:///path. */
#ifndef IO_REDIS_URL_H
#define IO_REDIS_URL_H

#include <stdbool.h>

struct redis_url {
    char path[108]; /* of a unix socket, or "" */
    char host[256];
    int port, number;
    char password[256]; /* or "" */
};

/* False when it can't be read. */
bool redis_url_read(const char *url, struct redis_url *out);

#endif
