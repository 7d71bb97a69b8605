/* Is the address free? When not: who has it, as far as the system tells. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/cli_up.h"
#include "base/conf.h"

/* The inode of the socket that listens on the port, from the kernel's table; 0: none is seen. */
static unsigned long listener(const char *table, unsigned port)
{
    FILE *file = fopen(table, "re");
    char line[512];
    unsigned long found = 0;

    while (file != NULL && found == 0 && fgets(line, sizeof(line), file) != NULL) {
        unsigned local, state;
        unsigned long inode;

        if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %lu",
                   &local, &state, &inode) == 3 &&
            local == port && state == 0x0a)
            found = inode;
    }
    if (file != NULL)
        fclose(file);
    return found;
}

static bool holds(const char *pid, unsigned long inode)
{
    char path[300], wanted[40], link[64];
    bool found = false;

    snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
    snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);

    DIR *fds = opendir(path);

    for (struct dirent *fd = fds != NULL ? readdir(fds) : NULL; fd != NULL && !found;
         fd = readdir(fds)) {
        snprintf(path, sizeof(path), "/proc/%.20s/fd/%.20s", pid, fd->d_name);

        ssize_t len = readlink(path, link, sizeof(link) - 1);

        found = len > 0 && (size_t)len == strlen(wanted) && memcmp(link, wanted, (size_t)len) == 0;
    }
    if (fds != NULL)
        closedir(fds);
    return found;
}

/*
 * " by NAME (process N)", or "" when the system does not tell, as it does for other users'
 * processes.
 */
static const char *holder(struct up *u, unsigned port)
{
    unsigned long inode = listener("/proc/net/tcp", port);
    const char *who = "";

    if (inode == 0)
        inode = listener("/proc/net/tcp6", port);

    DIR *all = inode != 0 ? opendir("/proc") : NULL;

    for (struct dirent *e = all != NULL ? readdir(all) : NULL; e != NULL; e = readdir(all)) {
        if (!isdigit((unsigned char)e->d_name[0]) || !holds(e->d_name, inode))
            continue;

        char *name = up_read(u, text_printf(u->c->mem, "/proc/%s/comm", e->d_name));

        who = text_printf(u->c->mem, " by %s (process %s)",
                          name != NULL ? text_trim(u->c->mem, name) : "a program", e->d_name);
        break;
    }
    if (all != NULL)
        closedir(all);
    return who;
}

/*
 * Binds and lets go again. On success *port is the port that was bound, also when 0 was asked for.
 */
static int try_bind(const struct addrinfo *a, unsigned *port)
{
    struct sockaddr_storage got;
    socklen_t len = sizeof(got);
    char name[16];
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1, why = 0;

    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
    if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)&got, &len) != 0)
        why = errno;
    else if (getnameinfo((struct sockaddr *)&got, len, NULL, 0, name, sizeof(name),
                         NI_NUMERICSERV) == 0)
        *port = (unsigned)strtoul(name, NULL, 10);
    close(fd);
    return why;
}

static rc_t bind_fail(struct up *u, int why, const char *host, const char *port)
{
    if (why == EADDRINUSE)
        return ctx_fail(u->c, E_CONFLICT, "up_port",
                        "port %s is in use%s; stop that program, or choose another port: "
                        "KONSTRUCT_LISTEN=%s:PORT make run",
                        port, holder(u, (unsigned)strtoul(port, NULL, 10)), host);
    if (why == EACCES)
        return ctx_fail(u->c, E_INVALID, "up_port",
                        "port %s may be used by root only; choose one from 1024 on: "
                        "KONSTRUCT_LISTEN=%s:8443 make run",
                        port, host);
    return ctx_fail(u->c, E_INVALID, "up_port", "can't listen on %s:%s: %s; mend KONSTRUCT_LISTEN",
                    host, port, strerror(why));
}

rc_t up_port(struct up *u)
{
    const char *listen = conf_text(CONF_listen), *colon = strrchr(listen, ':');
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE},
                    *list = NULL;

    if (u->only_data)
        return OK;
    if (colon == NULL || colon == listen || colon[1] == '\0')
        return ctx_fail(u->c, E_INVALID, "up_listen",
                        "KONSTRUCT_LISTEN must be host:port, such as localhost:8443");

    char *host = text_copy(u->c->mem, listen, (size_t)(colon - listen));
    const char *port = u->port_wanted != NULL ? u->port_wanted : colon + 1;
    size_t len = strlen(host);
    bool bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';
    const char *bare = bracketed ? text_copy(u->c->mem, host + 1, len - 2) : host;
    unsigned bound = 0;
    int why = getaddrinfo(bare, port, &hints, &list);

    if (why != 0)
        return ctx_fail(u->c, E_INVALID, "up_listen", "KONSTRUCT_LISTEN=%s: %s", listen,
                        gai_strerror(why));
    for (struct addrinfo *a = list; a != NULL && why == 0; a = a->ai_next) {
        why = try_bind(a, &bound);
        if (why == EADDRNOTAVAIL || why == EAFNOSUPPORT)
            why = 0; /* localhost may name ::1 where there is no IPv6 */
        if (text_is(port, "0") && bound != 0)
            break;
    }
    freeaddrinfo(list);
    if (why != 0)
        return bind_fail(u, why, host, port);
    conf_set(CONF_listen, text_printf(u->c->mem, "%s:%u", host, bound));
    if (conf_text(CONF_public_url) == NULL) {
        bool anywhere = text_is(bare, "0.0.0.0") || text_is(bare, "::");

        conf_set(CONF_public_url,
                 text_printf(u->c->mem, "https://%s:%u", anywhere ? "localhost" : host, bound));
    }
    return OK;
}
