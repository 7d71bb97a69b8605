/* See http_address.h. */
#include "io/http_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "base/rc.h"

struct net4 {
    uint32_t net;
    int bits;
};

#define NET4(a, b, c, d, bits)                                                                \
    {                                                                                         \
        ((uint32_t)(a) << 24) | ((uint32_t)(b) << 16) | ((uint32_t)(c) << 8) | (uint32_t)(d), \
            (bits)                                                                            \
    }

/* IANA's special-purpose registry, but for what is out in the open all the same. */
static const struct net4 closed4[] = {
    NET4(0, 0, 0, 0, 8),      NET4(10, 0, 0, 0, 8),     NET4(100, 64, 0, 0, 10),
    NET4(127, 0, 0, 0, 8),    NET4(169, 254, 0, 0, 16), NET4(172, 16, 0, 0, 12),
    NET4(192, 0, 0, 0, 24),   NET4(192, 0, 2, 0, 24),   NET4(192, 88, 99, 0, 24),
    NET4(192, 168, 0, 0, 16), NET4(198, 18, 0, 0, 15),  NET4(198, 51, 100, 0, 24),
    NET4(203, 0, 113, 0, 24), NET4(224, 0, 0, 0, 3),
};

static bool public4(uint32_t address)
{
    for (size_t i = 0; i < COUNT_OF(closed4); i++)
        if ((address ^ closed4[i].net) >> (32 - closed4[i].bits) == 0)
            return false;
    return true;
}

struct net6 {
    unsigned char net[4];
    int bytes;
};

/* Within 2000::/3, the only part that is given out: documentation, and tunnels to IPv4. */
static const struct net6 closed6[] = {
    {{0x20, 0x01, 0x0d, 0xb8}, 4}, {{0x20, 0x01, 0x00, 0x00}, 4}, {{0x20, 0x02}, 2}};

static bool public6(const unsigned char address[16])
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    uint32_t inner;

    if (memcmp(address, mapped, sizeof(mapped)) == 0) {
        memcpy(&inner, address + sizeof(mapped), sizeof(inner));
        return public4(ntohl(inner));
    }
    for (size_t i = 0; i < COUNT_OF(closed6); i++)
        if (memcmp(address, closed6[i].net, (size_t)closed6[i].bytes) == 0)
            return false;
    return (address[0] & 0xe0) == 0x20;
}

bool address_public(const struct sockaddr *address)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;

    if (address->sa_family == AF_INET) {
        memcpy(&four, address, sizeof(four));
        return public4(ntohl(four.sin_addr.s_addr));
    }
    if (address->sa_family != AF_INET6)
        return false;
    memcpy(&six, address, sizeof(six));
    return public6(six.sin6_addr.s6_addr);
}

bool address_text_public(const char *text)
{
    struct in_addr four;
    struct in6_addr six;

    if (inet_pton(AF_INET, text, &four) == 1)
        return public4(ntohl(four.s_addr));
    return inet_pton(AF_INET6, text, &six) == 1 && public6(six.s6_addr);
}
