/*
 * A unix socket that passes everything on to PostgreSQL's, and can stop doing so: how a database
 * that goes away, comes back, or dies between commit and answer is made, without touching the real
 * one.
 */
#ifndef TESTS_LIB_PROXY_H
#define TESTS_LIB_PROXY_H

#include <stdbool.h>

#include "base/arena.h"
#include "pg.h"

struct proxy;

/* Listens in a folder of its own; `address` is that of a role through it. */
struct proxy *proxy_new(void);
const char *proxy_address(struct arena *mem, const struct proxy *p, enum pg_role role);
void proxy_free(struct proxy *p);

/* Ends every connection, and refuses new ones until proxy_up. */
void proxy_down(struct proxy *p);
void proxy_up(struct proxy *p);
/* Ends every connection; new ones are welcome. */
void proxy_cut(struct proxy *p);
/* Answers of the server are held back, or (false) let through again. */
void proxy_hold(struct proxy *p, bool hold);
/* Connections that were made so far. */
int proxy_made(struct proxy *p);

#endif
