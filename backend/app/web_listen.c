/* Opens the sockets that the web process listens on. */
#include "app/web.h"

#include <netdb.h>

#include "base/log.h"

#define BACKLOG 4096

/* "host:port" or "[address]:port" into two texts of their own. */
static bool cut(const char *where, char *host, size_t host_room, char *port, size_t port_room)
{
    const char *colon = strrchr(where, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - where);

    if (len == 0 || len >= host_room || strlen(colon + 1) == 0 || strlen(colon + 1) >= port_room)
        return false;
    if (where[0] == '[' && where[len - 1] == ']') {
        where++;
        len -= 2;
    }
    memcpy(host, where, len);
    host[len] = '\0';
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return true;
}

static bool open_one(struct kore_server *server, const struct addrinfo *address, char *port)
{
    struct listener *l = kore_listener_create(server);
    int yes = 1;

    l->host = kore_strdup("listen");
    l->port = kore_strdup(port);
    if (!kore_listener_init(l, address->ai_family, NULL))
        return false;
    if (address->ai_family == AF_INET6)
        (void)setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
    if (bind(l->fd, address->ai_addr, address->ai_addrlen) == -1 || listen(l->fd, BACKLOG) == -1) {
        int why = errno;

        kore_listener_free(l);
        nlisteners--;
        errno = why;
        return false;
    }
    return true;
}

bool web_listen(const char *where)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found = NULL;
    struct kore_server *server = kore_server_create("web");
    char host[256], port[16];
    int opened = 0, why = 0;

    if (!cut(where, host, sizeof(host), port, sizeof(port))) {
        fprintf(stderr, "KONSTRUCT_LISTEN=%s is not of the form host:port.\n", where);
        return false;
    }

    int rc = getaddrinfo(host, port, &hints, &found);

    if (rc != 0) {
        fprintf(stderr, "KONSTRUCT_LISTEN=%s: %s.\n", where, gai_strerror(rc));
        return false;
    }
    for (const struct addrinfo *a = found; a != NULL && why != EADDRINUSE; a = a->ai_next) {
        if (open_one(server, a, port))
            opened++;
        else
            why = errno;
    }
    freeaddrinfo(found);
    /*
     * A host without IPv6 still has a localhost of both kinds; a taken port is a fault on either.
     */
    if (opened == 0 || why == EADDRINUSE) {
        fprintf(stderr, "Can't listen on %s: %s.%s\n", where, strerror(why),
                why == EADDRINUSE
                    ? " Stop the program that has the port, or set KONSTRUCT_LISTEN to another."
                    : "");
        return false;
    }
    log_info("web_listening", "on", where, NULL);
    return true;
}
