/*
 * Which addresses of the network are out in the open: those that anybody could reach from
 * anywhere. Pure.
 */
#ifndef IO_HTTP_ADDRESS_H
#define IO_HTTP_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * False for this machine, private and shared networks, link-local ones (where clouds keep what a
 * machine may do), multicast, documentation, and whatever hides an IPv4 address in IPv6; and for
 * what is no address of the internet at all.
 */
bool address_public(const struct sockaddr *address);

/* The same for an address as text, without a port. */
bool address_text_public(const char *text);

#endif
