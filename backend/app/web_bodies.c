/*
 * How much of bodies a process holds: those that come in, and those whose requests wait. Whoever
 * may send large ones could fill the machine's memory by many that never end.
 */
#include "app/web.h"

#include "seam.h"

#define COUNTED_FROM KIB(64) /* smaller ones are bounded by the number of connections */
#define HELD_MAX MIB(256)
#define HELD_OF_ADDRESS MIB(128)

/* Of IPv6 the network, which one host has to itself. */
static bool same_address(const struct connection *a, const struct connection *b)
{
    if (a->family != b->family)
        return false;
    if (a->family == AF_INET6)
        return memcmp(&a->addr.ipv6.sin6_addr, &b->addr.ipv6.sin6_addr, 8) == 0;
    return a->addr.ipv4.sin_addr.s_addr == b->addr.ipv4.sin_addr.s_addr;
}

/* Of a chunked body what came and what its chunk will bring, else what was announced. */
static uint64_t held_for(const struct http_request *kr)
{
    uint64_t bytes;

    if (kr->http_body == NULL)
        return 0;
    bytes = kr->chunk_state != 0 ? kr->http_body->offset + kr->chunk_left : kr->http_body_length;
    return bytes < COUNTED_FROM ? 0 : bytes;
}

static uint64_t held_by(struct connection *c, const struct http_request *but)
{
    const struct http_request *kr;
    uint64_t sum = 0;

    TAILQ_FOREACH(kr, &c->http_requests, olist)
    if (kr != but)
        sum += held_for(kr);
    return sum;
}

int kore_app_body_fits(struct http_request *kr, uint64_t length)
{
    uint64_t all = length, own = length;
    struct connection *c;

    if (length < COUNTED_FROM)
        return 1;
    TAILQ_FOREACH(c, &connections, list)
    {
        uint64_t held = held_by(c, kr);

        all += held;
        own += same_address(c, kr->owner) ? held : 0;
    }
    return all <= HELD_MAX && own <= HELD_OF_ADDRESS;
}
